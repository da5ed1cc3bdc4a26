package match_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/match"
)

// errKilled ends the world.
var errKilled = errors.New("killed")

// entryOfItsOwn makes the entry of a signal whose values nobody else has.
func entryOfItsOwn(i int) match.Entry {
	en := match.Entry{Signal: lantern.ID(0x5ca1ab1ec0ffee00 + i)}
	switch i % 4 {
	case 0:
		en.Type, en.Canonical = "account", fmt.Sprintf("chatter.test:%d", i)
	case 1:
		en.Type, en.Canonical = "phrase", fmt.Sprintf("zorbly plim %03d", i)
	case 2:
		en.Type, en.Canonical = "pdq", fmt.Sprintf("%016x%048x", 0x5a5a5a5a00000000+i, i)
	case 3:
		en.Type, en.Canonical, en.Weak = "url", fmt.Sprintf("https://files%d.example%d/x", i, i), nil
	}
	return en
}

// life is a short life of an engine: rounds of changes, saves, purges, a refill. It ends at
// the first error. saved is the last position that was saved, purged how many changes had
// been made when the last purge returned.
func life(l *ledger) (saved, purged int, err error) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 14 {
		var changes []match.Change
		for range 6 {
			c := match.Change{Entry: entryOfItsOwn(rng.IntN(30)), Remove: rng.IntN(3) == 0}
			changes = append(changes, c)
		}
		l.apply(changes...)
		switch {
		case round == 9:
			if err = l.refill(); err == nil {
				saved = len(l.changes)
			}
		case round%5 == 4:
			if err = l.e.Purge(context.Background()); err == nil {
				purged = len(l.changes)
			}
		case round%2 == 0:
			if err = l.e.Save(l.here()); err == nil {
				saved = len(l.changes)
			}
		}
		if err != nil {
			return saved, purged, err
		}
	}
	return saved, purged, nil
}

// gone lists what files must not hold once the first n changes are purged: of signals that
// one of them removed and none of all later ones brought back.
func (l *ledger) gone(n int) (needles [][]byte) {
	last := map[lantern.ID]match.Change{}
	for i, c := range l.changes {
		if i < n || !c.Remove {
			last[c.Signal] = c
		}
	}
	for _, c := range last {
		if c.Remove {
			needles = append(needles, l.e.Needles(c.Entry)...)
		}
	}
	return needles
}

// TestKilledAnywhere ends the same life before its first operation on a file, its second,
// and so on, opens the folder again and wants everything that was acknowledged.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	kills := 0
	for at := int64(1); ; at++ {
		if testing.Short() && at%7 != 0 {
			continue
		}
		var count atomic.Int64
		l := newLedger(t, filepath.Join(root, fmt.Sprint(at)), func(string) error {
			if count.Add(1) >= at+2 { // two make the folder
				return errKilled
			}
			return nil
		})
		saved, purged, err := life(l)
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("operation %d: %v", at, err)
		}
		l.carve(l.gone(purged))
		l.close()
		l.open(nil)
		if p := l.position(); p < saved {
			t.Fatalf("operation %d: the position is %d, and %d was saved", at, p, saved)
		}
		if l.e.Missing() != 0 || l.e.Len() != len(l.ref.Entries) {
			t.Fatalf("operation %d: holds %d signals, want %d; %d missing", at, l.e.Len(), len(l.ref.Entries), l.e.Missing())
		}
		for i := range 30 {
			l.same(queryOf(entryOfItsOwn(i)))
		}
		l.must(l.e.Check(t.Context()))
		l.must(l.e.Purge(t.Context()))
		l.carve(l.gone(len(l.changes)))
		if want := l.e.Status().Files; len(l.files()) != want {
			t.Fatalf("operation %d: %d files are left, want %d", at, len(l.files()), want)
		}
		l.close()
		if err == nil {
			break
		}
		kills++
	}
	if kills < 12 {
		t.Errorf("killed only %d times", kills)
	}
}
