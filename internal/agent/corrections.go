package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
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
		linked, err := descendants(ctx, tx, id, accounts, only[id])
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
		if err := e.a.tell(ctx, tx, e.now, happened{lantern.TaskOpened, c.Correction, c.Signal.ID}); err != nil {
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
		seqs, err := agentstore.LoadSeqs(ctx, tx, p, []lantern.ID{c.Signal})
		if err != nil {
			return err
		}
		if _, placed := seqs[c.Signal]; !placed {
			ended := agentstore.PlacementRow{Program: p.ID, Signal: c.Signal, State: lantern.Narrowed, Seq: c.Seq, Generation: p.Generation}
			if err := agentstore.SavePlacements(ctx, tx, []agentstore.PlacementRow{ended}); err != nil {
				return err
			}
		}
	}
	e.destroyed = true // or was, by whatever deleted it; the purge waits for the bytes
	return e.oweAcks(ctx, tx, c.ID)
}

// descendants returns the candidates of a case that were linked, over any number of
// steps, to one of the accounts. Of a case with a single seed all candidates rest on it.
func descendants(ctx context.Context, tx *sqldb.Tx, id lantern.ID, roots []string, whole bool) ([]string, error) {
	reached := make(map[string]bool, len(roots))
	for _, r := range roots {
		reached[r] = true
	}
	var found []string
	via := make(map[string][]string) // an account to those linked through it
	err := agentstore.EachCandidate(ctx, tx, id, func(c lantern.CaseAccount) error {
		if whole {
			found = append(found, c.Account)
		} else if c.Via != "" {
			via[c.Via] = append(via[c.Via], c.Account)
		}
		return nil
	})
	if err != nil || whole {
		return found, err
	}
	for queue := slices.Clone(roots); len(queue) > 0; {
		next := via[queue[0]]
		queue = queue[1:]
		for _, account := range next {
			if !reached[account] {
				reached[account] = true
				found = append(found, account)
				queue = append(queue, account)
			}
		}
	}
	return found, nil
}

// ReviewTasks returns what the member owes after corrections: what waits and was imminent,
// then the newest first.
func (a *Agent) ReviewTasks(ctx context.Context) ([]lantern.ReviewTask, error) {
	tasks := []lantern.ReviewTask{}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := agentstore.LoadTasks(ctx, tx)
		for _, r := range rows {
			t, err := taskOf(&r)
			if err != nil {
				return err
			}
			tasks = append(tasks, t)
		}
		return err
	})
	return tasks, err
}

// taskOf returns a row in wire form.
func taskOf(r *agentstore.TaskRow) (lantern.ReviewTask, error) {
	t := lantern.ReviewTask{
		Correction: r.Correction, Signal: r.Signal, Kind: r.Kind, Imminent: r.Imminent, Hits: r.Hits,
		Masked: r.Masked, Purged: r.Purged, Result: r.Result, Reviewed: r.Reviewed,
	}
	for _, l := range []struct {
		text string
		into any
	}{{r.Accounts, &t.Accounts}, {r.Cases, &t.Cases}, {r.Outcomes, &t.Outcomes}} {
		if err := json.Unmarshal([]byte(l.text), l.into); err != nil {
			return t, fmt.Errorf("reading a review task: %w", err)
		}
	}
	return t, nil
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
