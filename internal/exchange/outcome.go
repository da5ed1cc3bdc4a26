package exchange

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// RecordOutcome enters what the actor's member did because of signals. Only a person may,
// and only under that person's own attestation. The same decision list counted twice for
// the same kind is one entry: the earlier one is returned.
func (x *Exchange) RecordOutcome(ctx context.Context, a policy.Actor, o lantern.Outcome) (lantern.Outcome, error) {
	if err := o.Validate(); err != nil {
		return o, err
	}
	if err := policy.Can(a, policy.RecordOutcome, x.Clock()); err != nil {
		return o, err
	}
	if o.Attestation != nil && o.Attestation.Person != a.Person {
		return o, &lantern.Error{Kind: lantern.Forbidden, Field: "/attestation/person", Reason: "only the attesting person may record it", Fix: "use that person's key"}
	}
	id, err := x.newID()
	if err != nil {
		return o, err
	}
	o.Member = a.Member
	slices.Sort(o.Signals)
	o.Signals = slices.Compact(o.Signals)
	err = x.write(ctx, func(t *txn) error {
		earlier, ok, err := store.SameOutcome(t.ctx, t.Tx, o)
		if err != nil {
			return err
		}
		if ok {
			o.ID, o.At = earlier.ID, earlier.At
			return nil
		}
		o.ID, o.At = id, t.now
		if err := x.checkOutcome(t, a, o); err != nil {
			return err
		}
		if err := store.InsertOutcome(t.ctx, t.writing(), o); err != nil {
			return fmt.Errorf("storing an outcome: %w", err)
		}
		for _, s := range o.Signals {
			// The outcome itself is its member's own: the sharer sees the signal's sums.
			t.tell(happening{kind: lantern.OutcomeReceived, signal: s, object: s})
		}
		f := facts{Object: o.ID, Programs: []lantern.ID{o.Program}, Reason: string(o.Kind), Count: o.Count}
		if o.Attestation != nil {
			f.Digest = o.Attestation.Digest
		}
		_, err = t.record(entry{kind: audit.Outcome, by: a, facts: f})
		return err
	})
	return o, err
}

// checkOutcome holds an entry to what its member was sent and, if it corrects an earlier
// one, to what is left of that.
func (x *Exchange) checkOutcome(t *txn, a policy.Actor, o lantern.Outcome) error {
	if _, err := inProgram(t.ctx, t.Tx, o.Program, a.Member); err != nil {
		return err
	}
	for i, s := range o.Signals {
		sent, err := store.WasSent(t.ctx, t.Tx, s, a.Member)
		if err != nil {
			return err
		}
		if !sent {
			return &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/signals/%d", i), Reason: "no such signal was sent to the member"}
		}
	}
	if o.Corrects == 0 {
		return nil
	}
	earlier, ok, err := store.Outcome(t.ctx, t.Tx, o.Corrects)
	if err != nil {
		return err
	}
	if !ok || earlier.Member != a.Member || earlier.Kind != o.Kind && o.Kind != lantern.Reversed {
		return &lantern.Error{Kind: lantern.NotFound, Field: "/corrects", Reason: "no such outcome of the member and kind"}
	}
	done, err := store.Corrected(t.ctx, t.Tx, o.Corrects)
	if err != nil {
		return err
	}
	if o.Count < 0 && earlier.Count+done+o.Count < 0 {
		return &lantern.Error{Kind: lantern.Conflict, Field: "/count", Reason: "takes back more than was counted"}
	}
	return nil
}

// Outcomes lists the ledger of the actor's member.
func (x *Exchange) Outcomes(ctx context.Context, a policy.Actor) (list []lantern.Outcome, err error) {
	if err := policy.Can(a, policy.ReadOutcomes, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list, err = store.Outcomes(ctx, tx, a.Member)
		return err
	})
	return list, err
}

// OutcomeTotals sums for a signal's owner what others did because of it: how many members
// and how many acts of each kind, never who.
func (x *Exchange) OutcomeTotals(ctx context.Context, a policy.Actor, id lantern.ID) (o lantern.OutcomeTotals, err error) {
	if err := policy.Can(a, policy.ReadOutcomes, x.Clock()); err != nil {
		return o, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, ok, err := store.ReadSignal(ctx, tx, id)
		if err != nil {
			return err
		}
		if !ok || row.Member != a.Member {
			return errMissing("signal")
		}
		sums, err := store.OutcomesOf(ctx, tx, id)
		o = lantern.OutcomeTotals{Signal: id, Counts: map[lantern.OutcomeKind]int{}}
		members := map[lantern.ID]bool{}
		for _, s := range sums {
			members[s.Member] = true
			o.Counts[s.Kind] += s.Count
		}
		o.Members = len(members)
		return err
	})
	return o, err
}
