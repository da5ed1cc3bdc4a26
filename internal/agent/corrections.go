package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// owe opens the review task of a correction, with the list of what rested on the signal,
// and notes the two acknowledgements. It must run before the hits are void.
func (e *edit) owe(ctx context.Context, tx *sqldb.Tx, c *lantern.Change, known, imminent bool) error {
	t := agentstore.TaskRow{Correction: c.Correction, Signal: c.Signal.ID, Opened: e.now, Imminent: imminent, Kind: lantern.CorrectionWithdrawn}
	if c.Signal.State == lantern.Erased {
		t.Kind = lantern.CorrectionErased
	}
	hits, accounts, err := agentstore.HitAccounts(ctx, tx, c.Signal.ID)
	if err != nil {
		return err
	}
	t.Hits = hits
	cases, only, err := agentstore.CasesOn(ctx, tx, c.Signal.ID)
	if err != nil {
		return err
	}
	for _, id := range cases {
		event := lantern.CaseEvent{Kind: lantern.CaseCorrected, Object: c.Correction, Word: string(t.Kind), At: e.now}
		if err := agentstore.RaiseCaseEvent(ctx, tx, id, event); err != nil {
			return err
		}
		linked, err := casework.Descendants(ctx, tx, id, accounts, only[id])
		if err != nil {
			return err
		}
		accounts = append(accounts, linked...)
	}
	slices.Sort(accounts)
	outcomes, err := agentstore.OutcomesOn(ctx, tx, c.Signal.ID)
	if err != nil {
		return err
	}
	if t.Accounts, err = jsonList(slices.Compact(accounts)); err != nil {
		return err
	}
	if t.Cases, err = jsonList(cases); err != nil {
		return err
	}
	if t.Outcomes, err = jsonList(outcomes); err != nil {
		return err
	}
	fresh, err := agentstore.InsertTask(ctx, tx, t)
	if err != nil {
		return err
	}
	if fresh && (t.Hits > 0 || t.Accounts != "[]" || t.Cases != "[]" || t.Outcomes != "[]") {
		if err := e.a.queue.Tell(ctx, tx, e.now, queue.Event{Kind: lantern.TaskOpened, Object: c.Correction, Signal: c.Signal.ID}); err != nil {
			return err
		}
	}
	e.owed = true
	return agentstore.OweAcks(ctx, tx, c.Correction, known)
}

// oweAcks notes the two acknowledgements of a narrowing. There is nothing to review: nobody
// said that the signal is wrong.
func (e *edit) oweAcks(ctx context.Context, tx *sqldb.Tx, correction lantern.ID) error {
	e.owed = true
	return agentstore.OweAcks(ctx, tx, correction, true)
}

// lose owes the acknowledgements of a narrowing that no feed told of: the member left the
// program, or the signal was placed there again before. They are true once nothing is left of
// the place that ended; until then the feed has to be read on. A page that was read before
// and arrives after must not bring it back.
func (e *edit) lose(ctx context.Context, tx *sqldb.Tx, c lantern.Correction) error {
	if owed, err := agentstore.OwesAcks(ctx, tx, c.ID); err != nil || owed {
		return err
	}
	var err error
	if e.losing, err = agentstore.Holds(ctx, tx, c.Program, c.Signal, c.Seq); err != nil || e.losing {
		return err
	}
	p, found, err := agentstore.LoadProgram(ctx, tx, c.Program)
	if err != nil {
		return err
	}
	if found {
		placed, err := agentstore.LoadPlacements(ctx, tx, []lantern.ID{c.Signal})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(placed[c.Signal], func(at agentstore.PlacementRow) bool { return at.Program == p.ID && at.Generation >= p.Generation }) {
			ended := agentstore.PlacementRow{Program: p.ID, Signal: c.Signal, State: lantern.Narrowed, Seq: c.Seq, Generation: p.Generation}
			if err := agentstore.SavePlacements(ctx, tx, []agentstore.PlacementRow{ended}); err != nil {
				return err
			}
		}
	}
	e.destroyed = true // or was, by whatever deleted it; the purge waits for the bytes
	return e.oweAcks(ctx, tx, c.ID)
}

// ReviewTasks returns what the member owes after corrections: what waits and was imminent,
// then the newest first.
func (a *Agent) ReviewTasks(ctx context.Context) ([]lantern.ReviewTask, error) {
	tasks := []lantern.ReviewTask{}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := agentstore.LoadTasks(ctx, tx)
		for _, r := range rows {
			t, err := casework.TaskOf(&r)
			if err != nil {
				return err
			}
			tasks = append(tasks, t)
		}
		return err
	})
	return tasks, err
}

// jsonList writes a list, [] when it is nil.
func jsonList[T any](items []T) (string, error) {
	if items == nil {
		items = []T{}
	}
	text, err := json.Marshal(items)
	if err != nil {
		return "", fmt.Errorf("writing a list: %w", err)
	}
	return string(text), nil
}
