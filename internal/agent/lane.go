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
// changes in the end, and each drops what the other knows better (see outdated).

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
	ready := a.prepare(ctx, page)
	if ready.err != nil {
		return fmt.Errorf("applying what is imminent: %w", ready.err)
	}
	a.applying.Lock()
	defer a.applying.Unlock()
	var done *edit
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		p, found, err := agentstore.LoadProgram(ctx, tx, program)
		if err != nil || !found {
			return err
		}
		if err := done.changes(ctx, tx, p, ready.Page); err != nil {
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

// outdated reports whether the replica has a later change of a signal in the same program,
// since its last resync: the lane and the whole feed overtake each other.
func outdated(c *lantern.Change, p agentstore.ProgramRow, placed []agentstore.PlacementRow) bool {
	for _, at := range placed {
		if at.Program == p.ID && at.Generation >= p.Generation && c.Seq < at.Seq {
			return true
		}
	}
	return false
}
