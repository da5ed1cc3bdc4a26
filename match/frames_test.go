package match_test

import (
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/match"
	"lantern/match/matchtest"
	"lantern/signal"
)

// frameList is a list of frames in canonical form: quality and hash of each, as "100 0f0f…".
func frameList(frames ...string) string {
	var list []string
	for n, f := range frames {
		quality, hash, _ := strings.Cut(f, " ")
		list = append(list, fmt.Sprintf("%d,%s,%s,%d.000", n, quality, hash, n))
	}
	return strings.Join(list, ";")
}

// scene is frame n of a film that looks like nothing else, with so many bits turned.
func scene(n, turned int) string {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	var words [4]uint64
	for i := range words {
		words[i] = r.Uint64()
	}
	for i := range turned {
		words[i/64] ^= 1 << (i % 64)
	}
	return fmt.Sprintf("%016x%016x%016x%016x", words[0], words[1], words[2], words[3])
}

// scenes are good frames from scene number from on.
func scenes(from, n, turned int) (list []string) {
	for i := range n {
		list = append(list, "100 "+scene(from+i, turned))
	}
	return list
}

// TestFrames holds two lists against each other, by what upstream's definition says comes
// out of it.
func TestFrames(t *testing.T) {
	t.Parallel()
	near := func(distance int, ofQuery, ofSignal float64) match.Found {
		return match.Found{Signal: 7, How: lantern.HowNear, Distance: distance, OfQuery: ofQuery, OfSignal: ofSignal}
	}
	for _, tt := range []struct {
		name        string
		held, query []string
		want        match.Found // Signal 0: nothing
	}{
		{"the same", scenes(0, 5, 0), scenes(0, 5, 0), match.Found{Signal: 7, How: lantern.HowExact, OfQuery: 100, OfSignal: 100}},
		{"31 bits apart", scenes(0, 5, 0), scenes(0, 5, 31), near(31, 100, 100)},
		{"32 bits apart", scenes(0, 5, 0), scenes(0, 5, 32), match.Found{}},
		{"a part of a known video", scenes(0, 20, 0), scenes(4, 5, 3), near(3, 100, 25)},
		{"a known video in a longer one", scenes(4, 5, 0), scenes(0, 20, 0), near(0, 25, 100)},
		{"four of five", scenes(0, 5, 0), scenes(1, 5, 0), near(0, 80, 80)},
		{"three of four", scenes(0, 4, 0), scenes(1, 4, 0), match.Found{}},
		{"quality 50 counts", scenes(0, 2, 0), []string{"50 " + scene(0, 0), "50 " + scene(9, 0)}, match.Found{}},
		{"quality 49 does not", scenes(0, 2, 0), []string{"50 " + scene(0, 0), "49 " + scene(9, 0)}, near(0, 100, 50)},
		{"equal frames count once", append(scenes(0, 1, 0), scenes(0, 4, 0)...), append(scenes(8, 1, 0), append(scenes(0, 4, 0), scenes(8, 1, 0)...)...), near(0, 80, 100)},
		{"the order does not matter", scenes(0, 3, 0), []string{"100 " + scene(2, 0), "100 " + scene(0, 0), "100 " + scene(1, 0)}, near(0, 100, 100)},
		{"no frame counts", []string{"0 " + scene(0, 0)}, []string{"0 " + scene(0, 0), "0 " + scene(1, 0)}, match.Found{}},
		{"no frame counts, and the lists are equal", []string{"0 " + scene(0, 0)}, []string{"0 " + scene(0, 0)}, match.Found{Signal: 7, How: lantern.HowExact}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, ref := match.New(key), matchtest.New()
			changes := []match.Change{{Entry: match.Entry{Signal: 7, Type: "vpdq", Canonical: frameList(tt.held...)}}}
			if err := e.Apply(changes); err != nil {
				t.Fatal(err)
			}
			ref.Apply(changes)
			q := match.Query{Type: "vpdq", Canonical: frameList(tt.query...)}
			got := e.Match(q, nil)
			if want := ref.Match(q); !slices.Equal(got, want) {
				t.Errorf("got %+v, the reference %+v", got, want)
			}
			if len(got) == 0 {
				got = []match.Found{{}}
			}
			if got[0] != tt.want {
				t.Errorf("got %+v, want %+v", got[0], tt.want)
			}
		})
	}
}

// TestFramesAreNoPictures looks up a picture that is a frame of a video, and the reverse.
func TestFramesAreNoPictures(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	err := e.Apply([]match.Change{
		{Entry: match.Entry{Signal: 1, Type: "vpdq", Canonical: frameList(scenes(0, 3, 0)...)}},
		{Entry: match.Entry{Signal: 2, Type: "pdq", Canonical: scene(1, 4)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := e.Match(match.Query{Type: "pdq", Canonical: scene(1, 0)}, nil)
	if len(got) != 1 || got[0].Signal != 2 || got[0].Distance != 4 {
		t.Errorf("a picture: got %+v, want signal 2 alone", got)
	}
	got = e.Match(match.Query{Type: "vpdq", Canonical: frameList("100 " + scene(1, 4))}, nil)
	if len(got) != 1 || got[0].Signal != 1 || got[0].OfQuery != 100 {
		t.Errorf("a video: got %+v, want signal 1 alone", got)
	}
}

// TestFramesInFiles holds the engine against the reference on lists that cluster, as those of
// many copies of few films do, so many that they lie in an index; in memory, in files, and
// after some were removed and purged.
func TestFramesInFiles(t *testing.T) {
	t.Parallel()
	e, err := match.OpenStep(t.TempDir(), key, nil, tiny)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ref := matchtest.New()
	r := rand.New(rand.NewPCG(3, 4))
	film := func() string {
		from, n := 40*r.IntN(12), 5+r.IntN(40)
		frames := scenes(from+r.IntN(10), n, r.IntN(3))
		for i := range frames {
			switch r.IntN(12) {
			case 0:
				frames[i] = "49 " + scene(from+i, 0)
			case 1:
				frames[i] = "100 " + scene(from+i, r.IntN(48))
			case 2:
				frames[i] = "90 " + scene(999, r.IntN(20)) // a title that all films have
			}
		}
		return frameList(frames...)
	}
	check := func(when string) {
		t.Helper()
		for range 12 {
			q := match.Query{Type: "vpdq", Canonical: film()}
			got, want := matchtest.Sorted(e.Match(q, nil)), ref.Match(q)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: found %d, want %d, or others", when, len(got), len(want))
			}
		}
	}
	apply := func(changes ...match.Change) {
		t.Helper()
		ref.Apply(changes)
		if err := e.Apply(changes); err != nil {
			t.Fatal(err)
		}
	}
	for id := 1; id <= 220; id++ {
		apply(match.Change{Entry: match.Entry{Signal: lantern.ID(id), Type: "vpdq", Canonical: film()}})
	}
	check("in memory")
	if err := e.Save(nil); err != nil {
		t.Fatal(err)
	}
	check("in files")
	for id := 1; id <= 220; id += 3 {
		apply(match.Change{Entry: match.Entry{Signal: lantern.ID(id)}, Remove: true},
			match.Change{Entry: match.Entry{Signal: lantern.ID(id + 1), Type: "vpdq", Canonical: film()}})
	}
	check("after changes")
	if err := errors.Join(e.Purge(t.Context()), e.Check(t.Context())); err != nil {
		t.Fatal(err)
	}
	check("after a purge")
	if len(signal.FrameHashes(ref.Entries[2].Canonical)) == 0 || e.Missing() != 0 {
		t.Error("the films are not what the test needs, or something is missing")
	}
}

// BenchmarkFrames looks up films of 600 frames among 2,000 that are held, of 50 frames each,
// and counts beside it how long comparing each frame with each takes.
func BenchmarkFrames(b *testing.B) {
	e := match.New(key)
	var changes []match.Change
	var held [][4]uint64
	for id := 1; id <= 2000; id++ {
		list := frameList(scenes(100*id, 50, 0)...)
		held = append(held, signal.FrameHashes(list)...)
		changes = append(changes, match.Change{Entry: match.Entry{Signal: lantern.ID(id), Type: "vpdq", Canonical: list}})
	}
	if err := e.Apply(changes); err != nil {
		b.Fatal(err)
	}
	frames := append(scenes(100*77, 40, 9), scenes(1_000_000, 560, 0)...)
	q := match.Query{Type: "vpdq", Canonical: frameList(frames...)}
	b.Run("engine", func(b *testing.B) {
		for b.Loop() {
			if got := e.Match(q, nil); len(got) != 1 || got[0].OfSignal != 80 {
				b.Fatalf("got %+v", got)
			}
		}
	})
	b.Run("each with each", func(b *testing.B) {
		query := signal.FrameHashes(q.Canonical)
		for b.Loop() {
			near := 0
			for _, h := range held {
				for _, f := range query {
					if bits.OnesCount64(h[0]^f[0])+bits.OnesCount64(h[1]^f[1])+bits.OnesCount64(h[2]^f[2])+bits.OnesCount64(h[3]^f[3]) <= 31 {
						near++
					}
				}
			}
			if near != 40 {
				b.Fatalf("%d pairs are near, want 40", near)
			}
		}
	})
}
