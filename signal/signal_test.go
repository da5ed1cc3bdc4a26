package signal_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"lantern"
	"lantern/signal"
)

// A vector is one line of testdata/<type>.txt:
//
//	raw → canonical
//	raw → canonical ~ weak key ~ weak key
//	raw ✗ the reason, or a part of it
//
// Blanks around a field do not count. A field that starts with a double quote is a Go
// string, for bytes that cannot stand in a text file or blanks that do count; after it
// "*n" repeats it. A line that starts with "# " is a comment. The weak keys listed must
// be all there are, in their order.
type vector struct {
	line      int
	raw       string
	canonical string
	weak      []string
	reason    string // not "" if the value is refused
}

func readVectors(t testing.TB, path string) []vector {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []vector
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		v := vector{line: n}
		if raw, reason, ok := strings.Cut(line, " ✗ "); ok {
			v.raw, v.reason = field(t, raw), strings.TrimSpace(reason)
		} else if raw, rest, ok := strings.Cut(line, " → "); ok {
			keys := strings.Split(rest, " ~ ")
			v.raw, v.canonical = field(t, raw), field(t, keys[0])
			for _, k := range keys[1:] {
				v.weak = append(v.weak, field(t, k))
			}
		} else {
			t.Fatalf("%s:%d: neither → nor ✗", path, n)
		}
		out = append(out, v)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func field(t testing.TB, s string) string {
	t.Helper()
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	times := 1
	if i := strings.LastIndex(s, `"*`); i > 0 {
		n, err := strconv.Atoi(s[i+2:])
		if err != nil {
			t.Fatalf("bad repeat: %v", err)
		}
		s, times = s[:i+1], n
	}
	out, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("bad quoted field %s: %v", s, err)
	}
	return strings.Repeat(out, times)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, typ := range signal.Types() {
		t.Run(string(typ.Name), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", string(typ.Name)+".txt")
			vectors := readVectors(t, path)
			if len(vectors) < 30 {
				t.Errorf("%s has %d vectors, want at least 30", path, len(vectors))
			}
			for _, v := range vectors {
				got, err := typ.Normalize(v.raw)
				switch {
				case v.reason != "" && err == nil:
					t.Errorf("%s:%d: accepted, want a refusal: %s", path, v.line, v.reason)
				case v.reason != "" && !strings.Contains(err.Error(), v.reason):
					t.Errorf("%s:%d: refused with %q, want %q", path, v.line, err, v.reason)
				case v.reason == "" && err != nil:
					t.Errorf("%s:%d: refused: %v", path, v.line, err)
				case v.reason == "" && got.Canonical != v.canonical:
					t.Errorf("%s:%d: canonical form %s", path, v.line, differs(got.Canonical, v.canonical))
				case !slices.Equal(got.Weak, v.weak):
					t.Errorf("%s:%d: %d weak keys, want %d; joined %s", path, v.line, len(got.Weak), len(v.weak), differs(strings.Join(got.Weak, "~"), strings.Join(v.weak, "~")))
				}
				holds(t, typ, v.raw)
			}
		})
	}
}

// differs says where two strings part without showing them: values, even invented ones,
// do not go into test output.
func differs(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	return fmt.Sprintf("differs from byte %d: %d bytes, want %d", i, len(got), len(want))
}

// holds checks what is promised of every type and every value.
func holds(t *testing.T, typ *signal.Type, raw string) {
	t.Helper()
	v, err := typ.Normalize(raw)
	if err != nil {
		var e *lantern.Error
		if !errors.As(err, &e) || e.Kind != lantern.Invalid || e.Field != "/value" || e.Reason == "" || e.Fix == "" {
			t.Errorf("%s: error of the wrong form: %#v", typ.Name, err)
		}
		if s := strings.TrimSpace(raw); len(s) >= 12 && strings.Contains(err.Error(), s) {
			t.Errorf("%s: the error holds the value", typ.Name)
		}
		return
	}
	if !utf8.ValidString(v.Canonical) || strings.ContainsFunc(v.Canonical, unicode.IsControl) || v.Canonical == "" {
		t.Errorf("%s: a canonical form is not clean text", typ.Name)
	}
	again, err := typ.Normalize(v.Canonical)
	if err != nil {
		t.Errorf("%s: a canonical form is refused: %v", typ.Name, err)
		return
	}
	if again.Canonical != v.Canonical {
		t.Errorf("%s: normalizing twice %s", typ.Name, differs(again.Canonical, v.Canonical))
	}
	for _, k := range v.Weak {
		if k == v.Canonical || k == "" || !utf8.ValidString(k) {
			t.Errorf("%s: a weak key is empty, broken or equal to the canonical form", typ.Name)
		}
	}
}

func TestTypesAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[lantern.SignalType]bool{}
	for _, typ := range signal.Types() {
		if found, ok := signal.Lookup(typ.Name); !ok || found != typ || seen[typ.Name] {
			t.Errorf("%s: not found by its name, or listed twice", typ.Name)
		}
		seen[typ.Name] = true
		if typ.Summary == "" || typ.Compare == "" || typ.Retention <= 0 || typ.MaxRetention < typ.Retention {
			t.Errorf("%s: incomplete", typ.Name)
		}
		if hamming := typ.Compare == signal.Hamming || typ.Compare == signal.Frames; hamming != (typ.Radius > 0) {
			t.Errorf("%s: a radius belongs to what is compared by bits and only to it", typ.Name)
		}
		if _, err := typ.Normalize(typ.Example); err != nil {
			t.Errorf("%s: its example is refused: %v", typ.Name, err)
		}
	}
	if _, ok := signal.Lookup("no-such-type"); ok {
		t.Error("found a type that does not exist")
	}
	signal.Types()[0] = nil
	if signal.Types()[0] == nil {
		t.Error("a caller can change the list")
	}
}

// What is a hash of nothing cannot be shared, and whoever asks for it gets an answer.
func TestHashesOfNothingCanBeAskedFor(t *testing.T) {
	t.Parallel()
	for _, typ := range signal.Types() {
		for _, v := range readVectors(t, filepath.Join("testdata", string(typ.Name)+".txt")) {
			if v.reason != "a hash of nothing" {
				continue
			}
			got, err := typ.NormalizeQuery(v.raw)
			if err != nil {
				t.Errorf("%s: line %d: got %v", typ.Name, v.line, err)
			} else if again, err := typ.NormalizeQuery(got.Canonical); err != nil || again.Canonical != got.Canonical || got.Canonical == "" {
				t.Errorf("%s: line %d: its canonical form is another as a question, %v", typ.Name, v.line, err)
			}
		}
	}
}

// hostile is input no type takes, or must at least survive.
var hostile = []string{
	"", " ", "\x00", "\xff\xfe", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0\x00\x10JFIF", "GIF89a\x01\x00",
	"RIFF\x10\x00\x00\x00WEBPVP8 ", "data:image/png;base64,iVBORw0KGgo=", "DATA:text/html,hello",
	"a\x1b[31mb", "a\x7fb", "a\u0085b", strings.Repeat("a", 5000), strings.Repeat("\u0301", 1000),
	"/9j/" + strings.Repeat("AAAAAAAAAAAAAAAAAAAA", 20), "\u202e\u2066", "%", "@", "/", ":", "://", "+", "[", "]", "..", "@@", "//", "::",
}

func TestHostileInput(t *testing.T) {
	t.Parallel()
	for _, typ := range signal.Types() {
		for i, raw := range hostile {
			holds(t, typ, raw)
			if i < 16 {
				if _, err := typ.Normalize(raw); err == nil {
					t.Errorf("%s takes hostile input %d", typ.Name, i)
				}
			}
		}
	}
}

// FuzzNormalize drives every type. The first byte chooses it.
func FuzzNormalize(f *testing.F) {
	types := signal.Types()
	for i, typ := range types {
		for _, v := range readVectors(f, filepath.Join("testdata", string(typ.Name)+".txt")) {
			f.Add(byte(i), v.raw)
		}
	}
	for _, raw := range hostile {
		f.Add(byte(0), raw)
	}
	f.Fuzz(func(t *testing.T, which byte, raw string) {
		holds(t, types[int(which)%len(types)], raw)
	})
}

func BenchmarkNormalize(b *testing.B) {
	for _, typ := range signal.Types() {
		b.Run(string(typ.Name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := typ.Normalize(typ.Example); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(typ.Name)+"/miss", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				typ.Normalize("innocent") //nolint:errcheck // the cost of saying no is measured
			}
		})
	}
}
