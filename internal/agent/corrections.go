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
	if err := agentstore.InsertTask(ctx, tx, t); err != nil {
		return err
	}
	e.owed = true
	return agentstore.OweAcks(ctx, tx, c.Correction, known)
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
