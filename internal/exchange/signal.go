package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// SignalFilter selects among a member's own signals.
type SignalFilter = store.SignalFilter

// maxList bounds a list of own signals.
const maxList = 1000

// Signals lists the actor's member's own signals in the order of their ids.
func (x *Exchange) Signals(ctx context.Context, a policy.Actor, f SignalFilter) (list []lantern.Signal, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return nil, err
	}
	if f.Limit <= 0 || f.Limit > maxList {
		f.Limit = maxList
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		rows, err := store.Signals(ctx, tx, a.Member, f)
		if err != nil {
			return err
		}
		list = make([]lantern.Signal, len(rows))
		for i, r := range rows {
			if list[i], err = x.whole(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// Signal returns one signal as the actor may see it. Reading another member's is a
// disclosure and is logged before the answer.
func (x *Exchange) Signal(ctx context.Context, a policy.Actor, id lantern.ID) (s lantern.Signal, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return s, err
	}
	var own bool
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, ok, err := store.ReadSignal(ctx, tx, id)
		if err != nil {
			return err
		}
		if own = ok && row.Member == a.Member; own {
			s, err = x.whole(ctx, tx, row)
		} else if !ok {
			err = errMissing("signal")
		}
		return err
	})
	if err != nil || own {
		return s, err
	}
	if err := x.within(a.Member, fair.DiscloseUse); err != nil {
		return s, err
	}
	x.used(a.Member, fair.DiscloseUse, 1)
	err = x.writeFor(ctx, a.Member, 1, func(t *txn) error {
		row, sight, err := x.sight(t.ctx, t.Tx, a, id)
		if err != nil {
			return err
		}
		s = tombstone(row)
		if sight != policy.Whole {
			return nil
		}
		if s, err = x.whole(t.ctx, t.Tx, row); err != nil {
			return err
		}
		if s.Incident != 0 { // shared to other programs, it is nothing to this reader
			if _, _, err := x.seenThrough(t.ctx, t.Tx, a, s.Incident); lantern.KindOf(err) == lantern.NotFound {
				s.Incident = 0
			} else if err != nil {
				return err
			}
		}
		if err := x.asSeen(t, a, &s); err != nil {
			return err
		}
		if err := store.AddRecipients(t.ctx, t.writing(), a.Member, []lantern.ID{id}, t.now); err != nil {
			return fmt.Errorf("entering a recipient: %w", err)
		}
		_, err = t.record(entry{kind: audit.Disclose, by: a, facts: facts{Signal: id, Owner: row.Member, Count: 1}})
		return err
	})
	return s, err
}

// sight reads a signal and tells how much of it the actor sees through any program:
// NotFound if nothing. Of a signal that was taken out of all the programs through which it
// is seen, the row's state is Narrowed.
func (x *Exchange) sight(ctx context.Context, tx *sqldb.Tx, a policy.Actor, id lantern.ID) (store.SignalRow, policy.Sight, error) {
	row, ok, err := store.ReadSignal(ctx, tx, id)
	if err != nil || !ok {
		if err == nil {
			err = errMissing("signal")
		}
		return row, policy.Nothing, err
	}
	sent, err := store.WasSent(ctx, tx, id, a.Member)
	if err != nil {
		return row, policy.Nothing, err
	}
	places, err := store.EveryPlacementOf(ctx, tx, id)
	if err != nil {
		return row, policy.Nothing, err
	}
	best, standing := policy.Nothing, policy.Nothing
	for _, p := range places {
		m, joined, err := store.ReadMembership(ctx, tx, p.Program, a.Member)
		if err != nil {
			return row, policy.Nothing, err
		}
		reads, err := x.readsIn(ctx, tx, a, p.Program)
		if err != nil {
			return row, policy.Nothing, err
		}
		sight := policy.See(policy.Viewed{Reader: a.Member, Reads: reads, Joined: joined && m.Left.IsZero(),
			Direction: m.Direction, Owner: row.Member, Signal: row.State, Sent: sent, Narrowed: p.Narrowed})
		if best = max(best, sight); !p.Narrowed {
			standing = max(standing, sight)
		}
	}
	row.State = policy.Shown(row.State, standing == policy.Nothing)
	if best == policy.Nothing {
		return row, best, errMissing("signal")
	}
	return row, best, nil
}

// readsIn reports whether the actor may have active signals of a program.
func (x *Exchange) readsIn(ctx context.Context, tx *sqldb.Tx, a policy.Actor, program lantern.ID) (bool, error) {
	p, _, err := store.Program(ctx, tx, program)
	return policy.Reads(a, p.Policy, x.Clock()), err
}

// tombstone is what a signal shows once it is not active: enough to mask or purge.
func tombstone(r store.SignalRow) lantern.Signal {
	return lantern.Signal{ID: r.ID, Member: r.Member, State: r.State, Draft: lantern.Draft{Type: r.Type}, Created: r.Created, Updated: r.Updated}
}

// opinion is a signal without value and note, as its row tells it.
func opinion(r store.SignalRow) (lantern.Signal, error) {
	s := lantern.Signal{ID: r.ID, Member: r.Member, State: r.State, Created: r.Created, Updated: r.Updated}
	if err := json.Unmarshal([]byte(r.Opinion), &s.Draft); err != nil {
		return s, fmt.Errorf("reading signal %s: %w", r.ID, err)
	}
	s.Type, s.Expires = r.Type, r.Expires
	return s, nil
}

// whole is everything about one signal: opinion, value unless it ended, links, programs,
// reactions.
func (x *Exchange) whole(ctx context.Context, tx *sqldb.Tx, r store.SignalRow) (lantern.Signal, error) {
	s, err := opinion(r)
	if err != nil {
		return s, err
	}
	if alive(r.State) {
		if err := x.unseal(ctx, r, &s); err != nil {
			return s, err
		}
	}
	places, err := store.PlacementsOf(ctx, tx, r.ID)
	if err != nil {
		return s, err
	}
	s.Programs = []lantern.ID{}
	for _, p := range places {
		s.Programs = append(s.Programs, p.Program)
	}
	links, err := store.LinksOf(ctx, tx, r.ID)
	if err != nil {
		return s, err
	}
	for _, l := range links {
		s.Links = append(s.Links, l.Link)
	}
	if s.Incident, err = store.IncidentOf(ctx, tx, r); err != nil {
		return s, err
	}
	counts, err := store.ReactionsTo(ctx, tx, r.ID)
	for _, c := range counts {
		if s.Reactions == nil {
			s.Reactions = map[lantern.Reaction]int{}
		}
		s.Reactions[c.Reaction] = c.Members
	}
	return s, err
}

// asSeen takes away what would tell another member of programs it is not in and of signals
// it may not know.
func (x *Exchange) asSeen(t *txn, a policy.Actor, s *lantern.Signal) error {
	programs, links := s.Programs, s.Links
	s.Programs, s.Links = []lantern.ID{}, nil
	for _, p := range programs {
		_, err := inProgram(t.ctx, t.Tx, p, a.Member)
		if err == nil {
			s.Programs = append(s.Programs, p)
		} else if lantern.KindOf(err) != lantern.NotFound {
			return err
		}
	}
	for _, l := range links {
		_, _, err := x.sight(t.ctx, t.Tx, a, l.Signal)
		if err == nil {
			s.Links = append(s.Links, l)
		} else if lantern.KindOf(err) != lantern.NotFound {
			return err
		}
	}
	return nil
}

// alive reports whether a signal has not ended.
func alive(s lantern.SignalState) bool {
	return s == lantern.Held || s == lantern.Active || s == lantern.Suspended
}

// Renew prolongs a signal after a fresh review by a person. It also reaffirms a derived
// signal that was suspended because its roots fell, and lets a held one go out: for that
// it must be another person than those who shared it.
func (x *Exchange) Renew(ctx context.Context, a policy.Actor, id lantern.ID, r lantern.Renewal) (s lantern.Signal, err error) {
	if err := policy.Can(a, policy.Renew, x.Clock()); err != nil {
		return s, err
	}
	if err := r.Validate(); err != nil {
		return s, err
	}
	if err := checkText("/basis/action", r.Basis.Action); err != nil {
		return s, err
	}
	if err := policy.MayRenew(r, x.Clock()); err != nil {
		return s, err
	}
	err = x.write(ctx, func(t *txn) error {
		row, err := x.ownSignal(t, a, id)
		if err != nil {
			return err
		}
		if !alive(row.State) {
			return lantern.Errorf(lantern.Conflict, "the signal is %s", row.State)
		}
		kind := audit.Renew
		if row.State == lantern.Held {
			kind = audit.Restore
			if err := maySecond(t, a, row, r.Basis.At); err != nil {
				return err
			}
		}
		pending, err := store.Undecided(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		if len(pending) > 0 {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "the signal is challenged", Fix: "answer the challenge"}
		}
		if err := x.applyRenewal(t, &row, r); err != nil {
			return err
		}
		if _, err := t.record(entry{kind: kind, by: a, facts: facts{Signal: id, Owner: a.Member, State: string(row.State)}}); err != nil {
			return err
		}
		s, err = x.whole(t.ctx, t.Tx, row)
		return err
	})
	return s, err
}

// maySecond refuses a person who shared or amended the held signal, and a review from before
// it was held.
func maySecond(t *txn, a policy.Actor, row store.SignalRow, looked time.Time) error {
	told, err := store.FactsOf(t.ctx, t.Tx, row.ID, row.Member)
	if err != nil {
		return err
	}
	var first []lantern.ID
	for _, text := range told {
		var f facts
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			return fmt.Errorf("reading the log of signal %s: %w", row.ID, err)
		}
		first = append(first, f.Actor)
	}
	return policy.MaySecond(a, first, looked, row.Created)
}

// ownSignal reads one of the actor's member's signals; another member's is not there.
func (x *Exchange) ownSignal(t *txn, a policy.Actor, id lantern.ID) (store.SignalRow, error) {
	row, ok, err := store.ReadSignal(t.ctx, t.Tx, id)
	if err == nil && (!ok || row.Member != a.Member) {
		err = errMissing("signal")
	}
	return row, err
}

// applyRenewal writes the new basis and expiry and puts the signal back to work.
func (x *Exchange) applyRenewal(t *txn, row *store.SignalRow, r lantern.Renewal) error {
	kind, ok := signal.Lookup(row.Type)
	if !ok {
		return fmt.Errorf("signal %s has an unknown type", row.ID)
	}
	places, err := store.PlacementsOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return err
	}
	var rules []lantern.Program
	for _, p := range places {
		program, _, err := store.Program(t.ctx, t.Tx, p.Program)
		if err != nil {
			return err
		}
		rules = append(rules, program)
	}
	if row.Expires, err = policy.Expiry(typed(kind), rules, r.Expires, t.now); err != nil {
		return err
	}
	s, err := opinion(*row)
	if err != nil {
		return err
	}
	if err := x.unseal(t.ctx, *row, &s); err != nil {
		return err
	}
	s.Draft.Basis = r.Basis
	if row.Opinion, err = encodeOpinion(&s.Draft); err != nil {
		return err
	}
	row.Content = x.contentMark(s.Note)
	back := row.State != lantern.Active
	row.State, row.Updated = lantern.Active, t.now
	if back {
		t.tellImminent(*row, nil)
	}
	// Moved first: at its old place it may not have been active for whoever read there.
	if err := movePlacements(t, places); err != nil {
		return err
	}
	if err := store.UpdateSignal(t.ctx, t.writing(), *row); err != nil {
		return fmt.Errorf("renewing a signal: %w", err)
	}
	if err := store.DropFallenRoots(t.ctx, t.writing(), row.Member, row.ID); err != nil || !back {
		return err
	}
	return settleSiblings(t, []store.SignalRow{*row}, places)
}

// Withdraw takes a signal back from everyone. With Erase its value and keys are
// destroyed at once; without, they stay sealed until the purge horizon. A signal that
// expired can be withdrawn too: others may have acted on it. Withdrawing a withdrawn
// signal again with Erase erases it; any other repetition is a Conflict.
func (x *Exchange) Withdraw(ctx context.Context, a policy.Actor, id lantern.ID, w lantern.Withdrawal) (c lantern.Correction, err error) {
	if err := w.Validate(); err != nil {
		return c, err
	}
	if err := policy.Can(a, policy.Withdraw, x.Clock()); err != nil {
		return c, err
	}
	err = x.write(ctx, func(t *txn) (err error) { c, err = x.withdraw(t, a, id, w); return err })
	return c, err
}

// withdraw is the transaction of a withdrawal.
func (x *Exchange) withdraw(t *txn, a policy.Actor, id lantern.ID, w lantern.Withdrawal) (c lantern.Correction, err error) {
	row, err := x.ownSignal(t, a, id)
	if err != nil {
		return c, err
	}
	if !takesBack(row.State, w.Erase) {
		return c, lantern.Errorf(lantern.Conflict, "the signal is %s", row.State)
	}
	f := fall{row: row, by: a, kind: lantern.CorrectionWithdrawn, reason: string(w.Reason), erase: w.Erase}
	if w.Erase {
		f.kind = lantern.CorrectionErased
	}
	return x.fell(t, f)
}

// takesBack reports whether a signal in that state can be withdrawn: one that expired too,
// for others may have acted on it; one that was withdrawn only to erase it.
func takesBack(s lantern.SignalState, erase bool) bool {
	return alive(s) || s == lantern.Expired || erase && s == lantern.Withdrawn
}
