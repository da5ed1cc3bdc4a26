package match_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"lantern"
	"lantern/match"
	"lantern/match/matchtest"
)

var update = flag.Bool("update", false, "write the golden files")

// TestTrickyTexts reads the texts of testdata/scan and compares what is found with what is written there:
// signal, how, place and length of each spot, and the text it covers.
func TestTrickyTexts(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/scan/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(a.Files[1].Data)
			e, ref := hold(t, string(a.Files[0].Data))
			got, err := scanAll(e, []byte(text), "")
			if err != nil {
				t.Fatal(err)
			}
			if want := show(text, ref.Scan([]byte(text), "")); show(text, got) != want {
				t.Errorf("the engine found%s\nthe reference%s", show(text, got), want)
			}
			if *update {
				a.Files[2].Data = []byte(golden(text, got))
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(a.Files[2].Data); golden(text, got) != want {
				t.Errorf("found\n%swant\n%s", golden(text, got), want)
			}
		})
	}
}

// hold holds the signals that a text lists, one a line: id, type, raw value.
func hold(t *testing.T, list string) (*match.Engine, *matchtest.Reference) {
	e, ref := match.New(key), matchtest.New()
	for line := range strings.Lines(list) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		c, ok := changeOf(0, f[1], f[2])
		if !ok {
			t.Fatalf("%s is refused", line)
		}
		var err error
		if c.Signal, err = lantern.ParseID(f[0]); err != nil {
			t.Fatal(err)
		}
		if err := e.Apply([]match.Change{c}); err != nil {
			t.Fatal(err)
		}
		ref.Apply([]match.Change{c})
	}
	return e, ref
}

// golden writes spots as the golden files have them.
func golden(text string, spots []match.Spot) string {
	var b strings.Builder
	for _, s := range spots {
		weak := ""
		if s.Weak {
			weak = " weak"
		}
		fmt.Fprintf(&b, "%d:%d %d %s%s %q\n", s.Line, s.Column, s.Signal, s.How, weak, text[s.Start:s.End])
	}
	return b.String()
}

// FuzzScan reads any text: the engine must find what the reference finds.
func FuzzScan(f *testing.F) {
	for _, p := range planted {
		f.Add([]byte("see "+p.raw+", and <"+p.raw+">"), false)
	}
	e, ref := match.New(key), matchtest.New()
	for i, p := range planted {
		if c, ok := changeOf(i, p.typ, p.raw); ok {
			ref.Apply([]match.Change{c})
			if err := e.Apply([]match.Change{c}); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, national bool) {
		if len(text) > 1000 {
			return
		}
		region := ""
		if national {
			region = "US"
		}
		got, err := scanAll(e, text, region)
		if err != nil {
			t.Fatal(err)
		}
		if want := ref.Scan(text, region); show(string(text), got) != show(string(text), want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	})
}
