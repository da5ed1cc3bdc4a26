package match_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"pgregory.net/rapid"

	"lantern/match"
	"lantern/match/matchtest"
)

// TestWindowsDoNotShow reads long texts in small windows and piece by piece: where the windows
// lie must not matter.
func TestWindowsDoNotShow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, _ := world(t)
		var b strings.Builder
		for b.Len() < 30_000 {
			b.WriteString(drawText(t))
			b.WriteString(strings.Repeat(rapid.SampledFrom([]string{" word", "-", "\n", "a", "日", "_"}).Draw(t, "fill"), rapid.IntRange(0, 3000).Draw(t, "n")))
		}
		text := []byte(b.String())
		want, err := scanAll(e, text, "US")
		if err != nil {
			t.Fatal(err)
		}
		body := rapid.IntRange(1000, 9000).Draw(t, "body")
		var got []match.Spot
		err = e.ScanWindows(iotest.HalfReader(bytes.NewReader(text)), match.ScanOptions{Region: "US"}, body, func(s match.Spot) error {
			got = append(got, s)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("windows of %d: %v\n got %v\nwant %v", body, err, got, want)
		}
	})
}

// TestWideText reads UTF-16: the same spots as in UTF-8, with offsets of the original.
func TestWideText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, ref := world(t)
		units := utf16.Encode([]rune(drawText(t)))
		little := rapid.Bool().Draw(t, "little")
		text := []byte{0xFE, 0xFF}
		if little {
			text = []byte{0xFF, 0xFE}
		}
		if rapid.Bool().Draw(t, "unmarked") {
			text = nil
		}
		for _, u := range append(units, rapid.SampledFrom([][]uint16{nil, {0xD800}, {0xDC00, 0x20}}).Draw(t, "broken")...) {
			if little {
				text = append(text, byte(u), byte(u>>8))
			} else {
				text = append(text, byte(u>>8), byte(u))
			}
		}
		got, err := scanAll(e, text, "")
		if err != nil {
			t.Fatal(err)
		}
		if want := ref.Scan(text, ""); !slices.Equal(got, want) {
			t.Fatalf("%q\n got %v\nwant %v", string(utf16.Decode(units)), got, want)
		}
	})
}

// TestScanStops looks at the ways a Scan ends before the text does.
func TestScanStops(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	entry := match.Entry{Signal: 1, Type: "domain", Canonical: "bad-files.example"}
	if err := e.Apply([]match.Change{{Entry: entry}}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	read := func(ctx context.Context, r io.Reader, emit func(match.Spot) error) error {
		return e.Scan(ctx, r, match.ScanOptions{}, emit)
	}
	none := func(match.Spot) error { return nil }
	if err := read(t.Context(), iotest.ErrReader(broken), none); !errors.Is(err, broken) {
		t.Errorf("of a broken reader: got %v", err)
	}
	if err := read(t.Context(), io.MultiReader(strings.NewReader("some text"), iotest.ErrReader(broken)), none); !errors.Is(err, broken) {
		t.Errorf("of a reader that breaks: got %v", err)
	}
	n := 0
	err := read(t.Context(), strings.NewReader("bad-files.example bad-files.example"), func(match.Spot) error { n++; return broken })
	if !errors.Is(err, broken) || n != 1 {
		t.Errorf("of an emit that fails: got %v after %d calls", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := read(ctx, strings.NewReader("text"), none); !errors.Is(err, context.Canceled) {
		t.Errorf("of a done context: got %v", err)
	}
}

// endless is a reader of n bytes of one repeated text.
type endless struct {
	text string
	n    int64
}

func (r *endless) Read(p []byte) (int, error) {
	if r.n <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && r.n > 0 {
		k := copy(p[n:], r.text)
		n, r.n = n+k, r.n-int64(k)
	}
	return n, nil
}

// TestMemoryIsBounded reads texts of 1 and 8 MiB, with and without blanks, and compares
// what they allocate.
func TestMemoryIsBounded(t *testing.T) {
	e := match.New(key)
	ref := matchtest.New()
	for i, p := range planted {
		if c, ok := changeOf(i, p.typ, p.raw); ok {
			ref.Apply([]match.Change{c})
			if err := e.Apply([]match.Change{c}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, text := range []string{"Some words, and night.owl@example.com.\n", "a-", "ab", "\x00"} {
		var used [2]uint64
		for i, n := range []int64{1 << 20, 8 << 20} {
			var before, after runtime.MemStats
			runtime.GC() // what earlier tests left must not count, nor hide anything
			runtime.GC()
			runtime.ReadMemStats(&before)
			if err := e.Scan(t.Context(), &endless{text, n}, match.ScanOptions{}, func(match.Spot) error { return nil }); err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			runtime.GC() // what a pool holds outlives one
			runtime.ReadMemStats(&after)
			used[i] = after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
		}
		if used[1] > used[0]+2<<20 {
			t.Errorf("%.6q: 1 MiB left %d bytes in use, 8 MiB %d", text, used[0], used[1])
		}
	}
}
