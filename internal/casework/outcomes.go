package casework

import (
	"context"
	"encoding/base64"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// CountedBy is, for a kind of outcome that counts accounts, the decision it counts; ok is
// false for others.
func CountedBy(k lantern.OutcomeKind) (d lantern.HitDecision, ok bool) {
	switch k {
	case lantern.AccountsActioned:
		return lantern.Confirmed, true
	case lantern.ReviewedNoViolation:
		return lantern.NotHere, true
	}
	return "", false
}

// CheckOutcome checks what must be known before anything is counted.
func CheckOutcome(o lantern.CaseOutcome) error {
	if err := o.Validate(); err != nil {
		return err
	}
	_, accounts := CountedBy(o.Kind)
	switch {
	case accounts && o.Count != 0:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "this kind counts the case's decided accounts itself", Fix: "leave it out"}
	case !accounts && o.Kind != lantern.ReviewedUndisclosed && o.Count <= 0:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "missing", Fix: "say how many acts of this kind were done"}
	case o.Count < 0:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "negative", Fix: "take acts back by ruling on the review task"}
	}
	return nil
}

// Compose counts, digests and attests an outcome of a case without sending it. local is the
// agent's own id of it.
func (w *Desk) Compose(ctx context.Context, tx *sqldb.Tx, k lantern.Case, local, person lantern.ID, o lantern.CaseOutcome) (lantern.Outcome, error) {
	out := lantern.Outcome{Program: k.Program, Kind: o.Kind, Count: o.Count}
	digest := policy.NewDecisionDigest()
	decision, accounts := CountedBy(o.Kind)
	if accounts {
		if err := agentstore.CountAccounts(ctx, tx, k.ID, local, o.Kind, decision); err != nil {
			return out, err
		}
		err := agentstore.EachCounted(ctx, tx, k.ID, local, func(c lantern.CaseAccount) error {
			digest.Add(c)
			out.Tokens = append(out.Tokens, w.accountToken(out, c.Account))
			return nil
		})
		if err != nil {
			return out, err
		}
		out.Count = digest.Singly + digest.InBulk
	} else {
		err := agentstore.EachCandidate(ctx, tx, k.ID, func(c lantern.CaseAccount) error {
			if c.Decision == lantern.Confirmed {
				digest.Add(c)
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	if o.Kind == lantern.ReviewedUndisclosed {
		out.Count = max(o.Count, 1)
	} else if digest.Singly+digest.InBulk == 0 {
		return out, &lantern.Error{Kind: lantern.Conflict, Reason: "no decision to rest on that was not counted before", Fix: "rule on candidates of the case first"}
	} else {
		out.Attestation = &lantern.Attestation{Person: person, Ground: o.Ground, Singly: digest.Singly, InBulk: digest.InBulk, Digest: digest.Sum()}
	}
	var err error
	out.Signals, err = contributing(ctx, tx, k.ID)
	return out, err
}

// accountToken stands for an account where outcomes are counted: always the same in a
// program and kind, and nothing to whoever lacks this agent's key.
func (w *Desk) accountToken(o lantern.Outcome, account string) string {
	sum := w.Sealer.Index("agent/outcome token", o.Program.String(), string(o.Kind), account)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// contributing returns the standing seeds of a case that led to a confirmed hit, or all
// standing ones if none did.
func contributing(ctx context.Context, tx *sqldb.Tx, id lantern.ID) ([]lantern.ID, error) {
	seeds, confirmed, err := agentstore.ProductiveSeeds(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if len(seeds) == 0 {
		return nil, &lantern.Error{Kind: lantern.Conflict, Reason: "every signal the case started from has fallen", Fix: "rule on the review tasks under corrections"}
	}
	n := 0
	for n < len(seeds) && confirmed[seeds[n]] > 0 {
		n++
	}
	if n > 0 {
		seeds = seeds[:n]
	}
	return seeds[:min(len(seeds), lantern.MaxContributing)], nil
}

// ComposeReversal writes the reversal of the accounts of a task that an outcome counted;
// found is false if there are none.
func (w *Desk) ComposeReversal(ctx context.Context, tx *sqldb.Tx, task lantern.ReviewTask, outcome, person lantern.ID, ground string) (o lantern.Outcome, found bool, err error) {
	earlier, found, err := agentstore.SentOutcome(ctx, tx, outcome)
	if err != nil || !found || earlier.Body.Kind != lantern.AccountsActioned {
		return o, false, err
	}
	among := make(map[string]bool, len(task.Accounts))
	for _, account := range task.Accounts {
		among[account] = true
	}
	o = lantern.Outcome{Program: earlier.Body.Program, Kind: lantern.Reversed, Signals: []lantern.ID{task.Signal}, Corrects: outcome}
	digest := policy.NewDecisionDigest()
	err = agentstore.EachCounted(ctx, tx, earlier.CaseID, earlier.ID, func(c lantern.CaseAccount) error {
		if among[c.Account] {
			digest.Add(c)
			o.Tokens = append(o.Tokens, w.accountToken(o, c.Account))
		}
		return nil
	})
	o.Count = digest.Singly + digest.InBulk
	if err != nil || o.Count == 0 {
		return o, false, err
	}
	o.Attestation = &lantern.Attestation{Person: person, Ground: ground, Singly: digest.Singly, InBulk: digest.InBulk, Digest: digest.Sum()}
	return o, true, nil
}
