package exchange

import (
	"context"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// React records, or with Removed takes back, one reaction to another member's signal.
// Repeating it changes nothing. The signal moves in its feeds, so that everybody learns
// of the answer.
func (x *Exchange) React(ctx context.Context, a policy.Actor, f lantern.Feedback) (lantern.Feedback, error) {
	if err := f.Validate(); err != nil {
		return f, err
	}
	if err := policy.Can(a, policy.React, x.Clock()); err != nil {
		return f, err
	}
	id, err := x.newID()
	if err != nil {
		return f, err
	}
	f.ID, f.Member = id, a.Member
	err = x.write(ctx, func(t *txn) error {
		row, sight, err := x.sight(t.ctx, t.Tx, a, f.Signal)
		if err != nil {
			return err
		}
		switch {
		case row.Member == a.Member:
			return lantern.Errorf(lantern.Conflict, "the signal is the member's own")
		case sight != policy.Whole:
			return lantern.Errorf(lantern.Conflict, "the signal is %s", row.State)
		}
		f.At = t.now
		var changed bool
		if f.Removed {
			changed, err = store.DropFeedback(t.ctx, t.writing(), f)
		} else {
			changed, err = store.PutFeedback(t.ctx, t.writing(), f)
		}
		if err != nil {
			return fmt.Errorf("storing feedback: %w", err)
		}
		if !changed {
			return nil
		}
		places, err := store.PlacementsOf(t.ctx, t.Tx, f.Signal)
		if err != nil {
			return err
		}
		if err := movePlacements(t, places); err != nil {
			return err
		}
		state := "given"
		if f.Removed {
			state = "taken back"
		} else {
			t.tell(happening{kind: lantern.FeedbackReceived, signal: f.Signal, object: f.ID, members: []lantern.ID{row.Member}})
		}
		_, err = t.record(entry{kind: audit.Feedback, by: a, facts: facts{Signal: f.Signal, Owner: row.Member, Reason: string(f.Reaction), State: state}})
		return err
	})
	return f, err
}

// Reactions lists the reactions to a signal the actor may see.
func (x *Exchange) Reactions(ctx context.Context, a policy.Actor, id lantern.ID) (list []lantern.Feedback, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, ok, err := store.ReadSignal(ctx, tx, id)
		if err != nil {
			return err
		}
		if !ok || row.Member != a.Member {
			if _, _, err := x.sight(ctx, tx, a, id); err != nil {
				return err
			}
		}
		list, err = store.Feedbacks(ctx, tx, id)
		return err
	})
	return list, err
}
