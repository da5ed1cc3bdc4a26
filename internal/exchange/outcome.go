package exchange

import (
	"context"
	"encoding/base64"
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
// the same kind is one entry: the earlier one is returned. Accounts given as tokens count
// once for the member, program and kind, and once for each signal that led to them.
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
	tokens := make([][]byte, len(o.Tokens))
	for i, t := range o.Tokens {
		if tokens[i], err = base64.RawURLEncoding.DecodeString(t); err != nil {
			return o, fmt.Errorf("reading a token that was checked: %w", err)
		}
	}
	o.Member, o.Tokens = a.Member, nil
	slices.Sort(o.Signals)
	o.Signals = slices.Compact(o.Signals)
	err = x.write(ctx, func(t *txn) error {
		earlier, ok, err := store.SameOutcome(t.ctx, t.Tx, o)
		if err != nil {
			return err
		}
		if ok {
			o.ID, o.At, o.Counted = earlier.ID, earlier.At, earlier.Counted
			return nil
		}
		o.ID, o.At = id, t.now
		program, err := x.checkOutcome(t, a, o)
		if err != nil {
			return err
		}
		taken := tokens
		if o.Count < 0 {
			if o.Signals, taken, err = store.TakenBack(t.ctx, t.Tx, o, tokens); err != nil {
				return err
			}
		}
		if o.Counted, err = store.EnterOutcome(t.ctx, t.writing(), o, taken); err != nil {
			return fmt.Errorf("storing an outcome: %w", err)
		}
		for _, s := range o.Signals {
			if program.Policy.OutcomeDelay > 0 {
				break // an event would tell at once what sums tell later
			}
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

// checkOutcome holds an entry to what its member was sent and to the signals' programs or, if
// it corrects an earlier one, to what is left of that. It returns the program.
func (x *Exchange) checkOutcome(t *txn, a policy.Actor, o lantern.Outcome) (lantern.Program, error) {
	if _, err := inProgram(t.ctx, t.Tx, o.Program, a.Member); err != nil {
		return lantern.Program{}, err
	}
	for i, s := range o.Signals {
		sent, err := store.WasSent(t.ctx, t.Tx, s, a.Member)
		if err != nil {
			return lantern.Program{}, err
		}
		if !sent {
			return lantern.Program{}, &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/signals/%d", i), Reason: "no such signal was sent to the member"}
		}
		if o.Corrects != 0 {
			continue // of its program; see policy.MayCorrect
		}
		if err := wasIn(t, o.Program, s, fmt.Sprintf("/signals/%d", i)); err != nil {
			return lantern.Program{}, err
		}
	}
	if o.Corrects != 0 {
		if err := checkCorrects(t, a, o); err != nil {
			return lantern.Program{}, err
		}
	}
	program, _, err := store.Program(t.ctx, t.Tx, o.Program)
	if err == nil {
		err = policy.NeedsSecond(program.Policy, o)
	}
	if err == nil && o.Attestation != nil && o.Attestation.Second != 0 {
		err = checkSecond(t, a, o.Attestation.Second)
	}
	return program, err
}

// wasIn refuses an outcome in a program that its signal neither is nor was in: sums are told
// as late as the outcome's program wants, and the signal's may want them later. Of a
// signal whose last tombstone is purged it is not known any more.
func wasIn(t *txn, program, signal lantern.ID, field string) error {
	places, err := store.EveryPlacementOf(t.ctx, t.Tx, signal)
	if err != nil || len(places) == 0 || slices.ContainsFunc(places, func(p store.Placement) bool { return p.Program == program }) {
		return err
	}
	return &lantern.Error{Kind: lantern.Conflict, Field: field, Reason: "the signal is not in that program",
		Fix: "name a program of the signal's, and record what rests on others' signals apart"}
}

// checkSecond holds who approved an outcome to what whoever attests one must be. That they
// agreed is the member's word.
func checkSecond(t *txn, a policy.Actor, id lantern.ID) error {
	p, ok, err := store.Person(t.ctx, t.Tx, id)
	if err != nil {
		return err
	}
	if !ok || p.Member != a.Member || !slices.Contains(p.Roles, lantern.Investigator) || !p.Trained.After(t.now) {
		return &lantern.Error{Kind: lantern.Forbidden, Field: "/attestation/approved_by", Reason: "not a trained investigator of the member",
			Fix: "the second person needs the role and the training of the first"}
	}
	return nil
}

// checkCorrects holds an entry that takes something back to what it takes it from.
func checkCorrects(t *txn, a policy.Actor, o lantern.Outcome) error {
	earlier, ok, err := store.Outcome(t.ctx, t.Tx, o.Corrects)
	if err != nil || !ok || earlier.Member != a.Member {
		if err == nil {
			err = policy.ErrCorrects
		}
		return err
	}
	if earlier.Signals, err = store.OutcomeSignals(t.ctx, t.Tx, o.Corrects); err != nil {
		return err
	}
	left, err := store.LeftOf(t.ctx, t.Tx, earlier)
	if err != nil {
		return err
	}
	return policy.MayCorrect(o, earlier, left)
}

// Outcomes lists a page of the ledger of the actor's member, oldest first: what was recorded
// after an entry, 0 for the oldest, at most [lantern.MaxPage], as with limit 0.
func (x *Exchange) Outcomes(ctx context.Context, a policy.Actor, after lantern.ID, limit int) (list []lantern.Outcome, err error) {
	if err := policy.Can(a, policy.ReadOutcomes, x.Clock()); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > lantern.MaxPage {
		limit = lantern.MaxPage
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list, err = store.Outcomes(ctx, tx, a.Member, after, limit)
		return err
	})
	return list, err
}

// OutcomeTotals sums for a signal's owner what others did because of it: ranges of how many
// members and how many acts of each kind, never who, as late as each program wants.
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
		programs, err := store.ProgramsOfOutcomes(ctx, tx, id, a.Member)
		if err != nil {
			return err
		}
		now := x.Clock().UTC()
		through := now
		var sums []policy.OutcomeSum
		for _, p := range programs {
			program, _, err := store.Program(ctx, tx, p)
			if err != nil {
				return err
			}
			entries, corrections := policy.Horizon(now, program.Policy.OutcomeDelay)
			if entries.Before(through) {
				through = entries
			}
			part, err := store.OutcomesOf(ctx, tx, id, a.Member, p, entries, corrections)
			if err != nil {
				return err
			}
			sums = append(sums, part...)
		}
		o = lantern.OutcomeTotals{Signal: id, Sums: policy.Publish(sums, through)}
		return nil
	})
	return o, err
}

// ProgramOutcomes sums for a member of a program what the other members did because of its
// signals.
func (x *Exchange) ProgramOutcomes(ctx context.Context, a policy.Actor, id lantern.ID) (o lantern.ProgramOutcomes, err error) {
	if err := policy.Can(a, policy.ReadOutcomes, x.Clock()); err != nil {
		return o, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		if _, err := inProgram(ctx, tx, id, a.Member); err != nil {
			return err
		}
		program, _, err := store.Program(ctx, tx, id)
		if err != nil {
			return err
		}
		entries, corrections := policy.Horizon(x.Clock(), program.Policy.OutcomeDelay)
		sums, err := store.OutcomesIn(ctx, tx, id, a.Member, entries, corrections)
		o = lantern.ProgramOutcomes{Program: id, Sums: policy.Publish(sums, entries)}
		return err
	})
	return o, err
}
