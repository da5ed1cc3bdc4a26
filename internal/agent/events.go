package agent

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// Events are written in the transaction of what they tell of and told after its commit: by
// webhooks (package courier) and to whoever follows ([Agent.Notices]).

// keepEvents is how long events are kept that are about no hit that still waits.
const keepEvents = 30 * 24 * time.Hour

// tellFreshness tells when the agent's answers cannot be relied on any more, and when they
// can again. Loading is no news: it passes, and answers say so.
func (a *Agent) tellFreshness(ctx context.Context) error {
	f, member := a.freshness(a.clock()), a.memberID()
	if member == 0 {
		return nil
	}
	kind := lantern.AgentFresh
	if f.broken {
		kind = lantern.AgentStale
	}
	var said lantern.EventType
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		said = lantern.EventType(state[agentstore.StateTold])
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what was told: %w", err)
	}
	if said == kind || said == "" && !f.broken {
		return nil
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SaveState(ctx, tx, agentstore.StateTold, string(kind)); err != nil {
			return err
		}
		return a.queue.Tell(ctx, tx, a.clock(), queue.Event{Kind: kind, Object: member})
	})
	if err != nil {
		return fmt.Errorf("telling how the agent stands: %w", err)
	}
	a.told.wake()
	return nil
}

// dropEvents forgets old events.
func (a *Agent) dropEvents(ctx context.Context) error {
	before := a.clock().Add(-keepEvents)
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.DropEvents(ctx, tx, before) })
	if err != nil {
		return fmt.Errorf("dropping old events: %w", err)
	}
	return nil
}

// Told returns a channel that is closed when the agent next has something to tell. Take
// the channel first, then look.
func (a *Agent) Told() <-chan struct{} { return a.told.wait() }

// MaxNotices bounds what [Agent.Notices] returns.
const MaxNotices = queue.MaxNotices

// Notices returns what was told behind a place, at most MaxNotices: what is urgent first,
// and in each of the two the order in which it happened. "" is the beginning: all hits that
// wait, and whatever else was told in the last 30 days. It returns the place to go on from;
// more says that there is something behind it already.
//
// A hit is shown as it is by then. An event about a hit that nobody may see, or that is
// void, is left out: if it comes back, another tells of it.
//
// A place of another journal, or one ahead of this, is refused with [lantern.Resync]: the
// agent's database was made anew, or went back to a backup.
func (a *Agent) Notices(ctx context.Context, after lantern.Cursor) (list []lantern.Notice, next lantern.Cursor, more bool, err error) {
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		list, next, more, err = queue.Notices(ctx, tx, after)
		return err
	})
	if err != nil {
		return nil, "", false, fmt.Errorf("reading what was told: %w", err)
	}
	return list, next, more, nil
}

// DB is the agent's database, for the packages that keep something beside it (courier). It is
// closed with the agent.
func (a *Agent) DB() *sqldb.DB { return a.db }
