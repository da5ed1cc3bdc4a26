package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/fence"
	"lantern/internal/queue"
	"lantern/internal/replica"
	"lantern/internal/sqldb"
	"lantern/match"
)

// arriving is a page on its way in, with what made it ready or kept it from being.
type arriving struct {
	replica.Page
	err error
}

// prepare makes a page ready to be applied, which needs neither lock nor transaction.
func (a *Agent) prepare(ctx context.Context, page lantern.FeedPage) arriving {
	p, err := replica.Prepare(ctx, a.sealer, a.random, page)
	return arriving{p, err}
}

// applyPage takes one page of a program's feed in: one transaction for replica, cursor,
// hits, tasks and owed acknowledgements, then the engine. When it returns nil, what the
// page says is matchable or masked. A crash between the two is healed by the next start,
// which brings the engine to what the replica says.
func (a *Agent) applyPage(ctx context.Context, program lantern.ID, page arriving) error {
	// Held over commit and engine: two programs' pages about one signal must reach the
	// engine in the order of their commits.
	a.applying.Lock()
	defer a.applying.Unlock()
	var edit *edit
	err := page.err
	if err == nil {
		err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
			edit = a.newEdit()
			if err := edit.page(ctx, tx, program, page.Page); err != nil {
				return err
			}
			return edit.arrive(ctx, tx)
		})
	}
	if err != nil {
		a.setStuck(ctx.Err() == nil)
		a.maskUnwritten(page.FeedPage)
		return &ownError{fmt.Errorf("applying a page: %w", err)}
	}
	a.setStuck(false)
	a.finish(edit)
	a.mu.Lock()
	again := a.losing
	a.mu.Unlock()
	if again {
		a.owed.wake() // the page may be the one that it waits for
	}
	return nil
}

// finish brings the engine behind a committed edit and wakes who waits for it. The
// caller holds applying.
func (a *Agent) finish(e *edit) {
	a.edits.Add(1)
	e.unread = append(e.unread, a.move(e)...)
	a.keeper.Arrived.Store(max(e.arrival, a.keeper.Arrived.Load())) // not before the engine holds what arrived
	a.keeper.Departed.Store(max(e.departure, a.keeper.Departed.Load()))
	a.recent.Remove(e.engine)
	if e.fence.N > 0 {
		if err := fence.Write(a.fence, e.fence); err != nil {
			a.log.Error("an older copy of the database would not be noticed", "error", err)
		}
	}
	a.mu.Lock()
	for _, c := range e.engine {
		delete(a.unread, c.Signal)
	}
	for _, id := range e.unread {
		a.unread[id] = true
	}
	a.losing = a.losing || e.losing
	a.mu.Unlock()
	if e.destroyed {
		a.scrub.wake()
	}
	if e.owed {
		a.acks.wake()
	}
	a.told.wake()
	a.changed.wake()
}

// edit is one change of the replica in the making. It lives inside one attempt of a
// transaction: a retried attempt starts from a fresh one.
type edit struct {
	a         *Agent
	now       time.Time
	member    lantern.ID
	engine    []match.Change
	destroyed bool  // bytes were freed that must be overwritten
	owed      bool  // an acknowledgement is due
	losing    bool  // a narrowing cannot be acknowledged before a feed was read on
	arrival   int64 // the highest that was given
	departure int64 // the same

	unread []lantern.ID                 // active, and of no use to this version
	ready  map[lantern.ID]replica.Ready // what this edit brings
	known  replica.Known                // what needs no looking
	held   []match.Change               // for the engine of suspended signals

	fence     fence.Mark          // after this edit, if something stops matching by it
	unmatched map[lantern.ID]bool // signals that say again what fell to a challenge
}

func (a *Agent) newEdit() *edit {
	return &edit{a: a, now: a.clock(), member: a.memberID()}
}

// page writes everything a page says.
func (e *edit) page(ctx context.Context, tx *sqldb.Tx, program lantern.ID, page replica.Page) error {
	p, found, err := agentstore.LoadProgram(ctx, tx, program)
	if err != nil {
		return err
	}
	if !found {
		return nil // left in the meantime
	}
	if err := e.changes(ctx, tx, p, page); err != nil {
		return err
	}
	if n := len(page.Changes); n > 0 {
		p.Seq = page.Changes[n-1].Seq
		if err := agentstore.RaiseLeaf(ctx, tx, page.Leaf); err != nil {
			return err
		}
	}
	p.Cursor, p.Contact = page.Next, e.now
	if !page.More && !p.Loaded {
		p.Loaded = true
		// What a resync did not bring again is not the member's to hold any more.
		lost, err := agentstore.DropPlacements(ctx, tx, program, p.Generation)
		if err != nil {
			return err
		}
		if err := e.settle(ctx, tx, lost); err != nil {
			return err
		}
	}
	return agentstore.AdvanceProgram(ctx, tx, p)
}

// changes writes the changes of a page: first what stands, then what fell.
func (e *edit) changes(ctx context.Context, tx *sqldb.Tx, p agentstore.ProgramRow, page replica.Page) error {
	e.ready = page.Ready
	ids := make([]lantern.ID, len(page.Changes))
	for i := range page.Changes {
		ids[i] = page.Changes[i].Signal.ID
	}
	placed, err := agentstore.LoadPlacements(ctx, tx, ids)
	if err != nil {
		return err
	}
	fell, err := agentstore.LoadFallen(ctx, tx, ids)
	if err != nil {
		return err
	}
	barred, err := agentstore.LoadBarred(ctx, tx, ids)
	if err != nil {
		return err
	}
	var rows []*agentstore.ReplicaRow
	var placements []agentstore.PlacementRow
	var standing []lantern.ID
	var shared []*lantern.Signal
	for i := range page.Changes {
		c := &page.Changes[i]
		s := &c.Signal
		if outdated(c, p, placed[s.ID]) {
			continue
		}
		state := s.State
		if b, ok := barred[s.ID]; ok && state != lantern.Narrowed { // that says nothing of the signal
			keep, as, err := e.heldBack(ctx, tx, c, b)
			if err != nil {
				return err
			}
			if keep && as == lantern.Withdrawn {
				continue
			}
			if keep {
				state = as
			}
		}
		switch s.State {
		case lantern.Withdrawn, lantern.Expired, lantern.Erased:
			if err := e.fall(ctx, tx, c); err != nil {
				return err
			}
			continue
		case lantern.Active:
			if at, ok := fell[s.ID]; ok && !c.Time.After(at) {
				continue // read before the signal fell
			}
			rows = append(rows, e.ready[s.ID].Row)
			shared = append(shared, s)
		case lantern.Narrowed: // the place ends, the signal if it has no other
			if c.Correction != 0 && s.Member != e.member {
				if err := e.oweAcks(ctx, tx, c.Correction); err != nil {
					return err
				}
			}
		}
		standing = append(standing, s.ID)
		placements = append(placements, agentstore.PlacementRow{Program: p.ID, Signal: s.ID, State: state, Seq: c.Seq, Generation: p.Generation})
	}
	if err := agentstore.SavePlacements(ctx, tx, placements); err != nil {
		return err
	}
	if err := e.keepStates(ctx, tx, rows, placed); err != nil {
		return err
	}
	if err := e.suspect(ctx, tx, shared); err != nil {
		return err
	}
	// Where a signal stood nowhere before, what the page says of it is all there is to know.
	e.known.Standing = make(map[lantern.ID]lantern.SignalState)
	for _, at := range placements {
		if len(placed[at.Signal]) == 0 && at.State == lantern.Active {
			e.known.Standing[at.Signal] = at.State
		}
	}
	return e.settle(ctx, tx, standing)
}

// keepStates saves rows under the states the replica already had for them, so that settle
// sees each transition once. A signal that stands nowhere is not in the replica.
func (e *edit) keepStates(ctx context.Context, tx *sqldb.Tx, rows []*agentstore.ReplicaRow, placed map[lantern.ID][]agentstore.PlacementRow) error {
	var ids []lantern.ID
	for _, r := range rows {
		if len(placed[r.Signal]) > 0 {
			ids = append(ids, r.Signal)
		}
	}
	held, err := agentstore.LoadReplica(ctx, tx, ids)
	if err != nil {
		return err
	}
	var known []*agentstore.ReplicaRow
	e.known.Saved = make(map[lantern.ID]*agentstore.ReplicaRow, len(rows))
	for _, r := range rows {
		r.State = lantern.Active // an attempt before this one may have set another
		if old := held[r.Signal]; old != nil {
			r.State = old.State
			known = append(known, r)
		}
		e.known.Saved[r.Signal] = r
	}
	if err := agentstore.SaveReplica(ctx, tx, rows); err != nil {
		return err
	}
	if err := e.a.queue.TellImminent(ctx, tx, e.now, known); err != nil {
		return err
	}
	return queue.Reorder(ctx, tx, known)
}

// unseal opens the sealed part of a row.
func (a *Agent) unseal(ctx context.Context, r *agentstore.ReplicaRow) (replica.Part, error) {
	return replica.Open(ctx, a.sealer, r)
}

// settle compares what the placements of signals say with the state the replica has and
// carries out the difference: masked, restored, gone.
func (e *edit) settle(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) error {
	standings, held, err := e.known.Stand(ctx, tx, ids)
	if err != nil {
		return err
	}
	if e.unmatched, err = agentstore.LoadUnmatched(ctx, tx); err != nil {
		return err
	}
	var masked, restored, gone []lantern.ID
	for _, id := range ids {
		row, state := held[id], standings[id]
		switch {
		case state == "":
			gone = append(gone, id)
		case row == nil: // suspended before its value was ever sent
		case state == lantern.Suspended:
			e.engine = append(e.engine, match.Change{Entry: match.Entry{Signal: id}, Remove: true})
			if row.State == lantern.Active {
				masked = append(masked, id)
			}
			e.enterHeld(ctx, row)
		default:
			if row.State == lantern.Suspended {
				restored = append(restored, id)
				e.held = append(e.held, match.Change{Entry: match.Entry{Signal: id}, Remove: true})
			}
			if err := e.enter(ctx, row); err != nil {
				return err
			}
		}
	}
	if len(masked) > 0 {
		if err := e.raiseFence(ctx, tx); err != nil {
			return err
		}
	}
	if err := agentstore.SetReplicaState(ctx, tx, masked, lantern.Suspended); err != nil {
		return err
	}
	if err := e.a.queue.TellSignals(ctx, tx, e.now, lantern.SignalMasked, masked, lantern.HitOpen); err != nil {
		return err
	}
	if err := queue.Mask(ctx, tx, masked); err != nil {
		return err
	}
	if err := agentstore.SetReplicaState(ctx, tx, restored, lantern.Active); err != nil {
		return err
	}
	freed, err := e.a.queue.Restore(ctx, tx, restored, held, e.now)
	if err == nil && freed {
		err = e.freed(ctx, tx)
	}
	if err != nil {
		return err
	}
	if err := e.a.queue.TellRestored(ctx, tx, e.now, restored); err != nil {
		return err
	}
	return e.remove(ctx, tx, gone)
}

// enter puts an active signal into the engine, unless it is the member's own, or says again
// what fell to a challenge.
func (e *edit) enter(ctx context.Context, row *agentstore.ReplicaRow) error {
	if row.Kind == lantern.TacticType {
		return nil // for people: there is nothing to match
	}
	entry, ok, err := e.entry(ctx, row)
	if err != nil {
		return err
	}
	if !ok {
		e.unread = append(e.unread, row.Signal)
	}
	if !ok || e.unmatched[row.Signal] || !e.a.matchable(row.Member, e.member, row.Expires, e.now) {
		// It may have been matchable before it changed.
		e.engine = append(e.engine, match.Change{Entry: match.Entry{Signal: row.Signal}, Remove: true})
		return nil
	}
	e.engine = append(e.engine, match.Change{Entry: entry})
	return nil
}

// entry returns the engine entry of a row, without opening it if this edit brought its value.
func (e *edit) entry(ctx context.Context, row *agentstore.ReplicaRow) (match.Entry, bool, error) {
	if r := e.ready[row.Signal]; r.Row == row {
		return r.Entry, r.Readable, nil
	}
	return e.a.entry(ctx, row)
}

// entry reads an engine entry out of the sealed row.
func (a *Agent) entry(ctx context.Context, row *agentstore.ReplicaRow) (match.Entry, bool, error) {
	part, err := a.unseal(ctx, row)
	if err != nil {
		return match.Entry{}, false, err
	}
	entry, ok := replica.Entry(row.Signal, row.Kind, part.Value)
	return entry, ok, nil
}

// matchable says whether an active signal belongs into the engine.
func (a *Agent) matchable(sharer, own lantern.ID, expires, now time.Time) bool {
	return (sharer != own || a.matchOwn) && (expires.IsZero() || expires.After(now))
}

// remove destroys signals that are no longer the member's to hold, without a review: they
// expired, or the program that brought them was left, or they were taken out of it.
func (e *edit) remove(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) error {
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range ids {
		out := match.Change{Entry: match.Entry{Signal: id}, Remove: true}
		e.engine, e.held = append(e.engine, out), append(e.held, out)
	}
	if err := e.freed(ctx, tx); err != nil {
		return err
	}
	if err := e.a.queue.TellSignals(ctx, tx, e.now, lantern.SignalFell, ids, lantern.HitOpen, lantern.HitDecided, lantern.HitHeld); err != nil {
		return err
	}
	if err := e.raiseFence(ctx, tx); err != nil {
		return err
	}
	if err := queue.Drop(ctx, tx, ids); err != nil {
		return err
	}
	return agentstore.Destroy(ctx, tx, ids)
}

// freed notes that bytes were deleted that are to be overwritten.
func (e *edit) freed(ctx context.Context, tx *sqldb.Tx) error {
	e.destroyed = true
	return agentstore.SaveState(ctx, tx, agentstore.StateFreed, strconv.FormatInt(agentstore.Micros(e.now), 10))
}

// fall carries out a tombstone: the signal is gone from every program at once, its hits
// are void, and a correction leaves a task and two acknowledgements to be made.
func (e *edit) fall(ctx context.Context, tx *sqldb.Tx, c *lantern.Change) error {
	id := c.Signal.ID
	held, err := agentstore.LoadReplica(ctx, tx, []lantern.ID{id})
	if err != nil {
		return err
	}
	if c.Correction != 0 && c.Signal.Member != e.member {
		imminent, err := queue.Imminent(held[id])
		if err != nil {
			return err
		}
		if err := e.owe(ctx, tx, c, held[id] != nil, imminent); err != nil {
			return err
		}
		if err := e.refute(ctx, tx, c, held[id]); err != nil {
			return err
		}
	}
	if err := agentstore.SaveFallen(ctx, tx, id, c.Time); err != nil {
		return err
	}
	return e.remove(ctx, tx, []lantern.ID{id})
}

// reload starts every feed from its beginning because the replica is damaged.
func (a *Agent) reload(ctx context.Context) error {
	for id := range a.feeds {
		if err := a.resync(ctx, id); err != nil {
			return err
		}
		a.feeds[id].generation = 1 // as good as never loaded
	}
	return nil
}

// expire destroys signals whose time ran out, without waiting for the exchange to say so.
func (a *Agent) expire(ctx context.Context) error {
	a.applying.Lock()
	defer a.applying.Unlock()
	var done *edit
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		ids, err := agentstore.LoadExpired(ctx, tx, done.now)
		if err != nil {
			return err
		}
		if err := done.remove(ctx, tx, ids); err != nil {
			return err
		}
		return done.arrive(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("expiring signals: %w", err)
	}
	if len(done.engine) > 0 {
		a.finish(done)
	}
	return nil
}

// setPrograms brings the list of followed programs to what the exchange says the member
// joined, and drops what only a left program brought.
func (a *Agent) setPrograms(ctx context.Context, joined []lantern.Program) error {
	a.applying.Lock()
	defer a.applying.Unlock()
	var done *edit
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		left := make(map[lantern.ID]bool)
		known, err := agentstore.LoadPrograms(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range known {
			left[p.ID] = true
		}
		for _, p := range joined {
			policy, err := json.Marshal(p.Policy)
			if err != nil {
				return fmt.Errorf("writing a policy: %w", err)
			}
			if err := agentstore.SaveProgram(ctx, tx, p.ID, p.Name, string(policy)); err != nil {
				return err
			}
			delete(left, p.ID)
		}
		for _, id := range slices.Sorted(maps.Keys(left)) {
			lost, err := agentstore.DropPlacements(ctx, tx, id, 1<<62)
			if err != nil {
				return err
			}
			if err := done.settle(ctx, tx, lost); err != nil {
				return err
			}
			if err := agentstore.DeleteProgram(ctx, tx, id); err != nil {
				return err
			}
		}
		return done.arrive(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("setting the programs: %w", err)
	}
	a.finish(done)
	return nil
}
