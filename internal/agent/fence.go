package agent

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/engine"
	"lantern/internal/fence"
	"lantern/internal/sqldb"
	"lantern/match"
)

// raiseFence counts, in the transaction of an edit, that something stops matching.
func (e *edit) raiseFence(ctx context.Context, tx *sqldb.Tx) error {
	if e.a.fence == "" || e.fence.N > 0 {
		return nil
	}
	state, err := agentstore.LoadState(ctx, tx)
	if err != nil {
		return err
	}
	e.fence = fence.Parse(state[agentstore.StateFence])
	e.fence.N++
	return agentstore.SaveState(ctx, tx, agentstore.StateFence, e.fence.String())
}

// checkFence compares the database with the file, at start, and reports whether the database
// went back. Then every feed is to be read again.
func (a *Agent) checkFence(ctx context.Context, state map[string]string) (back bool, err error) {
	if a.fence == "" {
		return false, nil
	}
	seen, err := fence.Read(a.fence)
	if err != nil {
		return false, err
	}
	stored := fence.Parse(state[agentstore.StateFence])
	if state[agentstore.StateBack] != "" {
		return true, nil // found before, and not yet made good
	}
	fresh := stored == fence.Mark{} && len(a.feeds) == 0      // a folder that never held anything
	adopted := stored == fence.Mark{} && seen == fence.Mark{} // one from before there were fences
	if !fresh && !adopted && seen.Older(stored) {
		a.log.Error("the agent's database is older than what this agent did: its folder went back to a backup, or was moved without the fence. Every feed is read again, and nothing matches until that is done")
		return true, a.startHistory(ctx, true)
	}
	if fresh || adopted {
		return false, a.startHistory(ctx, false)
	}
	if seen != stored { // a crash came between the two
		if err := fence.Write(a.fence, stored); err != nil {
			a.log.Error("an older copy of the database would not be noticed", "error", err)
		}
	}
	return false, nil
}

// startHistory begins to count anew, under another name: no older copy will ever know it.
func (a *Agent) startHistory(ctx context.Context, back bool) error {
	f, err := fence.Start(a.random)
	if err != nil {
		return err
	}
	journal, err := a.newID() // places in the lost part of the journal of events are of no use
	if err != nil {
		return err
	}
	// The file first: a crash in between costs one reading of the feeds. Where it cannot be
	// written, a key folder that is read-only, there is no fence; the agent must run all the same.
	if err := fence.Write(a.fence, f); err != nil {
		a.log.Error("an older copy of the database will not be noticed", "error", err)
		a.fence = ""
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if a.fence != "" {
			if err := agentstore.SaveState(ctx, tx, agentstore.StateFence, f.String()); err != nil {
				return err
			}
		}
		if !back {
			return nil
		}
		if err := agentstore.SaveState(ctx, tx, agentstore.StateBack, "1"); err != nil {
			return err
		}
		if err := agentstore.SaveState(ctx, tx, agentstore.StateWentBack, a.clock().UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		if err := agentstore.SaveState(ctx, tx, agentstore.StateJournal, journal.String()); err != nil {
			return err
		}
		return a.record(ctx, tx, logged{audit.BackupRestored, map[string]any{}, map[string]any{"agent": true}})
	})
	if err != nil {
		return fmt.Errorf("starting a history: %w", err)
	}
	return nil
}

// cameForward ends the time after a database went back, once every feed was read.
func (a *Agent) cameForward(ctx context.Context) error {
	a.mu.Lock()
	done := a.back
	for _, f := range a.feeds {
		done = done && (f.loaded || f.refused)
	}
	a.mu.Unlock()
	if !done {
		return nil
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.DropState(ctx, tx, agentstore.StateBack, "1") })
	if err != nil {
		return fmt.Errorf("ending the time after a backup: %w", err)
	}
	a.mu.Lock()
	a.back = false
	a.mu.Unlock()
	a.changed.wake()
	return nil
}

// ownError says that it is this agent's own database that failed, and not the exchange.
type ownError struct{ err error }

func (o *ownError) Error() string { return o.err.Error() }
func (o *ownError) Unwrap() error { return o.err }

// stuckReason is said while changes of the feeds cannot be written.
const stuckReason = "this agent cannot write its database (a full disk?): changes of the feeds are not applied; what they take back is masked in memory"

// setStuck notes whether the last attempt to write what a feed brought failed.
func (a *Agent) setStuck(stuck bool) {
	a.mu.Lock()
	changed := a.stuck != stuck
	a.stuck = stuck
	a.mu.Unlock()
	if changed {
		a.changed.wake()
	}
}

// isStuck reports whether it did.
func (a *Agent) isStuck() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stuck
}

// maskUnwritten takes out of the engines what a page takes back although the page could not
// be written. Nothing of it is acknowledged; the page comes again when there is room. It
// comes after setStuck: no engine of what arrived is made anew from then on.
func (a *Agent) maskUnwritten(page lantern.FeedPage) {
	var out []match.Change
	for i := range page.Changes {
		if s := &page.Changes[i].Signal; s.State != lantern.Active {
			out = append(out, match.Change{Entry: match.Entry{Signal: s.ID}, Remove: true})
		}
	}
	engine.Feed(a.engine, out)
	a.recent.Remove(out)
}

// backText says that the database went back at a time, if that is told: people have to do
// again what the lost part held.
func backText(at string, now time.Time) string {
	t, ok := agentstore.Told(at, now)
	if !ok {
		return ""
	}
	return "the agent found on " + t.Format(time.DateOnly) + " that its database is an older copy, or that its fence was lost: " +
		"what people decided since such a copy was made must be decided again"
}
