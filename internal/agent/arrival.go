package agent

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"lantern"
	"lantern/internal/agentstore"
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
	if err := agentstore.Depart(ctx, tx, out); err != nil {
		return err
	}
	var err error
	e.arrival, err = agentstore.Arrive(ctx, tx, in)
	return err
}

// reckon brings the arrivals to what the engine was built of, at start: another version or
// setting may match other signals than the one before.
func (a *Agent) reckon(ctx context.Context, arriving, departing []lantern.ID) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		last, err := agentstore.Arrive(ctx, tx, arriving)
		if err != nil {
			return err
		}
		a.arrived.Store(last) // nobody else has the agent yet
		return agentstore.Depart(ctx, tx, departing)
	})
	if err != nil {
		return fmt.Errorf("reckoning what arrived: %w", err)
	}
	return nil
}

// sight is what something is looked up in: an engine, and what it is owed for.
type sight struct {
	engine *match.Engine
	since  int64 // matches of signals that arrived up to here are not told: they were looked for before
	upTo   int64 // the engine holds all that arrived up to here
}

// sight returns all there is.
func (a *Agent) sight() sight {
	upTo := a.arrived.Load() // before anything of the engine is looked at
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
	return a.recent.sight(ctx, a, since, fresh)
}

// recent keeps a few engines of what arrived lately. Most files of a hunt were looked at
// up to a few arrivals, so they share them. The zero recent is empty.
type recent struct {
	mu      sync.Mutex
	engines []*recentEngine // the one used last comes last; guarded by mu
}

// recentEngine holds what arrived after from and up to upTo.
type recentEngine struct {
	engine     *match.Engine
	from, upTo int64
	held       int
}

// maxRecent is how many such engines are kept.
const maxRecent = 4

// sight finds an engine that holds what arrived since, or makes one. One that holds more
// serves too, unless it is so much more that a smaller one pays: matches of what arrived
// earlier are dropped afterwards.
func (r *recent) sight(ctx context.Context, a *Agent, since int64, fresh int) (sight, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const worth = 1000 // signals more are not worth an engine of their own
	at := slices.IndexFunc(r.engines, func(e *recentEngine) bool { return e.from <= since && e.held <= 2*fresh+worth })
	var e *recentEngine
	if at >= 0 {
		e = r.engines[at]
		r.engines = slices.Delete(r.engines, at, at+1)
	} else {
		e = &recentEngine{engine: match.New(a.sealer.Index("agent/engine")), from: since, upTo: since}
		if len(r.engines) == maxRecent {
			r.engines = slices.Delete(r.engines, 0, 1)
		}
	}
	if err := e.fill(ctx, a); err != nil {
		return sight{}, err // what it lacks is not known any more: it is not kept
	}
	r.engines = append(r.engines, e)
	return sight{engine: e.engine, since: since, upTo: e.upTo}, nil
}

// fill adds what arrived since the last time.
func (e *recentEngine) fill(ctx context.Context, a *Agent) error {
	upTo := a.arrived.Load()
	if upTo == e.upTo {
		return nil
	}
	var changes []match.Change
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		changes = changes[:0]
		return agentstore.EachArrived(ctx, tx, e.upTo, func(row *agentstore.ReplicaRow) error {
			entry, ok, err := a.entry(ctx, row)
			if ok {
				changes = append(changes, match.Change{Entry: entry})
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("reading what arrived: %w", err)
	}
	if err := e.engine.Apply(changes); err != nil {
		return fmt.Errorf("holding what arrived: %w", err)
	}
	e.upTo, e.held = upTo, e.engine.Len()
	return nil
}

// remove takes what is not matchable any more out of every engine.
func (r *recent) remove(changes []match.Change) {
	gone := slices.DeleteFunc(slices.Clone(changes), func(c match.Change) bool { return !c.Remove })
	if len(gone) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.engines {
		_ = e.engine.Apply(gone) // a removal has nothing that could be refused
	}
}

// arrivedSince returns those of the signals that a sight is owed for: all, unless it looks
// only for what arrived lately.
func (a *Agent) arrivedSince(ctx context.Context, in sight, ids []lantern.ID) ([]lantern.ID, error) {
	if in.since == 0 || len(ids) == 0 {
		return ids, nil
	}
	var arrivals map[lantern.ID]int64
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		arrivals, err = agentstore.LoadArrivals(ctx, tx, ids)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading arrivals: %w", err)
	}
	return slices.DeleteFunc(ids, func(id lantern.ID) bool { return arrivals[id] <= in.since }), nil
}
