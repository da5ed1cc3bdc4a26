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

// fall says which signal falls, by whom and why.
type fall struct {
	row    store.SignalRow
	by     policy.Actor
	kind   lantern.CorrectionKind
	reason string
	erase  bool
}

// fell carries out the fall of a signal: tombstone in every feed, a correction with a
// duty for everyone ever sent it, its challenges settled, signals that rested on it alone
// suspended, and with erase its bytes destroyed.
func (x *Exchange) fell(t *txn, f fall) (lantern.Correction, error) {
	sent, err := store.Recipients(t.ctx, t.Tx, f.row.ID)
	if err != nil {
		return lantern.Correction{}, err
	}
	c, err := x.openCorrection(t, f.row, lantern.Correction{Kind: f.kind}, sent)
	if err != nil {
		return c, err
	}
	pending, err := store.Undecided(t.ctx, t.Tx, f.row.ID)
	if err != nil {
		return c, err
	}
	for _, p := range pending {
		p.State, p.Decided = lantern.ChallengeUpheld, t.now
		if err := store.UpdateChallenge(t.ctx, t.writing(), p); err != nil {
			return c, fmt.Errorf("settling a challenge: %w", err)
		}
		if _, err := t.record(entry{kind: audit.Decide, by: f.by, facts: facts{Object: p.ID, Signal: p.Signal, Owner: p.Owner, State: string(p.State)}}); err != nil {
			return c, err
		}
		t.tellDecided(p)
	}
	if f.kind == lantern.CorrectionUpheld || len(pending) > 0 {
		if err := x.remember(t, f.row); err != nil {
			return c, err
		}
	}
	state, kind := lantern.Withdrawn, audit.Withdraw
	if f.erase {
		state, kind = lantern.Erased, audit.Erase
	}
	if err := x.turn(t, f.row, state, entry{kind: kind, by: f.by, facts: facts{Object: c.ID, Reason: f.reason}}); err != nil {
		return c, err
	}
	if err := x.orphan(t, []lantern.ID{f.row.ID}); err != nil {
		return c, err
	}
	if f.erase {
		places, err := store.EveryPlacementOf(t.ctx, t.Tx, f.row.ID)
		if err != nil {
			return c, err
		}
		if err := moveBeside(t, places...); err != nil {
			return c, err
		}
		if err := x.erase(t, f.row); err != nil {
			return c, err
		}
	}
	return c, nil
}

// openCorrection enters who must acknowledge: those whom the signal was sent to. c says the
// kind and, of a narrowing, the program.
func (x *Exchange) openCorrection(t *txn, row store.SignalRow, c lantern.Correction, sent []store.Recipient) (lantern.Correction, error) {
	id, err := x.newID()
	if err != nil {
		return lantern.Correction{}, err
	}
	c.ID, c.Signal, c.Type, c.Opened, c.Recipients = id, row.ID, row.Type, t.now, []lantern.Receivership{}
	for _, r := range sent {
		if r.Member != row.Member {
			c.Recipients = append(c.Recipients, lantern.Receivership{Member: r.Member, Sent: r.Sent})
		}
	}
	if err := store.InsertCorrection(t.ctx, t.writing(), store.CorrectionRow{Correction: c, Owner: row.Member}); err != nil {
		return c, fmt.Errorf("opening a correction: %w", err)
	}
	told := happening{kind: lantern.CorrectionOpened, signal: row.ID, object: c.ID}
	if c.Program != 0 {
		told.places = []lantern.ID{c.Program}
	}
	for _, r := range c.Recipients {
		told.members = append(told.members, r.Member)
	}
	t.tell(told)
	return c, nil
}

// markMonths is how long a value that fell to a challenge is remembered, as a keyed mark,
// so that it cannot be shared again unseen.
const markMonths = 12

// mark is a value's keyed mark, made for this one purpose.
func (x *Exchange) mark(t lantern.SignalType, canonical string) []byte {
	sum := x.Sealer.Index("marker", string(t), canonical)
	return sum[:]
}

// remember marks the value of a signal that fell to a challenge, if it is not erased yet.
func (x *Exchange) remember(t *txn, row store.SignalRow) error {
	if row.Wrapped == nil {
		return nil
	}
	var s lantern.Signal
	if err := x.unseal(t.ctx, row, &s); err != nil {
		return err
	}
	value, err := shownValue(&s)
	if err != nil {
		return err
	}
	if err := store.AddMarker(t.ctx, t.writing(), row.Type, x.mark(row.Type, value), t.now.AddDate(0, markMonths, 0)); err != nil {
		return fmt.Errorf("marking a value: %w", err)
	}
	return nil
}

// orphan suspends the signals that were derived from those that ended and have no other root
// standing, until their owners reaffirm them by renewal.
func (x *Exchange) orphan(t *txn, roots []lantern.ID) error {
	derived, err := store.Derived(t.ctx, t.Tx, roots)
	if err != nil {
		return err
	}
	for _, id := range derived {
		orphaned, err := store.Orphaned(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		row, ok, err := store.ReadSignal(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		if ok && orphaned {
			if err := x.suspend(t, row, policy.Actor{}, "root fell"); err != nil {
				return err
			}
		}
	}
	return nil
}

// correctionsOf is whose corrections an actor may read: 0, everyone's, for a steward.
func (x *Exchange) correctionsOf(a policy.Actor) (lantern.ID, error) {
	if policy.Can(a, policy.ReadAllCorrections, x.Clock()) == nil {
		return 0, nil
	}
	return a.Member, policy.Can(a, policy.ReadCorrections, x.Clock())
}

// Corrections lists a page of what the actor's member must acknowledge and what it caused,
// for the steward of everything, oldest first.
func (x *Exchange) Corrections(ctx context.Context, a policy.Actor, f lantern.CorrectionFilter) (list []lantern.Correction, err error) {
	member, err := x.correctionsOf(a)
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 || f.Limit > lantern.MaxPage {
		f.Limit = lantern.MaxPage
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list = []lantern.Correction{}
		for after, more := f.After, true; more; {
			// All that is wanted of a page is late at once, or nearly all: few pages are read.
			rows, err := correctionRows(ctx, tx, a.Member, member, after, f)
			if err != nil {
				return err
			}
			for _, r := range rows {
				after = r.ID
				if c := x.shown(r, a.Member, member == 0); !f.Overdue || overdue(c) {
					list = append(list, c)
				}
				if len(list) == f.Limit {
					return nil
				}
			}
			more = len(rows) == f.Limit
		}
		return nil
	})
	return list, err
}

// correctionRows reads the corrections after one that may be what a filter asks for.
func correctionRows(ctx context.Context, tx *sqldb.Tx, own, readable, after lantern.ID, f lantern.CorrectionFilter) ([]store.CorrectionRow, error) {
	if f.Waiting {
		return store.CorrectionsOwed(ctx, tx, own, after, f.Limit)
	}
	return store.CorrectionsFor(ctx, tx, readable, after, f.Overdue, f.Limit)
}

// overdue reports whether somebody whom the reader sees is late.
func overdue(c lantern.Correction) bool {
	return slices.ContainsFunc(c.Recipients, func(r lantern.Receivership) bool { return r.Overdue })
}

// shown cuts a correction to what the reader may see: the whole map of duties for the
// sharer and the steward, the own row for a recipient.
func (x *Exchange) shown(r store.CorrectionRow, reader lantern.ID, all bool) lantern.Correction {
	c := r.Correction
	c.Recipients = []lantern.Receivership{}
	all = all || r.Owner == reader
	for _, d := range r.Recipients {
		if all || d.Member == reader {
			d.Overdue = policy.Overdue(d, c.Opened, x.Clock())
			c.Recipients = append(c.Recipients, d)
		}
	}
	if !all {
		c.Repeat = 0
		return c
	}
	p := policy.ProgressOf(c)
	c.Progress = &p
	return c
}

// Correction returns one of those that [Exchange.Corrections] lists.
func (x *Exchange) Correction(ctx context.Context, a policy.Actor, id lantern.ID) (c lantern.Correction, err error) {
	member, err := x.correctionsOf(a)
	if err != nil {
		return c, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, ok, err := store.ReadCorrection(ctx, tx, id)
		if err != nil {
			return err
		}
		c = x.shown(row, a.Member, member == 0)
		if !ok || member != 0 && row.Owner != member && len(c.Recipients) == 0 {
			return errMissing("correction")
		}
		return nil
	})
	return c, err
}

// Acknowledge records that the actor's member masked or purged a fallen signal: what its
// software says, or what a trained person attests. Purged implies masked. A step
// acknowledged twice keeps its first time.
func (x *Exchange) Acknowledge(ctx context.Context, a policy.Actor, ack lantern.Ack) (c lantern.Correction, err error) {
	if err := ack.Validate(); err != nil {
		return c, err
	}
	if err := policy.Can(a, policy.Acknowledge, x.Clock()); err != nil {
		return c, err
	}
	how, err := policy.MayAcknowledge(a, x.Clock())
	if err != nil {
		return c, err
	}
	err = x.write(ctx, func(t *txn) error {
		row, ok, err := store.ReadCorrection(t.ctx, t.Tx, ack.Correction)
		if err != nil {
			return err
		}
		var duty *lantern.Receivership
		for i := range row.Recipients {
			if row.Recipients[i].Member == a.Member {
				duty = &row.Recipients[i]
			}
		}
		if !ok || duty == nil {
			return errMissing("correction")
		}
		before := *duty
		if duty.Masked.IsZero() {
			duty.Masked, duty.MaskedHow = t.now, how
		}
		if ack.Step == lantern.AckPurged && duty.Purged.IsZero() {
			duty.Purged, duty.PurgedHow = t.now, how
		}
		c = x.shown(row, a.Member, false)
		if *duty == before {
			return nil
		}
		if err := store.Acknowledge(t.ctx, t.writing(), ack.Correction, *duty, a.Person); err != nil {
			return fmt.Errorf("storing an acknowledgement: %w", err)
		}
		_, err = t.record(entry{kind: audit.Acknowledge, by: a, facts: facts{Object: ack.Correction, Signal: row.Signal, Owner: row.Owner, State: string(ack.Step), Reason: string(how)}})
		return err
	})
	return c, err
}
