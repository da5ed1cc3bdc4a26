package fair_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"lantern/internal/fair"
)

// What has one key goes one after the other, while others go; after a failure the rest of a key is left.
func TestInTurn(t *testing.T) {
	t.Parallel()
	type step struct{ key, n int }
	var list []step
	for n := range 3 {
		for key := range 4 {
			list = append(list, step{key, n})
		}
	}
	var mu sync.Mutex
	under, most := 0, 0
	sent := map[int][]int{}
	all := make(chan struct{}) // closed when something of every key is under way
	err := fair.InTurn(list, func(s step) int { return s.key }, func(s step) error {
		mu.Lock()
		if under++; under == 4 && most < 4 {
			close(all)
		}
		most = max(most, under)
		sent[s.key] = append(sent[s.key], s.n)
		mu.Unlock()
		<-all
		mu.Lock()
		under--
		mu.Unlock()
		if s == (step{2, 1}) {
			return errors.New("refused")
		}
		return nil
	})
	if err == nil || most != 4 {
		t.Errorf("%d keys went at once, want 4: %v", most, err)
	}
	for key, want := range [][]int{{0, 1, 2}, {0, 1, 2}, {0, 1}, {0, 1, 2}} {
		if !slices.Equal(sent[key], want) {
			t.Errorf("of key %d %v went, want %v", key, sent[key], want)
		}
	}
}
