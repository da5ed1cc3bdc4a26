package casework

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// Rule records a person's decisions on candidates of a case, in the order of the stream,
// and returns the case after them. They are kept in chunks: if one is refused, the error
// names it, and those of earlier chunks stand; sending the same stream again changes
// nothing but the time. The case's own hits of a decided account get the same decision.
// All of it is one act, which [Desk.Undo] takes back.
//
// A ruling in bulk is taken only if of the same evidence the sample was decided singly and
// alike, before or in an earlier part of the stream: see [Desk.CaseEvidence]. A stream
// names every account, so it needs no preview.
func (w *Desk) Rule(ctx context.Context, who policy.Actor, id lantern.ID, rulings iter.Seq2[lantern.Ruling, error]) (lantern.Case, error) {
	if _, err := w.Case(ctx, id); err != nil {
		return lantern.Case{}, err
	}
	act, err := lantern.NewID(w.Random)
	if err != nil {
		return lantern.Case{}, err
	}
	r := ruling{w: w, who: who, id: id, act: act, samples: make(map[lantern.Evidence][]string)}
	chunk := make([]lantern.Ruling, 0, ChunkSize)
	for next, err := range rulings {
		if err != nil {
			return lantern.Case{}, err
		}
		if err := next.Validate(); err != nil {
			return lantern.Case{}, AtLine(err, r.first+len(chunk))
		}
		if chunk = append(chunk, next); len(chunk) == ChunkSize {
			if err := r.take(ctx, chunk); err != nil {
				return lantern.Case{}, err
			}
			chunk = chunk[:0]
		}
	}
	if err := r.take(ctx, chunk); err != nil {
		return lantern.Case{}, err
	}
	return w.Case(ctx, id)
}

// ruling is one call of Rule.
type ruling struct {
	w       *Desk
	who     policy.Actor
	id, act lantern.ID
	first   int                           // line of the chunk's first ruling
	samples map[lantern.Evidence][]string // of evidence that was ruled on in bulk
}

// take records one chunk of rulings.
func (r *ruling) take(ctx context.Context, chunk []lantern.Ruling) error {
	if len(chunk) == 0 {
		return nil
	}
	// A later ruling on the same account replaces an earlier one of the same chunk: one
	// statement must not change a row twice.
	last := make(map[string]int, len(chunk))
	for i, next := range chunk {
		last[next.Account] = i
	}
	rulings := make([]lantern.Ruling, 0, len(last))
	for _, account := range slices.Sorted(maps.Keys(last)) {
		rulings = append(rulings, chunk[last[account]])
	}
	now := r.w.Clock()
	err := r.w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		k, err := OpenCase(ctx, tx, r.id)
		if err != nil {
			return err
		}
		rules, err := Policies(ctx, tx, k.Program)
		if err != nil {
			return err
		}
		known, err := agentstore.KnownAccounts(ctx, tx, r.id, slices.Sorted(maps.Keys(last)))
		if err != nil {
			return err
		}
		for i, next := range chunk {
			was, ok := known[next.Account]
			if !ok {
				return AtLine(&lantern.Error{Kind: lantern.Invalid, Field: "/account", Reason: "not a candidate of this case"}, r.first+i)
			}
			d := next.Decision
			if was.Decision != "" && was.Person != r.who.Person {
				d = "" // handing it on would undo what another decided
			}
			if err := policy.MayDecide(r.who, rules, d, now); err != nil {
				return AtLine(err, r.first+i)
			}
		}
		if err := r.w.ruleOn(ctx, tx, r.id, singly(rulings, true), agentstore.Deciding{Act: r.act, Person: r.who.Person, At: now}, lantern.Act{}); err != nil {
			return err
		}
		bulk := singly(rulings, false)
		samples := make(map[lantern.Evidence][]lantern.Sampled) // as they stand in this transaction
		for _, next := range bulk {
			if err := r.mayBulk(ctx, tx, known[next.Account], next, samples); err != nil {
				return AtLine(err, r.first+last[next.Account])
			}
		}
		return r.w.ruleOn(ctx, tx, r.id, bulk, agentstore.Deciding{Act: r.act, Person: r.who.Person, Bulk: true, At: now}, lantern.Act{})
	})
	if err != nil {
		return fmt.Errorf("recording rulings: %w", err)
	}
	r.first += len(chunk)
	return nil
}

// singly returns the rulings that were taken singly, or the others.
func singly(rulings []lantern.Ruling, want bool) (some []lantern.Ruling) {
	for _, r := range rulings {
		if r.Bulk != want {
			some = append(some, r)
		}
	}
	return some
}

// mayBulk refuses a ruling in bulk unless the sample of its evidence was decided so.
func (r *ruling) mayBulk(ctx context.Context, tx *sqldb.Tx, account lantern.CaseAccount, next lantern.Ruling, samples map[lantern.Evidence][]lantern.Sampled) error {
	e := evidenceOfCandidate(r.id, account)
	if err := policy.MayBulk(e, next.Decision); err != nil {
		return err
	}
	drawn, ok := r.samples[e]
	if !ok {
		like, err := agentstore.CandidatesLike(ctx, tx, e)
		if err != nil {
			return err
		}
		drawn = policy.Draw(r.w.Seed(r.id, e.Round), accountsOf(like))
		r.samples[e] = drawn
	}
	if _, found := slices.BinarySearch(drawn, next.Account); found {
		return &lantern.Error{Kind: lantern.Conflict, Field: "/bulk", Reason: "the account is one of the sample", Fix: "rule on it singly"}
	}
	if samples[e] == nil {
		sample, err := caseSample(ctx, tx, r.id, drawn)
		if err != nil {
			return err
		}
		samples[e] = sample
	}
	if !policy.Agreed(samples[e], next.Decision, next.Reason) {
		return policy.ErrSample
	}
	return nil
}

// ruleOn records rulings of one act in a transaction: on the candidates, on the case's hits
// of them, in the log and on the timeline. It is called once for those taken singly and
// once for those in bulk.
func (w *Desk) ruleOn(ctx context.Context, tx *sqldb.Tx, id lantern.ID, rulings []lantern.Ruling, d agentstore.Deciding, about lantern.Act) error {
	if len(rulings) == 0 {
		return nil
	}
	type said struct {
		decision lantern.HitDecision
		reason   lantern.DecisionReason
	}
	by := make(map[said][]string)
	counts := make(map[lantern.HitDecision]int)
	digest := policy.NewDecisionDigest()
	for _, r := range rulings {
		k := said{r.Decision, r.Reason}
		by[k] = append(by[k], r.Account)
		counts[r.Decision]++
		digest.Add(lantern.CaseAccount{Candidate: lantern.Candidate{Account: r.Account}, Decision: r.Decision, Bulk: r.Bulk, Person: d.Person, Decided: d.At})
	}
	for k := range by {
		if len(by) == 1 {
			d.Decision, d.Reason = k.decision, k.reason
		}
	}
	about.Case, about.Count = id, len(rulings)
	if err := w.PutAct(ctx, tx, d, about, 0); err != nil {
		return err
	}
	if err := agentstore.RuleCandidates(ctx, tx, id, rulings, d); err != nil {
		return err
	}
	for k, accounts := range by {
		each := d
		each.Decision, each.Reason = k.decision, k.reason
		signals, err := agentstore.DecideCaseHits(ctx, tx, id, accounts, each)
		if err == nil {
			err = OweReactions(ctx, tx, signals, each)
		}
		if err != nil {
			return err
		}
	}
	kind := lantern.CaseRuled
	if d.Bulk {
		kind = lantern.CaseBulk
	}
	if err := agentstore.RaiseCaseEvent(ctx, tx, id, lantern.CaseEvent{Kind: kind, Person: d.Person, Object: d.Act, Count: len(rulings), Word: string(d.Decision), At: d.At}); err != nil {
		return err
	}
	return w.RecordAct(ctx, tx, d.Act,
		map[string]any{"person": d.Person, "decisions_digest": digest.Sum()},
		map[string]any{"case": id, "decisions": counts, "bulk": d.Bulk, "preview": about.Bulk})
}

// OweReactions notes what follows from a decision on hits of the signals. What follows from
// a decision in bulk waits until it cannot be undone any more: one mistake would speak for
// many.
func OweReactions(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, d agentstore.Deciding) error {
	reaction := ReactionTo(d.Decision)
	if reaction == "" {
		return nil
	}
	var due time.Time
	if d.Bulk {
		due = d.At.Add(lantern.UndoWindow)
	}
	slices.Sort(signals)
	for _, s := range slices.Compact(signals) {
		if err := agentstore.OweReaction(ctx, tx, s, reaction, d.Act, due); err != nil {
			return err
		}
	}
	return nil
}
