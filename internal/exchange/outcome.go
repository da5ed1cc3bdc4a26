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
		if err := x.enter(t, &o, tokens); err != nil {
			return err
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

// enter works out what an entry adds to the sums, and stores it.
func (x *Exchange) enter(t *txn, o *lantern.Outcome, tokens [][]byte) error {
	root := o.At
	credits := store.Credits{}
	var err error
	if o.Corrects != 0 {
		if root, err = store.RootAt(t.ctx, t.Tx, o.Corrects); err != nil {
			return fmt.Errorf("reading what an outcome corrects: %w", err)
		}
	}
	earlier := *o
	if o.Count < 0 {
		earlier.ID = o.Corrects
		if tokens, err = takenBack(t, earlier, o, tokens); err != nil {
			return err
		}
	}
	o.Counted = o.Count
	for _, s := range o.Signals {
		credits[s] = o.Count
	}
	if len(tokens) > 0 {
		if o.Count < 0 {
			if _, err := store.DropTokens(t.ctx, t.writing(), earlier, tokens); err != nil {
				return fmt.Errorf("taking accounts back: %w", err)
			}
		}
		// Before they are entered, or after they were dropped: those that stand otherwise.
		known, by, err := store.Known(t.ctx, t.Tx, *o, tokens)
		if err != nil {
			return err
		}
		sign := o.Count / max(o.Count, -o.Count)
		o.Counted -= sign * known
		for _, s := range o.Signals {
			credits[s] -= sign * by[s]
		}
	}
	if err := store.InsertOutcome(t.ctx, t.writing(), *o, credits, root); err != nil {
		return fmt.Errorf("storing an outcome: %w", err)
	}
	if o.Count > 0 {
		if err := store.InsertTokens(t.ctx, t.writing(), *o, tokens); err != nil {
			return fmt.Errorf("storing tokens: %w", err)
		}
	}
	return nil
}

// takenBack says which accounts a negative entry takes out of an earlier one: those it
// names, else any, none if the earlier one was a stated count.
func takenBack(t *txn, earlier lantern.Outcome, o *lantern.Outcome, tokens [][]byte) ([][]byte, error) {
	have, err := store.TokensOf(t.ctx, t.Tx, earlier, lantern.MaxTokens)
	if err != nil {
		return nil, err
	}
	in := make(map[string]bool, len(have))
	for _, h := range have {
		in[string(h)] = true
	}
	for i, h := range tokens {
		if !in[string(h)] {
			return nil, &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/tokens/%d", i), Reason: "the corrected outcome counts no such account"}
		}
	}
	if len(have) == 0 {
		return nil, nil
	}
	signals, err := store.OutcomeSignals(t.ctx, t.Tx, earlier.ID)
	if err != nil {
		return nil, err
	}
	o.Signals = signals // an account is taken back from all the signals it was counted for
	if len(tokens) > 0 {
		return tokens, nil
	}
	return have[:min(len(have), -o.Count)], nil
}

// checkOutcome holds an entry to what its member was sent and, if it corrects an earlier
// one, to what is left of that. It returns the program.
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
	}
	if o.Corrects != 0 {
		if err := checkCorrects(t, a, o); err != nil {
			return lantern.Program{}, err
		}
	}
	program, _, err := store.Program(t.ctx, t.Tx, o.Program)
	return program, err
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
