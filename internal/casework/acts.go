package casework

import (
	"context"
	"fmt"
	"io"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// maxActs bounds the list of acts.
const maxActs = 1000

// PutAct keeps an act, or adds to it. about says what it belongs to and how much it decides.
// [Desk.RecordAct] must follow in the same transaction.
func (w *Desk) PutAct(ctx context.Context, tx *sqldb.Tx, d agentstore.Deciding, about lantern.Act, challenge lantern.ID) error {
	about.ID, about.Person, about.At = d.Act, d.Person, d.At
	about.Decision, about.Reason = d.Decision, d.Reason
	row := agentstore.ActRow{Act: about, Challenge: challenge, Salt: make([]byte, 32)}
	if _, err := io.ReadFull(w.Random, row.Salt); err != nil {
		return fmt.Errorf("drawing a salt: %w", err)
	}
	return agentstore.PutAct(ctx, tx, row)
}

// RecordAct appends the entry of an act, as it is stored by then, to the agent's own log: what is
// shown of the act is held to the digest in its newest entry.
func (w *Desk) RecordAct(ctx context.Context, tx *sqldb.Tx, id lantern.ID, who, what map[string]any) error {
	row, found, err := agentstore.LoadAct(ctx, tx, id)
	if err == nil && !found {
		err = lantern.Errorf(lantern.NotFound, "no such act")
	}
	if err != nil {
		return fmt.Errorf("reading an act that is recorded: %w", err)
	}
	what["act"], what["row"] = id, row.Digest()
	return w.Record(ctx, tx, audit.Decide, who, what)
}

// Acts lists the acts that can still be undone, and those that were, of the last
// [lantern.UndoWindow], the newest first, at most a thousand.
func (w *Desk) Acts(ctx context.Context) ([]lantern.Act, error) {
	acts := []lantern.Act{}
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := agentstore.LoadActs(ctx, tx, w.Clock().Add(-lantern.UndoWindow), maxActs)
		for _, r := range rows {
			acts = append(acts, r.Act)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing acts: %w", err)
	}
	return acts, nil
}

// Undo puts back exactly what was before an act, in one transaction, for whoever of the
// member's people asks within [lantern.UndoWindow]. It is refused (Conflict) when that
// would not be exact: a later act decided one of the same again, or an outcome counted one
// of them, or a challenge was opened, which others decide. Feedback that was not sent is
// forgotten; what was sent is taken back at the exchange, with this call or the next of a
// person who may react. What another decided is undone by whoever may decide the same; one's own
// mistake by oneself. Undoing twice changes nothing.
func (w *Desk) Undo(ctx context.Context, who policy.Actor, id lantern.ID) (lantern.Act, error) {
	var act agentstore.ActRow
	err := w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var found bool
		var err error
		if act, found, err = agentstore.LoadAct(ctx, tx, id); err != nil {
			return err
		}
		if !found {
			return lantern.Errorf(lantern.NotFound, "no such act")
		}
		if !act.Undone.IsZero() {
			return nil
		}
		if err := w.mayUndo(ctx, tx, who, act); err != nil {
			return err
		}
		now := w.Clock()
		if err := w.undo(ctx, tx, act, who.Person); err != nil {
			return err
		}
		act.Undone, act.UndoneBy = now, who.Person
		return nil
	})
	if err != nil {
		return lantern.Act{}, fmt.Errorf("undoing an act: %w", err)
	}
	return act.Act, nil
}

// mayUndo refuses what could not be put back exactly, and whoever may not decide what another did.
func (w *Desk) mayUndo(ctx context.Context, tx *sqldb.Tx, who policy.Actor, act agentstore.ActRow) error {
	conflict := func(reason, fix string) error {
		return &lantern.Error{Kind: lantern.Conflict, Reason: reason, Fix: fix}
	}
	switch {
	case act.Challenge != 0:
		return conflict("it opened a challenge: the signal is suspended everywhere, and others decide", "see challenge list")
	case !w.Clock().Before(act.Until):
		return conflict("it is too late to undo it", "decide again: the later decision counts")
	case act.Case != 0:
		if _, err := OpenCase(ctx, tx, act.Case); err != nil {
			return err
		}
	}
	if act.Person != who.Person {
		if err := w.mayDecideAct(ctx, tx, who, &act); err != nil {
			return err
		}
	}
	later, counted, err := agentstore.DecidedAgain(ctx, tx, act)
	switch {
	case err != nil:
		return err
	case later > 0:
		return conflict(fmt.Sprintf("a later act decided %d of the same again", later), "undo that one first")
	case counted > 0:
		return conflict(fmt.Sprintf("an outcome counted %d of the accounts", counted), "correct the outcome, and decide again")
	}
	return nil
}

// undo does it, with its entry in the log and on the timeline.
func (w *Desk) undo(ctx context.Context, tx *sqldb.Tx, act agentstore.ActRow, person lantern.ID) error {
	now := w.Clock()
	if err := agentstore.UndoAct(ctx, tx, act, person, now); err != nil {
		return err
	}
	for _, d := range []lantern.HitDecision{lantern.Confirmed, lantern.NotHere} {
		if err := agentstore.UnoweReactions(ctx, tx, act.ID, ReactionTo(d), d); err != nil {
			return err
		}
	}
	incidents, err := agentstore.ActIncidents(ctx, tx, act.ID)
	if err == nil {
		err = agentstore.LeadIncidents(ctx, tx, incidents)
	}
	if err == nil {
		err = agentstore.DropBefore(ctx, tx, act.ID)
	}
	if err == nil && act.Case != 0 {
		err = agentstore.AddCaseEvent(ctx, tx, act.Case, lantern.CaseEvent{Kind: lantern.CaseUndone, Person: person, Object: act.ID, Count: act.Count, At: now})
	}
	if err != nil {
		return err
	}
	return w.RecordAct(ctx, tx, act.ID, map[string]any{"person": person},
		map[string]any{"undone": true, "case": act.Case, "count": act.Count})
}

// Tidy forgets what cannot be undone any more and previews that are of no use, and lets
// proposals lapse. The agent calls it every minute; twice changes nothing.
func (w *Desk) Tidy(ctx context.Context) error {
	err := w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.ForgetBefore(ctx, tx, w.Clock().Add(-lantern.UndoWindow)); err != nil {
			return err
		}
		// A preview may be proposed as long as it lives, and the proposal waits as long again.
		if err := agentstore.ForgetBulks(ctx, tx, w.Clock().Add(-lantern.PreviewLife-lantern.ProposalLife)); err != nil {
			return err
		}
		return w.lapse(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("tidying up after acts: %w", err)
	}
	return nil
}
