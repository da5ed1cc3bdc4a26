package world

import (
	"reflect"
	"strings"
	"testing"

	"lantern/signal"
)

// The worlds of the smaller stories hold what these need, whatever the seed, and are drawn
// from it alone.
func TestSmallWorlds(t *testing.T) {
	t.Parallel()
	size := Size{Bystanders: 200}
	for seed := range uint64(20) {
		c, again := NewContact(seed, size, worldDay), NewContact(seed, size, worldDay)
		if !reflect.DeepEqual(c, again) {
			t.Fatalf("seed %d gave two worlds", seed)
		}
		if _, err := signal.Phrase.Normalize(c.Phrase); err != nil {
			t.Errorf("seed %d: the words cannot be shared: %v", seed, err)
		}
		if _, err := signal.Phrase.Normalize(c.Messages); err == nil {
			t.Errorf("seed %d: what was written can be shared", seed)
		}
		if c.Pressed < 2 || c.Pressed > 4 {
			t.Errorf("seed %d: %d users pressed, want a number that is never shown", seed, c.Pressed)
		}
		innocent := 0
		for _, a := range c.Game.Accounts {
			for _, p := range a.Posts {
				if strings.Contains(p.Text, c.Phrase) && a.Finding == Ordinary {
					innocent++
				}
			}
		}
		if innocent == 0 {
			t.Errorf("seed %d: nobody means something else by the words", seed)
		}

		k := NewClues(seed, size, worldDay)
		customers := map[string]bool{}
		for _, a := range k.Pay.Accounts {
			customers[a.Paytag] = a.Paytag != ""
		}
		known := 0
		clues := append(append([]*Account{}, k.SocialFound...), k.ChatFound...)
		for _, a := range clues {
			if customers[a.Paytag] {
				known++
			}
		}
		if len(clues) != socialClues+chatClues || known != knownClues {
			t.Errorf("seed %d: %d clues, %d of a customer", seed, len(clues), known)
		}
	}
}
