package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Descendants returns the candidates of a case that were linked, over any number of
// steps, to one of the accounts. Of a case with a single seed all candidates rest on it.
func Descendants(ctx context.Context, tx *sqldb.Tx, id lantern.ID, roots []string, whole bool) ([]string, error) {
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

// TaskOf returns the row of a review task in wire form.
func TaskOf(r *agentstore.TaskRow) (lantern.ReviewTask, error) {
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
