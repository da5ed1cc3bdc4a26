package match

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/text"
)

// TestSift holds asking about many hashes to asking about each, in a segment that claims some
// of them.
func TestSift(t *testing.T) {
	t.Parallel()
	e := New([32]byte{1})
	var changes []Change
	r := rand.New(rand.NewPCG(6, 6))
	var l text.Words
	body := []byte(strings.Repeat("some words, of which a few are phrases and others are not; ", 50))
	l.Cut(body)
	for i := range 300 {
		from := r.IntN(12)
		w := l.List[from : from+1+r.IntN(3)]
		changes = append(changes, Change{Entry: Entry{Signal: lantern.ID(1 + i), Type: "phrase", Canonical: string(body[w[0].Start:w[len(w)-1].End])}})
	}
	if err := e.Apply(changes); err != nil {
		t.Fatal(err)
	}
	hashes := slices.Clone(l.Pairs)
	for range 10_000 {
		hashes = append(hashes, r.Uint64())
	}
	for _, p := range e.shelf.Peek().Pieces {
		got := p.Sift(hashes, nil)
		var want []uint32
		for i, h := range hashes {
			if p.May(h) {
				want = append(want, uint32(i))
			}
		}
		if !slices.Equal(got, want) || len(want) < len(l.Pairs)/4 {
			t.Fatalf("%d may be there, want %d", len(got), len(want))
		}
	}
}
