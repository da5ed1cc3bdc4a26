package segment

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFilterClaims measures how often a filter claims to hold what it does not; a filter that
// claims more costs lookups time, and one that denies what it holds loses matches.
func TestFilterClaims(t *testing.T) {
	t.Parallel()
	for inWord, most := range map[int]float64{2: 1.0 / 400, 4: 1.0 / 100, 8: 1.0 / 20} {
		rng := rand.New(rand.NewPCG(1, 2))
		const n = 100_000
		f := bloom(make([]byte, bloomSize(n, inWord)))
		held := make([]uint64, n)
		for i := range held {
			held[i] = rng.Uint64()
			f.add(held[i])
		}
		for _, h := range held {
			if !f.has(h) {
				t.Fatal("what was added is denied")
			}
		}
		claims := 0
		for range n {
			if f.has(rng.Uint64()) {
				claims++
			}
		}
		t.Logf("%d in a word: one in %.0f", inWord, n/float64(claims))
		if float64(claims) > most*n {
			t.Errorf("%d in a word: %d of %d are claimed", inWord, claims, n)
		}
	}
}

// TestSiftEqualsHas holds asking about many hashes at once, by whatever kernel the processor has and
// in Go, to asking about each: filters and lists of many sizes, hashes at both ends.
func TestSiftEqualsHas(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 2000 {
		f := bloom(make([]byte, bloomSize(r.IntN(300), 4)))
		hashes := make([]uint64, r.IntN(70))
		for i := range hashes {
			if hashes[i] = r.Uint64(); r.IntN(20) == 0 {
				hashes[i] = []uint64{0, 1<<64 - 1, 1 << 63, 1<<32 - 1}[r.IntN(4)]
			}
			if len(f) > 0 && r.IntN(3) == 0 {
				f.add(hashes[i])
			}
		}
		want := []uint32{99}
		for i, h := range hashes {
			if f.has(h) {
				want = append(want, uint32(i))
			}
		}
		if got := f.sift(hashes, []uint32{99}); !slices.Equal(got, want) {
			t.Fatalf("round %d: %v, want %v", round, got, want)
		}
		if got := f.siftPlain(hashes, []uint32{99}); !slices.Equal(got, want) {
			t.Fatalf("round %d: in Go %v, want %v", round, got, want)
		}
	}
}
