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
	"lantern/signal"
)

// OpenChallenge says that another member's signal is wrong. The signal is suspended in
// every program in the same transaction. While a challenge of the same member on it is
// undecided, opening another returns that one.
func (x *Exchange) OpenChallenge(ctx context.Context, a policy.Actor, c lantern.Challenge) (lantern.Challenge, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	if err := signal.CheckNote(c.Note); err != nil {
		return c, err
	}
	if err := policy.Can(a, policy.OpenChallenge, x.Clock()); err != nil {
		return c, err
	}
	id, err := x.newID()
	if err != nil {
		return c, err
	}
	var opened store.ChallengeRow
	err = x.write(ctx, func(t *txn) error {
		row, _, err := x.sight(t.ctx, t.Tx, a, c.Signal)
		if err != nil {
			return err
		}
		earlier, ok, err := challengeable(t, a, row)
		if ok {
			opened.Challenge, err = x.readChallenge(t.ctx, t.Tx, earlier)
		}
		if ok || err != nil {
			return err
		}
		c.ID, c.Member, c.Person, c.State, c.Opened = id, a.Member, a.Person, lantern.ChallengeOpen, t.now
		c.Deadline = policy.FirstDeadline(row.Imminent, t.now)
		c.Imminent, c.Overdue = row.Imminent, false
		opened = store.ChallengeRow{Challenge: c, Owner: row.Member}
		if opened.SealedNote, err = x.sealText(t.ctx, row, challengeAAD(c.ID, "note"), c.Note); err != nil {
			return err
		}
		if err := store.InsertChallenge(t.ctx, t.writing(), opened); err != nil {
			return fmt.Errorf("storing a challenge: %w", err)
		}
		if _, err := t.record(entry{kind: audit.Challenge, by: a, facts: facts{Object: c.ID, Signal: c.Signal, Owner: row.Member, Reason: string(c.Reason)}}); err != nil {
			return err
		}
		t.tell(happening{kind: lantern.ChallengeOpened, signal: row.ID, object: c.ID, members: []lantern.ID{row.Member, a.Member}, urgent: c.Imminent})
		return x.suspend(t, row, a, "challenged")
	})
	return opened.Challenge, err
}

// challengeable refuses what cannot be challenged, and finds the member's own undecided
// challenge if there is one.
func challengeable(t *txn, a policy.Actor, row store.SignalRow) (earlier store.ChallengeRow, found bool, err error) {
	if row.Member == a.Member {
		return earlier, false, &lantern.Error{Kind: lantern.Conflict, Field: "/signal", Reason: "the signal is the member's own", Fix: "withdraw it"}
	}
	if !alive(row.State) {
		return earlier, false, lantern.Errorf(lantern.Conflict, "the signal is %s", row.State)
	}
	pending, err := store.Undecided(t.ctx, t.Tx, row.ID)
	if err != nil {
		return earlier, false, err
	}
	for _, p := range pending {
		if p.Member == a.Member {
			return p, true, nil
		}
	}
	n, err := store.CountUndecided(t.ctx, t.Tx, a.Member)
	if err == nil && n >= policy.MaxOpenChallenges {
		err = &lantern.Error{Kind: lantern.RateLimited, Reason: "too many undecided challenges of the member", Fix: "wait until some are decided"}
	}
	return earlier, false, err
}

// suspend stops a signal from matching anywhere.
func (x *Exchange) suspend(t *txn, row store.SignalRow, by policy.Actor, reason string) error {
	if row.State != lantern.Active {
		return nil
	}
	return x.turn(t, row, lantern.Suspended, entry{kind: audit.Suspend, by: by, facts: facts{Reason: reason}})
}

// turn moves a signal to another state in every feed and records it.
func (x *Exchange) turn(t *txn, row store.SignalRow, state lantern.SignalState, e entry) error {
	return x.turnAll(t, []store.SignalRow{row}, state, e)
}

// turnAll moves signals to another state in every feed and records it, with an entry for each.
// None of them may be named twice.
func (x *Exchange) turnAll(t *txn, rows []store.SignalRow, state lantern.SignalState, e entry) error {
	ids := make([]lantern.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	every, err := store.EveryPlacementOf(t.ctx, t.Tx, ids...)
	if err != nil {
		return err
	}
	places := slices.DeleteFunc(slices.Clone(every), func(p store.Placement) bool { return p.Narrowed })
	move := places
	if state == lantern.Withdrawn || state == lantern.Erased {
		move = every // who lost it before acted on it perhaps, and must hear that it fell
	}
	// Moved first: at its old place a signal was not active for whoever read there.
	if err := movePlacements(t, move); err != nil {
		return err
	}
	if err := store.SetStates(t.ctx, t.writing(), ids, state, t.now); err != nil {
		return fmt.Errorf("moving %d signals to %s: %w", len(ids), state, err)
	}
	if err := settleSiblings(t, rows, places); err != nil {
		return err
	}
	for _, row := range rows {
		row.State = state
		t.tellImminent(row, nil)
		e.facts.Signal, e.facts.Owner, e.facts.State, e.facts.Type = row.ID, row.Member, string(state), row.Type
		if _, err := t.record(e); err != nil {
			return err
		}
	}
	return nil
}

// Challenges lists a page of the challenges the actor's member opened or must answer and, for a
// dispute officer, of those of its programs that wait for a decision: what is imminent and
// undecided first, then the oldest. A challenge that is decided between two pages may come
// twice; none is left out. A limit of 0 means [lantern.MaxPage], which is the most.
func (x *Exchange) Challenges(ctx context.Context, a policy.Actor, cursor lantern.Cursor, limit int) (page lantern.ChallengePage, err error) {
	if err := policy.Can(a, policy.ReadChallenges, x.Clock()); err != nil {
		return page, err
	}
	after, err := readChallengeCursor(cursor)
	if err != nil {
		return page, err
	}
	if limit <= 0 || limit > lantern.MaxPage {
		limit = lantern.MaxPage
	}
	officer := policy.Can(a, policy.DecideChallenge, x.Clock()) == nil
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		rows, err := store.ChallengesFor(ctx, tx, a.Member, officer, after, limit)
		if err != nil {
			return err
		}
		page.Items, page.Next = make([]lantern.Challenge, len(rows)), ""
		for i, r := range rows {
			if page.Items[i], err = x.readChallenge(ctx, tx, r); err != nil {
				return err
			}
		}
		if len(rows) == limit {
			page.Next = challengeCursor(rows[limit-1].Place())
		}
		return nil
	})
	return page, err
}

// challengeCursor writes a place in the list of challenges. It tells nothing that the list does not.
func challengeCursor(p store.ChallengePlace) lantern.Cursor {
	return lantern.Cursor(fmt.Sprintf("%d.%d.%s", p.Calm, p.Opened, p.ID))
}

func readChallengeCursor(c lantern.Cursor) (p store.ChallengePlace, err error) {
	if c == "" {
		return p, nil
	}
	var id int64
	if _, err := fmt.Sscanf(string(c), "%d.%d.%d", &p.Calm, &p.Opened, &id); err == nil {
		p.ID = lantern.ID(id)
	}
	if challengeCursor(p) != c {
		return p, &lantern.Error{Kind: lantern.Invalid, Field: "/cursor", Reason: "not a cursor of this list", Fix: "pass what the last page gave as next, or leave it out to start from the beginning"}
	}
	return p, nil
}

// readChallenge unseals what people wrote, as long as the signal's key is there.
func (x *Exchange) readChallenge(ctx context.Context, tx *sqldb.Tx, r store.ChallengeRow) (lantern.Challenge, error) {
	c := r.Challenge
	c.Overdue = c.Decided.IsZero() && !c.Deadline.After(x.Clock())
	if r.SealedNote == nil && r.SealedAnswer == nil {
		return c, nil
	}
	row, ok, err := store.ReadSignal(ctx, tx, c.Signal)
	if err != nil || !ok {
		return c, err
	}
	if c.Note, err = x.openText(ctx, row, challengeAAD(c.ID, "note"), r.SealedNote); err != nil {
		return c, err
	}
	c.Answer, err = x.openText(ctx, row, challengeAAD(c.ID, "answer"), r.SealedAnswer)
	return c, err
}

// Challenge returns one challenge the actor's member has a part in.
func (x *Exchange) Challenge(ctx context.Context, a policy.Actor, id lantern.ID) (c lantern.Challenge, err error) {
	if err := policy.Can(a, policy.ReadChallenges, x.Clock()); err != nil {
		return c, err
	}
	officer := policy.Can(a, policy.DecideChallenge, x.Clock()) == nil
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, ok, err := store.ChallengeFor(ctx, tx, a.Member, officer, id)
		if err == nil && !ok {
			err = errMissing("challenge")
		}
		if err == nil {
			c, err = x.readChallenge(ctx, tx, row)
		}
		return err
	})
	return c, err
}

// Decide answers a challenge: as the sharer, or as a dispute officer of a third member.
// What may follow is policy.Step's to say.
func (x *Exchange) Decide(ctx context.Context, a policy.Actor, id lantern.ID, d lantern.Decision) (c lantern.Challenge, err error) {
	if err := d.Validate(); err != nil {
		return c, err
	}
	if err := signal.CheckNote(d.Reason); err != nil {
		return c, (&lantern.Error{Kind: lantern.Invalid, Reason: "holds personal data", Fix: "say why without naming anybody"}).At("/reason")
	}
	err = x.write(ctx, func(t *txn) error {
		row, ok, err := store.ReadChallenge(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		challengers, err := store.Challengers(t.ctx, t.Tx, row.Signal)
		if err != nil {
			return err
		}
		part := policy.PartIn(a, row.Owner, challengers)
		if !ok || part == policy.Nobody && row.Member != a.Member {
			return errMissing("challenge")
		}
		if err := x.mayDecide(t, a, part, row); err != nil {
			return err
		}
		move, err := policy.Step(row.State, part, d.Verdict, row.Imminent, t.now)
		if err != nil {
			return err
		}
		c, err = x.move(t, a, row, move, d.Reason)
		return err
	})
	return c, err
}

// mayDecide checks the actor for the part it plays; an officer must belong to a program
// the signal is in.
func (x *Exchange) mayDecide(t *txn, a policy.Actor, part policy.Part, row store.ChallengeRow) error {
	if part != policy.Officer {
		return policy.Can(a, policy.AnswerChallenge, t.now)
	}
	if err := policy.Can(a, policy.DecideChallenge, t.now); err != nil {
		return err
	}
	places, err := store.PlacementsOf(t.ctx, t.Tx, row.Signal)
	if err != nil {
		return err
	}
	for _, p := range places {
		_, err := inProgram(t.ctx, t.Tx, p.Program, a.Member)
		if err == nil || lantern.KindOf(err) != lantern.NotFound {
			return err
		}
	}
	return errMissing("challenge")
}

// move carries out what the state machine decided.
func (x *Exchange) move(t *txn, a policy.Actor, c store.ChallengeRow, m policy.Move, answer string) (lantern.Challenge, error) {
	c.State, c.Deadline, c.Answer = m.State, m.Deadline, answer
	if m.Falls || m.Stands {
		c.Decided = t.now
		t.tellDecided(c)
	} else if c.State == lantern.ChallengeDisputed {
		if err := t.tellWaits(c); err != nil {
			return c.Challenge, err
		}
	}
	row, ok, err := store.ReadSignal(t.ctx, t.Tx, c.Signal)
	if err != nil || !ok {
		return c.Challenge, err
	}
	if answer != "" {
		if c.SealedAnswer, err = x.sealText(t.ctx, row, challengeAAD(c.ID, "answer"), answer); err != nil {
			return c.Challenge, err
		}
	}
	if err := store.UpdateChallenge(t.ctx, t.writing(), c); err != nil {
		return c.Challenge, fmt.Errorf("moving a challenge: %w", err)
	}
	_, err = t.record(entry{kind: audit.Decide, by: a, facts: facts{Object: c.ID, Signal: c.Signal, Owner: c.Owner, State: string(c.State)}})
	if err != nil {
		return c.Challenge, err
	}
	switch {
	case m.Falls && (alive(row.State) || row.State == lantern.Expired):
		_, err = x.fell(t, fall{row: row, by: a, kind: lantern.CorrectionUpheld, reason: string(c.Reason)})
	case m.Stands && row.State == lantern.Suspended:
		err = x.restore(t, a, row)
	}
	return c.Challenge, err
}

// tellDecided tells both parties of a challenge.
func (t *txn) tellDecided(c store.ChallengeRow) {
	t.tell(happening{kind: lantern.ChallengeDecided, signal: c.Signal, object: c.ID, members: []lantern.ID{c.Owner, c.Member}, urgent: c.Imminent})
}

// restore lets a signal match again once nothing speaks against it.
func (x *Exchange) restore(t *txn, a policy.Actor, row store.SignalRow) error {
	pending, err := store.Undecided(t.ctx, t.Tx, row.ID)
	if err != nil || len(pending) > 0 {
		return err
	}
	if !row.Expires.After(t.now) {
		return x.expire(t, []store.SignalRow{row})
	}
	orphaned, err := store.Orphaned(t.ctx, t.Tx, row.ID)
	if err != nil || orphaned {
		return err // its owner has yet to reaffirm it
	}
	return x.turn(t, row, lantern.Active, entry{kind: audit.Restore, by: a})
}
