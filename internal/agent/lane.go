package agent

import (
	"context"
	"fmt"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// The lane is a second way through each feed, on which the exchange lets only pass what is
// imminent, and corrections. It is followed beside the whole feed with a cursor of its own,
// so that an agent with a long backlog has a child at risk now first. Both bring the same
// changes in the end, and each drops what the other knows better (see edit.outdated).

// followLane reads the lane until ctx ends or the log's fault stops it. How the whole feed
// fares is what the status tells, so a failure here is only logged.
func (a *Agent) followLane(ctx context.Context, program lantern.ID) {
	var pause backoff
	for ctx.Err() == nil && a.faultText() == "" {
		err := a.readLane(ctx, program)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			pause.reset()
			continue
		}
		wait := pause.next()
		if k := lantern.KindOf(err); k == lantern.Forbidden || k == lantern.NotFound || k == lantern.Invalid {
			wait = longestPause // the whole feed finds out why, or the exchange has no lanes
		}
		a.log.Info("reading what is imminent failed", "program", program.String(), "error", err)
		sleep(ctx, wait, nil)
	}
}

// readLane reads one page of the lane and applies it.
func (a *Agent) readLane(ctx context.Context, program lantern.ID) error {
	var cursor lantern.Cursor
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		cursor, err = agentstore.LoadLane(ctx, tx, program)
		return err
	})
	if err != nil {
		return err
	}
	page, err := a.exchange.FilteredFeed(ctx, program, lantern.FeedFilter{Imminent: true}, cursor, lantern.MaxPage, feedWait)
	if lantern.KindOf(err) == lantern.Resync {
		if err := a.mayResync(ctx); err != nil {
			return err
		}
		page = lantern.FeedPage{} // from the beginning
	} else if err != nil {
		return err
	}
	if len(page.Changes) > 0 {
		if err := a.mayApply(ctx); err != nil {
			return err
		}
	}
	if page.Next == cursor && len(page.Changes) == 0 {
		return nil
	}
	return a.applyLane(ctx, program, page)
}

// applyLane takes one page of the lane in, as applyPage does.
func (a *Agent) applyLane(ctx context.Context, program lantern.ID, page lantern.FeedPage) error {
	a.applying.Lock()
	defer a.applying.Unlock()
	var done *edit
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		p, found, err := agentstore.LoadProgram(ctx, tx, program)
		if err != nil || !found {
			return err
		}
		if err := done.changes(ctx, tx, p, page.Changes); err != nil {
			return err
		}
		if len(page.Changes) > 0 {
			if err := agentstore.RaiseLeaf(ctx, tx, page.Leaf); err != nil {
				return err
			}
		}
		if err := agentstore.SaveLane(ctx, tx, program, page.Next); err != nil {
			return err
		}
		return done.arrive(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("applying what is imminent: %w", err)
	}
	a.finish(done)
	if len(page.Changes) > 0 {
		a.verify.wake()
	}
	return nil
}

// outdated drops changes of signals of which the replica has a later one in the same
// program: the lane and the whole feed overtake each other.
func (e *edit) outdated(ctx context.Context, tx *sqldb.Tx, p agentstore.ProgramRow, changes []lantern.Change) ([]lantern.Change, error) {
	ids := make([]lantern.ID, len(changes))
	for i, c := range changes {
		ids[i] = c.Signal.ID
	}
	held, err := agentstore.LoadSeqs(ctx, tx, p, ids)
	if err != nil || len(held) == 0 {
		return changes, err
	}
	var rest []lantern.Change
	for _, c := range changes {
		if c.Seq >= held[c.Signal.ID] {
			rest = append(rest, c)
		}
	}
	return rest, nil
}
