package text

import (
	"math/rand/v2"
	"slices"
	"testing"

	"lantern/internal/wordhash"
)

// TestPairs holds the hashes of pairs and triples, by whatever kernel the processor has and in Go, to those of each
// pair: rows of all lengths around those that are read at once, from any place in memory and in place.
func TestPairs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 8))
	room := make([]uint64, 200)
	for round := range 20_000 {
		for i := range room {
			if room[i] = r.Uint64(); r.IntN(8) == 0 {
				room[i] = []uint64{0, 1<<64 - 1, 1<<32 - 1, 1 << 63, wordhash.High, wordhash.Low, ^uint64(wordhash.High), ^uint64(wordhash.Low)}[r.IntN(8)]
			}
		}
		from := r.IntN(9)
		hashes := room[from : from+1+r.IntN(100)]
		want := make([]uint64, len(hashes)-1)
		for i := range want {
			want[i] = Pair(hashes[i], hashes[i+1])
		}
		got, plain := make([]uint64, len(want)+1), make([]uint64, len(want)+1)
		pairs(got[:len(want)], hashes)
		pairsPlain(plain[:len(want)], hashes)
		if !slices.Equal(got[:len(want)], want) || !slices.Equal(plain[:len(want)], want) || got[len(want)] != 0 || plain[len(want)] != 0 {
			t.Fatalf("round %d: %d pairs\n got %x\n in Go %x\n want %x", round, len(want), got, plain, want)
		}
		if n := len(want) - 1; n > 0 {
			threes := make([]uint64, n)
			for i := range threes {
				threes[i] = Triple(want[i], want[i+1])
			}
			got, plain := make([]uint64, n+1), make([]uint64, n+1)
			triples(got[:n], hashes)
			triplesPlain(plain[:n], hashes)
			if !slices.Equal(got[:n], threes) || !slices.Equal(plain[:n], threes) || got[n] != 0 || plain[n] != 0 {
				t.Fatalf("round %d: %d triples\n got %x\n in Go %x\nwant %x", round, n, got, plain, threes)
			}
		}
		behind := room[from+len(hashes)]
		pairs(hashes[:len(want)], hashes)
		if !slices.Equal(hashes[:len(want)], want) || room[from+len(hashes)] != behind {
			t.Fatalf("round %d: in place\n got %x\nwant %x", round, hashes[:len(want)], want)
		}
	}
}
