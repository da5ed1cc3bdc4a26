package signal

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// FuzzPlainURL holds the short cuts for plain addresses to the full parse: whatever is
// normalized with them is normalized without them, to the same.
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
	for _, raw := range []string{"https://Files.EXAMPLE.com/a?utm_source=x", "hxxp://files[.]example.com/a?b=1&&c=2&UTM_source=x#d", "https://files.example.com/a?",
		"https://files.example.com/a/../b", "https://files.example.com/a?+utm_source=x&fbclid", "HTTP://files.\u212aexample.com/a", "https://a.b.1x/a", "files.example.com/a?x=1"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s, err := screen(raw)
		if err != nil {
			return
		}
		got, gotErr := normalizeURL(s)
		want, wantErr := Value{}, error(nil)
		if scheme, rest, err := spellURL(s); err != nil {
			wantErr = err
		} else {
			want, wantErr = parseURL(scheme, rest)
		}
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("with short cuts: error %v, without: %v", gotErr, wantErr)
		}
		if got.Canonical != want.Canonical {
			t.Fatal("a short cut gives another form than the parser")
		}
	})
}
