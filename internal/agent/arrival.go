package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/hunt"
	"lantern/internal/sqldb"
	"lantern/match"
)

// A signal's arrival is a rising number, given in the transaction in which it becomes
// matchable: when a feed brings it, when it is restored after a suspension, when a setting
// or another version lets the engine hold it. It is taken back in the transaction in which
// the signal stops being matchable. So whoever looked with an engine that held everything up
// to an arrival is owed a look for exactly what has a higher one (docs/design/021-hunt.md).

// arrive gives and takes back arrivals as the changes for the engine say, in their order.
// It is the last step of every transaction that has such changes.
func (e *edit) arrive(ctx context.Context, tx *sqldb.Tx) error {
	var in, out []lantern.ID
	left := make(map[lantern.ID]bool)
	for _, c := range e.engine {
		if c.Remove {
			left[c.Signal] = true
			out = append(out, c.Signal)
		}
	}
	last := make(map[lantern.ID]bool, len(e.engine)) // whether the last change puts it in
	for _, c := range e.engine {
		last[c.Signal] = !c.Remove
	}
	for _, c := range e.engine {
		if last[c.Signal] {
			in = append(in, c.Signal)
			last[c.Signal] = false // once
		}
	}
	var err error
	if e.departure, err = agentstore.Depart(ctx, tx, out); err != nil {
		return err
	}
	if e.arrival, err = agentstore.Arrive(ctx, tx, in); err != nil {
		return err
	}
	if len(e.unread) == 0 && !e.a.hasUnread() {
		return nil
	}
	return agentstore.SetUnread(ctx, tx, e.unread, slices.Concat(in, out))
}

// hasUnread reports whether there are signals that this version cannot read.
func (a *Agent) hasUnread() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.unread) > 0
}

// sight is what something is looked up in: an engine, and what it is owed for.
type sight struct {
	engine *match.Engine
	since  int64 // matches of signals that arrived up to here are not told: they were looked for before
	upTo   int64 // the engine holds all that arrived up to here
}

// sight returns all there is.
func (a *Agent) sight() sight {
	upTo := a.keeper.Arrived.Load() // before anything of the engine is looked at
	return sight{engine: a.engine, upTo: upTo}
}

// sightSince returns what arrived after an arrival. If that is most of what there is, the
// large engine serves as well as a second one would.
func (a *Agent) sightSince(ctx context.Context, since int64) (sight, error) {
	all := a.sight()
	if all.since = since; since == 0 {
		return all, nil
	}
	var fresh int
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		fresh, err = agentstore.CountArrived(ctx, tx, since)
		return err
	})
	if err != nil {
		return all, fmt.Errorf("counting what arrived: %w", err)
	}
	if fresh >= a.engine.Len()/2 {
		return all, nil
	}
	engine, upTo, err := a.recent.Since(ctx, since, fresh)
	if errors.Is(err, errStuck) {
		return all, nil
	}
	return sight{engine: engine, since: since, upTo: upTo}, err
}

// errStuck keeps engines from being made of a replica that says less than what is masked.
var errStuck = errors.New(stuckReason)

// recentEngines are made of the replica.
func (a *Agent) recentEngines() *hunt.Recent {
	return &hunt.Recent{New: func() *match.Engine { return match.New(a.sealer.Index("agent/engine")) }, UpTo: func() int64 { return a.keeper.Arrived.Load() }, Read: a.arrivedAfter}
}

// arrivedAfter returns what arrived after an arrival.
func (a *Agent) arrivedAfter(ctx context.Context, after int64) ([]match.Change, error) {
	if a.isStuck() {
		return nil, errStuck
	}
	var changes []match.Change
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		changes = changes[:0]
		return agentstore.EachArrived(ctx, tx, after, func(row *agentstore.ReplicaRow) error {
			entry, ok, err := a.entry(ctx, row)
			if ok {
				changes = append(changes, match.Change{Entry: entry})
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading what arrived: %w", err)
	}
	return changes, nil
}
