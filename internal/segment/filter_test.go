package segment

import (
	"math/rand/v2"
	"testing"
)

// TestFilterClaims measures how often a filter claims to hold what it does not; a filter that
// claims more costs lookups time, and one that denies what it holds loses matches.
func TestFilterClaims(t *testing.T) {
	t.Parallel()
	for inWord, most := range map[int]float64{4: 1.0 / 100, 8: 1.0 / 20} {
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
