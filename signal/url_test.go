package signal

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// FuzzPlainURL holds the short cut for plain addresses to the full parse.
func FuzzPlainURL(f *testing.F) {
	file, err := os.Open("testdata/url.txt")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for sc := bufio.NewScanner(file); sc.Scan(); {
		raw, _, _ := strings.Cut(sc.Text(), " → ")
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s, err := screen(raw)
		if err != nil {
			return
		}
		short, ok := plainURL(s)
		if !ok {
			return
		}
		full, err := parseURL(s)
		if err != nil {
			t.Fatalf("the short cut takes what the parser refuses: %v", err)
		}
		if short != full.Canonical {
			t.Fatal("the short cut gives another form than the parser")
		}
	})
}
