package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/match"
)

// Keeper keeps the engines of an agent at what its database says. All fields but the last
// two are set before [Keeper.Open]; its methods may then be called by any number of
// goroutines.
type Keeper struct {
	DB       *sqldb.DB
	Dir      string   // the folder of the engine's files
	Key      [32]byte // of the engine's digests
	Held     *match.Engine
	Log      *slog.Logger
	Clock    func() time.Time
	Applying sync.Locker // held while the database changes, until the engine followed

	Rules     func() string                                                                     // by which settings it is decided what is matchable
	Matchable func(*agentstore.ReplicaRow) bool                                                 // unless it is suspended
	Entry     func(context.Context, *agentstore.ReplicaRow) (e match.Entry, ok bool, err error) // ok is false if this version cannot read the value

	Engine   *match.Engine
	Arrived  atomic.Int64 // up to which arrival the engine holds all that is matchable
	Departed atomic.Int64 // up to which departure it lacks all that is not

	name   string     // of the pair of database and files
	saving sync.Mutex // guards saved
	saved  Place      // how far the files are

	checks atomic.Int64 // of the files that have begun, over all runs
	sound  atomic.Int64 // what was looked at before so many had begun may have missed something
}

// Opened is what an opening found.
type Opened struct {
	Unread  []lantern.ID // active signals that this version cannot read
	Damaged int          // signals whose value cannot be opened: they have to be asked for again
}

// Open opens the engine and brings both engines to what the database says. The files hold most of
// it, so that a start reads what changed since they were saved and nothing else. Files that
// belong to another state of the database, or to other settings, are filled anew. name is that
// of the pair, which only this state of the database has; anew says that nothing may match
// of what the database holds.
func (k *Keeper) Open(ctx context.Context, name string, anew bool) (Opened, error) {
	e, at, why, err := Open(k.Dir, k.Key)
	if err != nil {
		return Opened{}, err
	}
	k.Engine, k.name = e, name
	var to Place
	var forgotten, checks int64
	err = k.DB.Read(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil {
			return err
		}
		checks, _ = readWhole(state)
		if forgotten, err = agentstore.LoadForgotten(ctx, tx); err == nil {
			to, err = k.place(ctx, tx)
		}
		return err
	})
	if err != nil {
		return Opened{}, errors.Join(fmt.Errorf("reading how far the engine should be: %w", err), e.Close())
	}
	k.checks.Store(checks) // on from where the last run stopped
	if why != nil {
		err = k.distrust(ctx, why)
	}
	var found Opened
	switch {
	case err != nil:
	case anew:
		err = e.Refill(func(func(match.Entry, error) bool) {}, nil)
	case at.Leads(to, forgotten):
		found, err = k.catchUp(ctx, at)
	default:
		found, err = k.fill(ctx)
	}
	if err != nil {
		return found, errors.Join(err, e.Close())
	}
	return found, nil
}

// place is where the database is.
func (k *Keeper) place(ctx context.Context, tx *sqldb.Tx) (p Place, err error) {
	p.Database, p.Rules = k.name, k.Rules()
	if p.Arrival, err = agentstore.LoadArrival(ctx, tx); err != nil {
		return p, err
	}
	p.Departure, err = agentstore.LoadDeparture(ctx, tx)
	return p, err
}

// Feed applies changes to an engine and returns the signals it cannot hold. They must not
// keep it from the others: the replica is committed, and nothing would bring these again.
func Feed(e *match.Engine, changes []match.Change) (refused []lantern.ID) {
	if e.Apply(changes) == nil {
		return nil
	}
	for _, c := range changes {
		if e.Apply([]match.Change{c}) != nil {
			refused = append(refused, c.Signal)
		}
	}
	return refused
}

// catchUp brings engines that were saved at a place to what the database says.
func (k *Keeper) catchUp(ctx context.Context, at Place) (found Opened, err error) {
	var expired []lantern.ID
	err = k.DB.Read(ctx, func(tx *sqldb.Tx) error {
		gone, err := agentstore.DepartedAfter(ctx, tx, at.Departure)
		if err != nil {
			return err
		}
		if expired, err = agentstore.LoadExpired(ctx, tx, k.Clock()); err != nil {
			return err
		}
		var changes []match.Change
		for _, id := range append(gone, expired...) {
			changes = append(changes, match.Change{Entry: match.Entry{Signal: id}, Remove: true})
		}
		err = agentstore.EachArrived(ctx, tx, at.Arrival, func(row *agentstore.ReplicaRow) error {
			entry, ok, err := k.Entry(ctx, row)
			if ok && k.Matchable(row) {
				changes = append(changes, match.Change{Entry: entry})
			}
			return err
		})
		if err != nil {
			return err
		}
		Feed(k.Engine, changes)
		if found.Unread, err = agentstore.LoadUnread(ctx, tx); err != nil {
			return err
		}
		return k.fillHeld(ctx, tx)
	})
	if err != nil {
		if sqldb.Damaged(err) || ctx.Err() != nil {
			return found, err
		}
		k.Log.Error("the engine cannot be brought to what the replica says; it is filled anew", "error", err)
		return k.fill(ctx)
	}
	return found, k.reckon(ctx, nil, expired, nil)
}

// fillHeld puts what is suspended into the engine of suspended signals.
func (k *Keeper) fillHeld(ctx context.Context, tx *sqldb.Tx) error {
	unmatched, err := agentstore.LoadUnmatched(ctx, tx)
	if err != nil {
		return err
	}
	var held []match.Change
	err = agentstore.EachMasked(ctx, tx, func(row *agentstore.ReplicaRow) error {
		if unmatched[row.Signal] || !k.Matchable(row) {
			return nil
		}
		entry, ok, err := k.Entry(ctx, row)
		if ok {
			held = append(held, match.Change{Entry: entry})
		}
		return err
	})
	Feed(k.Held, held)
	return err
}

// fill fills the engines from the replica.
func (k *Keeper) fill(ctx context.Context) (Opened, error) {
	f := filling{k: k}
	if err := k.Engine.Refill(func(yield func(match.Entry, error) bool) { f.read(ctx, yield) }, nil); err != nil {
		return Opened{}, fmt.Errorf("filling the engine from the replica: %w", err)
	}
	Feed(k.Held, f.held)
	if err := k.reckon(ctx, f.arriving, f.departing, f.unread); err != nil {
		return Opened{}, err
	}
	return Opened{Unread: f.unread, Damaged: f.damaged}, k.Save(ctx)
}

// filling is one reading of the whole replica for the engines.
type filling struct {
	k                           *Keeper
	held                        []match.Change
	arriving, departing, unread []lantern.ID
	damaged                     int
}

var errStopped = errors.New("no more is wanted")

// read yields what is matchable.
func (f *filling) read(ctx context.Context, yield func(match.Entry, error) bool) {
	k := f.k
	err := k.DB.Read(ctx, func(tx *sqldb.Tx) error {
		*f = filling{k: k, unread: []lantern.ID{}}
		unmatched, err := agentstore.LoadUnmatched(ctx, tx)
		if err != nil {
			return err
		}
		return agentstore.EachRow(ctx, tx, func(row *agentstore.ReplicaRow) error {
			if unmatched[row.Signal] || !k.Matchable(row) {
				f.departing = append(f.departing, row.Signal)
				return nil
			}
			entry, ok, err := k.Entry(ctx, row)
			switch {
			case err != nil:
				f.damaged++
				f.departing = append(f.departing, row.Signal)
				return ctx.Err()
			case row.State != lantern.Active:
				f.departing = append(f.departing, row.Signal)
				if ok {
					f.held = append(f.held, match.Change{Entry: entry})
				}
				return nil
			case !ok:
				f.unread = append(f.unread, row.Signal)
				f.departing = append(f.departing, row.Signal)
				return nil
			case row.Arrival == 0:
				f.arriving = append(f.arriving, row.Signal)
			}
			if !yield(entry, nil) {
				return errStopped
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, errStopped) {
		yield(match.Entry{}, err)
	}
}

// reckon brings the arrivals to what the engine was built of, at start: another version or
// setting may match other signals than the one before. unread, unless nil, are all signals
// that this version cannot read.
func (k *Keeper) reckon(ctx context.Context, arriving, departing, unread []lantern.ID) error {
	err := k.DB.Write(ctx, func(tx *sqldb.Tx) error {
		departed, err := agentstore.Depart(ctx, tx, departing)
		if err != nil {
			return err
		}
		arrived, err := agentstore.Arrive(ctx, tx, arriving)
		if err != nil {
			return err
		}
		k.Arrived.Store(arrived) // nobody else has the keeper yet
		k.Departed.Store(departed)
		if unread == nil {
			return nil
		}
		if err := agentstore.DropUnread(ctx, tx); err != nil {
			return err
		}
		return agentstore.SetUnread(ctx, tx, unread, nil)
	})
	if err != nil {
		return fmt.Errorf("reckoning what arrived: %w", err)
	}
	return nil
}

// Mend fills the engine anew if some of its files were damaged, and reports whether it did.
func (k *Keeper) Mend(ctx context.Context) (bool, error) {
	if k.Engine.Missing() == 0 {
		return false, nil
	}
	if err := k.doubt(ctx); err != nil {
		return false, err
	}
	f := filling{k: k}
	if err := k.Engine.Refill(func(yield func(match.Entry, error) bool) { f.read(ctx, yield) }, nil); err != nil {
		return false, fmt.Errorf("filling the engine anew: %w", err)
	}
	k.saving.Lock()
	k.saved = Place{}
	k.saving.Unlock()
	return true, nil
}

// Save brings the files to what was applied, unless they are there.
func (k *Keeper) Save(ctx context.Context) error {
	k.saving.Lock()
	defer k.saving.Unlock()
	at := Place{Database: k.name, Rules: k.Rules()}
	k.Applying.Lock() // all that is counted is applied
	at.Arrival, at.Departure = k.Arrived.Load(), k.Departed.Load()
	k.Applying.Unlock()
	if at == k.saved {
		return nil
	}
	if err := Save(k.Engine, at); err != nil {
		return err
	}
	k.saved = at
	if err := k.DB.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.DropDepartures(ctx, tx, at.Departure) }); err != nil {
		return fmt.Errorf("forgetting departures: %w", err)
	}
	return nil
}
