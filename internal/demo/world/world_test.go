package world

import (
	"reflect"
	"testing"
	"time"

	"lantern/signal"
)

var worldDay = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestWorldIsDrawnFromTheSeed(t *testing.T) {
	t.Parallel()
	size := Size{Removed: 60, Traders: 12, Bystanders: 400}
	first, again := New(7, size, worldDay), New(7, size, worldDay)
	if !reflect.DeepEqual(first, again) {
		t.Error("the same seed gave two worlds")
	}
	if reflect.DeepEqual(first, New(8, size, worldDay)) {
		t.Error("two seeds gave the same world")
	}
	if len(first.Removed) != size.Removed {
		t.Errorf("%d rows, want %d", len(first.Removed), size.Removed)
	}
}

// Whatever the seed, the world holds what the story needs.
func TestWorldsHoldTheStory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		w := New(seed, Full(), worldDay)
		refused, forms := 0, map[string]bool{}
		for _, r := range w.Removed {
			v, err := signal.URL.Normalize(r.URL)
			if err != nil {
				refused++
			}
			forms[v.Canonical] = true
		}
		if refused != 1 || len(forms)-1 >= len(w.Removed)-2 || len(forms) < len(w.Removed)*9/10 {
			t.Errorf("seed %d: of %d rows %d are refused and %d differ", seed, len(w.Removed), refused, len(forms)-1)
		}
		found := map[Finding]int{}
		for _, a := range w.Social.Accounts {
			found[a.Finding]++
			if evident := a.Finding == Offers || a.Finding == Asks; evident && !a.Violating {
				t.Fatalf("seed %d: evidence against somebody who broke no rule", seed)
			}
		}
		if n := found[Offers] + found[Asks]; n < 10500 {
			t.Errorf("seed %d: %d accounts of the trade are too few for the story", seed, n)
		}
		for _, p := range []*Platform{w.Chat, w.Game, w.Pay} {
			reused := 0
			for _, a := range p.Accounts {
				if a.Email == w.reused {
					reused++
				}
			}
			if reused != 1 {
				t.Errorf("seed %d: the reused address belongs to %d users of %s, want 1", seed, reused, p.Domain)
			}
		}
		if seed == 0 {
			t.Logf("accounts: social %d (%v), chat %d, game %d, pay %d", len(w.Social.Accounts), found, len(w.Chat.Accounts), len(w.Game.Accounts), len(w.Pay.Accounts))
		}
	}
}
