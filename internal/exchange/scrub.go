package exchange

import (
	"context"
	"fmt"
	"time"

	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// scrub is one way of destroying what erasures left in the database's files. Deleting a
// row only marks it as deleted: its bytes stay in pages and write-ahead logs until the
// tables are rewritten.
type scrub struct {
	names  []string // of the debts it pays
	tables []string
	pause  time.Duration // between two
}

// The debts of an erasure.
const (
	scrubKeys   = "keys"   // wrapped keys: with one, everything of its signal opens
	scrubTraces = "traces" // keyed digests: with the key-encryption key, a guess can be tested
)

// scrubs lists the ways. Keys stand in one small table, so that destroying them is cheap
// and soon; traces stand in the largest ones and can wait. SQLite rewrites the whole file
// in any case.
func (x *Exchange) scrubs() []scrub {
	keys, traces := []string{"secret"}, []string{"signal", "placement", "idempotency"}
	if x.DB.Engine() == sqldb.SQLite {
		return []scrub{{[]string{scrubKeys, scrubTraces}, append(keys, traces...), x.ScrubKeys}}
	}
	return []scrub{
		{[]string{scrubKeys}, keys, x.ScrubKeys},
		{[]string{scrubTraces}, traces, x.ScrubTraces},
	}
}

// scrubShare bounds the time that scrubs take: after one that took a second nothing is
// scrubbed for ten.
const scrubShare = 10

// scrubLoop scrubs after erasures, its own process's and others'. What is owed stands in
// the database, so that a crash between erasure and scrub is made up for after the start.
func (x *Exchange) scrubLoop() {
	list := x.scrubs()
	next := make([]time.Time, len(list))
	for x.ctx.Err() == nil {
		wait := x.SweepEvery
		for i, s := range list {
			if early := time.Until(next[i]); early > 0 {
				wait = min(wait, early)
				continue
			}
			began := time.Now()
			did, err := x.scrubOnce(x.ctx, s)
			if err != nil && x.ctx.Err() == nil {
				x.Log.ErrorContext(x.ctx, "scrubbing erased bytes", "error", err)
			}
			if did || err != nil {
				pause := max(s.pause, scrubShare*time.Since(began))
				next[i], wait = time.Now().Add(pause), min(wait, pause)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-x.erased:
		case <-x.ctx.Done():
		}
		timer.Stop()
	}
}

// scrubOnce pays the debts of s if there are any.
func (x *Exchange) scrubOnce(ctx context.Context, s scrub) (did bool, err error) {
	owed := map[string]time.Time{}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		clear(owed)
		for _, name := range s.names {
			asked, ok, err := store.ScrubAsked(ctx, tx, name)
			if err != nil {
				return err
			}
			if ok {
				owed[name] = asked
			}
		}
		return nil
	})
	if err != nil || len(owed) == 0 {
		return false, err
	}
	if err := x.DB.Scrub(ctx, s.tables...); err != nil {
		return false, err
	}
	return true, x.write(ctx, func(t *txn) error {
		for name, asked := range owed {
			if err := store.ScrubDone(t.ctx, t.writing(), name, asked); err != nil {
				return fmt.Errorf("recording a scrub: %w", err)
			}
		}
		return nil
	})
}

// erase destroys what a signal was, and has its bytes scrubbed.
func (x *Exchange) erase(t *txn, row store.SignalRow) error {
	t.erased = true
	if err := store.EraseSignal(t.ctx, t.writing(), row); err != nil {
		return fmt.Errorf("erasing signal %s: %w", row.ID, err)
	}
	if err := store.AskScrubs(t.ctx, t.writing(), t.now, scrubKeys, scrubTraces); err != nil {
		return fmt.Errorf("noting an erasure: %w", err)
	}
	return nil
}
