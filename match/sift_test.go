package match

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/segment"
	"lantern/internal/text"
)

// siftWorld returns an engine that holds phrases of up to so many of the words that it returns.
func siftWorld(t *testing.T, r *rand.Rand, words int) (*Engine, *text.Words) {
	e := New([32]byte{1})
	var changes []Change
	var l text.Words
	body := []byte(strings.Repeat("some words, of which a few are phrases and others are not; 言葉のいくつかは句である ", 50))
	l.Cut(body)
	for i := range 300 {
		from := r.IntN(len(l.List) - 5)
		w := l.List[from : from+1+r.IntN(words)]
		changes = append(changes, Change{Entry: Entry{Signal: lantern.ID(1 + i), Type: "phrase", Canonical: string(body[w[0].Start:w[len(w)-1].End])}})
	}
	if err := e.Apply(changes); err != nil {
		t.Fatal(err)
	}
	return e, &l
}

// TestSift holds asking about many hashes to asking about each, in a segment that claims some
// of them, for each number of words that phrases are filed under.
func TestSift(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	e, l := siftWorld(t, r, 4)
	for filed := 1; filed <= text.MaxFiled; filed++ {
		var hashes []uint64
		l.FiledUnder(filed, 0, func(more []uint64, _ int) { hashes = append(hashes, more...) })
		words := len(hashes)
		for range 10_000 {
			hashes = append(hashes, r.Uint64())
		}
		for _, p := range e.shelf.Peek().Pieces {
			got := p.Sift(filed, hashes, nil)
			var want []uint32
			for i, h := range hashes {
				if len(p.Sift(filed, []uint64{h}, nil)) == 1 {
					want = append(want, uint32(i))
				}
			}
			if !slices.Equal(got, want) || len(want) < words/8 {
				t.Fatalf("%d words: %d of %d may be there, want %d", filed, len(got), words, len(want))
			}
			p.EachPhrase(func(ph *segment.Phrase) {
				if int(ph.Filed) == filed && len(p.Sift(filed, []uint64{ph.Hash}, nil)) == 0 {
					t.Fatalf("%d words: what was filed is denied", filed)
				}
			})
		}
	}
}

// TestSiftPairs holds asking about words and pairs at once to asking about each, for texts of all
// lengths, also where a filter is empty.
func TestSiftPairs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for most := range 5 {
		e, l := siftWorld(t, r, max(most, 1))
		if most == 0 {
			e = New([32]byte{1})
			if err := e.Apply([]Change{{Entry: Entry{Signal: 1, Type: "phrase", Canonical: "few are"}}}); err != nil {
				t.Fatal(err)
			}
		}
		hashes := append(slices.Clone(l.Hashes), make([]uint64, 3000)...)
		for i := len(l.Hashes); i < len(hashes); i++ {
			hashes[i] = r.Uint64()
		}
		ends := []int{len(hashes)}
		for n := range 60 {
			ends = append(ends, n)
		}
		for _, p := range e.shelf.Peek().Pieces {
			for _, n := range ends {
				from := r.IntN(len(hashes) - n + 1)
				some := slices.Clip(slices.Clone(hashes[from : from+n])) // so that reading on is seen
				one, two := []uint32{7}, []uint32{7}
				if !p.SiftPairs(some, &one, &two) {
					t.Skip("the processor cannot")
				}
				var wantOne, wantTwo []uint32
				for i, h := range some {
					if len(p.Sift(1, []uint64{h}, nil)) == 1 {
						wantOne = append(wantOne, uint32(i))
					}
					if i+1 < n && len(p.Sift(2, []uint64{text.Pair(h, some[i+1])}, nil)) == 1 {
						wantTwo = append(wantTwo, uint32(i))
					}
				}
				if !slices.Equal(one, wantOne) || !slices.Equal(two, wantTwo) {
					t.Fatalf("%d words of %d: %d and %d may be there, want %d and %d", n, len(hashes), len(one), len(two), len(wantOne), len(wantTwo))
				}
			}
		}
	}
}
