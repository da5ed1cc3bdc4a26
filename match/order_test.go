package match

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestInOrder holds dealing places by bytes to a sort that compares, for ids drawn at random, dense ones,
// few and many of each.
func TestInOrder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 199, 200, 1000, 5000} {
		for _, ids := range []uint64{1, 2, 1 << 9, 1 << 40, 1 << 63} {
			list := make([]place, n)
			for i := range list {
				list[i] = place{rng.Uint64N(ids) | ids, i}
			}
			want := slices.SortedStableFunc(slices.Values(list), func(a, b place) int { return cmp.Compare(a.signal, b.signal) })
			if got := inOrder(list); !slices.Equal(got, want) {
				t.Errorf("%d places of %d ids are not in order", n, ids)
			}
		}
	}
}
