package agent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// Rule records a person's decisions on candidates of a case, in the order of the stream,
// and returns the case after them. They are kept in chunks: if one is refused, the error
// names it, and those of earlier chunks stand; sending the same stream again changes
// nothing but the time. The case's own hits of a decided account get the same decision.
func (a *Agent) Rule(ctx context.Context, c Caller, id lantern.ID, rulings iter.Seq2[lantern.Ruling, error]) (lantern.Case, error) {
	if err := c.person(); err != nil {
		return lantern.Case{}, err
	}
	if _, err := a.Case(ctx, id); err != nil {
		return lantern.Case{}, err
	}
	chunk := make([]lantern.Ruling, 0, chunkSize)
	first := 0 // line of the chunk's first ruling
	for r, err := range rulings {
		if err != nil {
			return lantern.Case{}, err
		}
		if err := r.Validate(); err != nil {
			return lantern.Case{}, atLine(err, first+len(chunk))
		}
		if chunk = append(chunk, r); len(chunk) == chunkSize {
			if err := a.rule(ctx, c, id, chunk, first); err != nil {
				return lantern.Case{}, err
			}
			first += len(chunk)
			chunk = chunk[:0]
		}
	}
	if err := a.rule(ctx, c, id, chunk, first); err != nil {
		return lantern.Case{}, err
	}
	// Whoever could not be told is told with the next decision.
	if _, err := a.sendReactions(ctx, c); err != nil {
		return lantern.Case{}, err
	}
	return a.Case(ctx, id)
}

// rule records one chunk of rulings.
func (a *Agent) rule(ctx context.Context, c Caller, id lantern.ID, chunk []lantern.Ruling, first int) error {
	if len(chunk) == 0 {
		return nil
	}
	// A later ruling on the same account replaces an earlier one of the same chunk: one
	// statement must not change a row twice.
	last := make(map[string]lantern.Ruling, len(chunk))
	accounts := make([]string, len(chunk))
	for i, r := range chunk {
		last[r.Account], accounts[i] = r, r.Account
	}
	rulings := make([]lantern.Ruling, 0, len(last))
	byDecision := make(map[lantern.HitDecision][]string)
	for _, account := range slices.Sorted(maps.Keys(last)) {
		r := last[account]
		rulings = append(rulings, r)
		byDecision[r.Decision] = append(byDecision[r.Decision], account)
	}
	now := a.clock()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		known, err := agentstore.KnownAccounts(ctx, tx, id, slices.Sorted(maps.Keys(last)))
		if err != nil {
			return err
		}
		for i, account := range accounts {
			if _, ok := known[account]; !ok {
				return atLine(&lantern.Error{Kind: lantern.Invalid, Field: "/account", Reason: "not a candidate of this case"}, first+i)
			}
		}
		if err := agentstore.RuleCandidates(ctx, tx, id, rulings, c.Person, now); err != nil {
			return err
		}
		counts := make(map[lantern.HitDecision]int)
		for _, d := range slices.Sorted(maps.Keys(byDecision)) {
			counts[d] = len(byDecision[d])
			signals, err := agentstore.DecideCaseHits(ctx, tx, id, byDecision[d], d, c.Person, now)
			if err != nil {
				return err
			}
			if err := oweReactions(ctx, tx, signals, d); err != nil {
				return err
			}
		}
		digest := policy.NewDecisionDigest()
		for _, r := range rulings {
			digest.Add(lantern.CaseAccount{Candidate: lantern.Candidate{Account: r.Account}, Decision: r.Decision, Bulk: r.Bulk, Person: c.Person, Decided: now})
		}
		return a.record(ctx, tx, logged{audit.Decide,
			map[string]any{"person": c.Person, "decisions_digest": digest.Sum()},
			map[string]any{"case": id, "decisions": counts}})
	})
	if err != nil {
		return fmt.Errorf("recording rulings: %w", err)
	}
	return nil
}

// oweReactions notes what follows from a decision on hits of the signals.
func oweReactions(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, d lantern.HitDecision) error {
	reaction := reactionTo(d)
	if reaction == "" {
		return nil
	}
	slices.Sort(signals)
	for _, s := range slices.Compact(signals) {
		if err := agentstore.OweReaction(ctx, tx, s, reaction); err != nil {
			return err
		}
	}
	return nil
}

// atLine puts a complaint under the index of its line, from 0, as a JSON pointer.
func atLine(err error, line int) error {
	var e *lantern.Error
	if errors.As(err, &e) {
		return e.At("/" + strconv.Itoa(line))
	}
	return err
}
