package casework

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// maxEvidence bounds the list of a case's evidence.
const maxEvidence = 1000

// Seed draws the samples of a round: always the same one, which nobody without this
// agent's key can tell beforehand. It is in the log with the round.
func (w *Desk) Seed(id lantern.ID, round int) string {
	sum := w.Sealer.Index("agent/sample", id.String(), strconv.Itoa(round))
	return hex.EncodeToString(sum[:16])
}

// evidenceOfCandidate is what a candidate's evidence is, as far as the agent knows.
func evidenceOfCandidate(id lantern.ID, c lantern.CaseAccount) lantern.Evidence {
	return lantern.Evidence{Case: id, Round: c.Round, Link: c.Link, Via: c.Via}
}

// evidenceOfHit is what a hit's evidence is.
func evidenceOfHit(h *agentstore.HitRow) (lantern.Evidence, error) {
	var p queue.Place
	if err := json.Unmarshal([]byte(h.Place), &p); err != nil {
		return lantern.Evidence{}, fmt.Errorf("reading a hit: %w", err)
	}
	return lantern.Evidence{Signal: h.Signal, Type: h.Kind, How: h.How, Weak: p.Weak, Distance: policy.DistanceClass(h.How, p.Distance)}, nil
}

// accountsOf returns the accounts of candidates.
func accountsOf(all []lantern.CaseAccount) []string {
	accounts := make([]string, len(all))
	for i, c := range all {
		accounts[i] = c.Account
	}
	return accounts
}

// caseSample says what was decided singly on the accounts drawn.
func caseSample(ctx context.Context, tx *sqldb.Tx, id lantern.ID, drawn []string) ([]lantern.Sampled, error) {
	known, err := agentstore.KnownAccounts(ctx, tx, id, drawn)
	return sampled(known, drawn), err
}

// sampled says what was decided singly on those drawn of the accounts known.
func sampled(known map[string]lantern.CaseAccount, drawn []string) []lantern.Sampled {
	sample := make([]lantern.Sampled, len(drawn))
	for i, account := range drawn {
		sample[i].Account = account
		if c := known[account]; !c.Bulk {
			sample[i].Decision, sample[i].Reason = c.Decision, c.Reason
		}
	}
	return sample
}

// hitSample says what was decided singly on the hits drawn.
func hitSample(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) ([]lantern.Sampled, error) {
	found, err := agentstore.LoadHits(ctx, tx, ids)
	sample := make([]lantern.Sampled, len(ids))
	for i, id := range ids {
		sample[i].Hit = id
		if h := found[id]; h.State == lantern.HitOpen || h.State == lantern.HitDecided {
			sample[i].Ref, sample[i].Account = h.Ref, h.Account
			if h.State == lantern.HitDecided && !h.Bulk {
				sample[i].Decision, sample[i].Reason = h.Decision, h.Reason
			}
		}
	}
	return sample, err
}

// alike is all that has the same evidence and waits for a decision, by the word that
// stands for each in digests and draws.
type alike struct {
	items []string
	hits  map[string]lantern.ID // of evidence of hits
}

// waiting returns what of an evidence waits for a decision.
func waiting(ctx context.Context, tx *sqldb.Tx, e lantern.Evidence) (alike, error) {
	all := alike{hits: make(map[string]lantern.ID)}
	if e.Case != 0 {
		like, err := agentstore.CandidatesLike(ctx, tx, e)
		for _, c := range like {
			if c.Decision == "" {
				all.items = append(all.items, c.Account)
			}
		}
		return all, err
	}
	var bad error
	err := agentstore.HitsLike(ctx, tx, e.Signal, e.How, func(h agentstore.HitRow) {
		same, err := evidenceOfHit(&h)
		if err != nil {
			bad = err
		}
		if same == e {
			all.items = append(all.items, h.ID.String())
			all.hits[h.ID.String()] = h.ID
		}
	})
	if err == nil {
		err = bad
	}
	return all, err
}

// shown returns what a preview showed, its sample aside, and counts in Waiting what it did
// not show. What came later is told by what it showed and not by time: a hit is stored a
// moment after it was found, and what was decided may wait again.
func (l alike) shown(ctx context.Context, tx *sqldb.Tx, b *lantern.Bulk) (shown []string, err error) {
	saw, err := agentstore.LoadShown(ctx, tx, b.ID)
	b.Waiting = 0
	for _, it := range l.without(b.Sample) {
		if saw[it] {
			shown = append(shown, it)
		} else {
			b.Waiting++
		}
	}
	return shown, err
}

// countLater counts what waits and was not shown by a preview.
func countLater(ctx context.Context, tx *sqldb.Tx, b *lantern.Bulk) error {
	all, err := waiting(ctx, tx, b.Evidence)
	if err == nil {
		_, err = all.shown(ctx, tx, b)
	}
	return err
}

// without takes the sample out.
func (l alike) without(sample []lantern.Sampled) []string {
	drawn := make(map[string]bool, len(sample))
	for _, s := range sample {
		if s.Hit != 0 {
			drawn[s.Hit.String()] = true
		} else {
			drawn[s.Account] = true
		}
	}
	var rest []string
	for _, it := range l.items {
		if !drawn[it] {
			rest = append(rest, it)
		}
	}
	return rest
}

// PreviewBulk shows what a decision on all identical evidence would be: how much, what it
// has in common, and the sample that must be decided singly first. The preview's digest is
// that of exactly the set; [Desk.CommitBulk] takes it within [lantern.PreviewLife]. What
// so few share that the sample is all of it is refused (Conflict). Nothing is decided.
func (w *Desk) PreviewBulk(ctx context.Context, who policy.Actor, d lantern.BulkDraft) (lantern.Bulk, error) {
	if err := d.Validate(); err != nil {
		return lantern.Bulk{}, err
	}
	id, err := lantern.NewID(w.Random)
	if err != nil {
		return lantern.Bulk{}, err
	}
	var seed [16]byte
	if _, err := io.ReadFull(w.Random, seed[:]); err != nil {
		return lantern.Bulk{}, fmt.Errorf("drawing a seed: %w", err)
	}
	b := lantern.Bulk{ID: id, Person: who.Person, Decision: d.Decision, Reason: d.Reason, Seed: hex.EncodeToString(seed[:])}
	err = w.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		b.Opened = w.Clock()
		if b.Evidence, err = w.evidenceLike(ctx, tx, d); err != nil {
			return err
		}
		if err := policy.MayBulk(b.Evidence, b.Decision); err != nil {
			return err
		}
		if err := w.mayDecideAlike(ctx, tx, who, &b); err != nil {
			return err
		}
		all, err := waiting(ctx, tx, b.Evidence)
		if err != nil {
			return err
		}
		if b.Sample, err = w.drawSample(ctx, tx, &b, all); err != nil {
			return err
		}
		rest := all.without(b.Sample)
		if len(rest) == 0 {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "nothing that waits has this evidence beyond its sample", Fix: "decide singly"}
		}
		b.Count, b.Digest = len(rest), bulkDigest(&b, rest)
		if err := agentstore.InsertBulk(ctx, tx, b, rest); err != nil {
			return err
		}
		return w.Record(ctx, tx, audit.Decide, map[string]any{"person": who.Person},
			map[string]any{"preview": b.ID, "case": b.Evidence.Case, "signal": b.Evidence.Signal, "decision": b.Decision, "count": b.Count,
				"sample": len(b.Sample), "seed": b.Seed, "digest": b.Digest})
	})
	if err != nil {
		return lantern.Bulk{}, fmt.Errorf("previewing a decision in bulk: %w", err)
	}
	return w.Bulk(ctx, id)
}

// evidenceLike is the evidence that a draft means.
func (w *Desk) evidenceLike(ctx context.Context, tx *sqldb.Tx, d lantern.BulkDraft) (e lantern.Evidence, err error) {
	if d.Case != 0 {
		if _, err := OpenCase(ctx, tx, d.Case); err != nil {
			return e, err
		}
		known, err := agentstore.KnownAccounts(ctx, tx, d.Case, []string{d.Account})
		if err != nil {
			return e, err
		}
		c, ok := known[d.Account]
		if !ok {
			return e, &lantern.Error{Kind: lantern.NotFound, Field: "/account", Reason: "not a candidate of this case"}
		}
		return evidenceOfCandidate(d.Case, c), nil
	}
	h, found, err := agentstore.LoadHit(ctx, tx, d.Hit)
	if err != nil {
		return e, err
	}
	if !found || h.State != lantern.HitOpen && h.State != lantern.HitDecided {
		return e, &lantern.Error{Kind: lantern.NotFound, Field: "/hit", Reason: "no such hit"}
	}
	return evidenceOfHit(&h)
}

// drawSample draws who is looked at: of candidates always the same of a round's evidence,
// also those decided before; of hits anew.
func (w *Desk) drawSample(ctx context.Context, tx *sqldb.Tx, b *lantern.Bulk, all alike) ([]lantern.Sampled, error) {
	if b.Evidence.Case != 0 {
		like, err := agentstore.CandidatesLike(ctx, tx, b.Evidence)
		if err != nil {
			return nil, err
		}
		b.Seed = w.Seed(b.Evidence.Case, b.Evidence.Round)
		return caseSample(ctx, tx, b.Evidence.Case, policy.Draw(b.Seed, accountsOf(like)))
	}
	var ids []lantern.ID
	for _, it := range policy.Draw(b.Seed, all.items) {
		ids = append(ids, all.hits[it])
	}
	return hitSample(ctx, tx, ids)
}

// bulkDigest binds a preview to the set it decides, and to what it decides.
func bulkDigest(b *lantern.Bulk, rest []string) string {
	e := b.Evidence
	return policy.SetDigest([]string{string(b.Decision), string(b.Reason), e.Signal.String(), string(e.How), strconv.FormatBool(e.Weak), e.Distance,
		e.Case.String(), strconv.Itoa(e.Round), e.Link, e.Via}, rest)
}

// Bulk returns a preview as it stands: what of its sample was decided, and whether it was
// committed.
func (w *Desk) Bulk(ctx context.Context, id lantern.ID) (b lantern.Bulk, err error) {
	err = w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if b, err = w.bulk(ctx, tx, id); err == nil {
			err = countLater(ctx, tx, &b)
		}
		return err
	})
	if err != nil {
		return lantern.Bulk{}, fmt.Errorf("reading a preview: %w", err)
	}
	return b, nil
}

func (w *Desk) bulk(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Bulk, error) {
	b, found, err := agentstore.LoadBulk(ctx, tx, id)
	if err != nil {
		return b, err
	}
	if !found {
		return b, lantern.Errorf(lantern.NotFound, "no such preview")
	}
	programs, err := programsOf(ctx, tx, b.Evidence)
	if err != nil {
		return b, err
	}
	rules, err := Policies(ctx, tx, programs...)
	if err != nil {
		return b, err
	}
	b.FourEyes = b.Count > lantern.TypedCount && slices.ContainsFunc(rules, func(p lantern.Policy) bool { return p.FourEyes })
	if e := b.Evidence; e.Case != 0 {
		drawn := make([]string, len(b.Sample))
		for i, s := range b.Sample {
			drawn[i] = s.Account
		}
		b.Sample, err = caseSample(ctx, tx, e.Case, drawn)
	} else {
		ids := make([]lantern.ID, len(b.Sample))
		for i, s := range b.Sample {
			ids[i] = s.Hit
		}
		b.Sample, err = hitSample(ctx, tx, ids)
	}
	if err != nil {
		return b, err
	}
	b.Ready = policy.Agreed(b.Sample, b.Decision, b.Reason)
	return b, nil
}

// CommitBulk does what a preview showed, as one act in one transaction: that and nothing
// else. What has the same evidence and was not shown is counted in the act's Waiting and waits.
// It is refused (Conflict) if some of what was shown waits no more, the sample was not decided singly and alike, or the
// preview is too old; above [lantern.TypedCount] the count must be given, and where a
// program asks for four eyes a second person must have approved. Committing again returns
// the act.
func (w *Desk) CommitBulk(ctx context.Context, who policy.Actor, id lantern.ID, commit lantern.BulkCommit) (lantern.Act, error) {
	if err := commit.Validate(); err != nil {
		return lantern.Act{}, err
	}
	act, err := lantern.NewID(w.Random)
	if err != nil {
		return lantern.Act{}, err
	}
	var row agentstore.ActRow
	err = w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := w.bulk(ctx, tx, id)
		if err != nil {
			return err
		}
		if b.Act == 0 {
			if err := w.commitBulk(ctx, tx, who, &b, commit, act); err != nil {
				return err
			}
			b.Act = act
		} else if err := countLater(ctx, tx, &b); err != nil {
			return err
		}
		row, _, err = agentstore.LoadAct(ctx, tx, b.Act)
		row.Waiting = b.Waiting
		return err
	})
	if err != nil {
		return lantern.Act{}, fmt.Errorf("deciding in bulk: %w", err)
	}
	return row.Act, nil
}

// commitBulk checks and does it.
func (w *Desk) commitBulk(ctx context.Context, tx *sqldb.Tx, who policy.Actor, b *lantern.Bulk, commit lantern.BulkCommit, act lantern.ID) error {
	now := w.Clock()
	if err := policy.MayCommit(b, who.Person, commit, now); err != nil {
		return err
	}
	if err := w.mayDecideAlike(ctx, tx, who, b); err != nil {
		return err
	}
	if b.Evidence.Case != 0 {
		if _, err := OpenCase(ctx, tx, b.Evidence.Case); err != nil {
			return err
		}
	}
	all, err := waiting(ctx, tx, b.Evidence)
	if err != nil {
		return err
	}
	rest, err := all.shown(ctx, tx, b)
	if err != nil {
		return err
	}
	if bulkDigest(b, rest) != b.Digest {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "some of what the preview showed does not wait any more", Fix: "preview again: somebody else decided it, or its signal changed"}
	}
	if b.FourEyes {
		if err := w.Approved(ctx, tx, 0, b.ID, b.Digest); err != nil {
			return err
		}
	}
	d := agentstore.Deciding{Act: act, Person: who.Person, Decision: b.Decision, Reason: b.Reason, Bulk: true, At: now}
	about := lantern.Act{Bulk: b.ID}
	if b.Evidence.Case != 0 {
		rulings := make([]lantern.Ruling, len(rest))
		for i, account := range rest {
			rulings[i] = lantern.Ruling{Account: account, Decision: b.Decision, Reason: b.Reason, Bulk: true}
		}
		err = w.ruleOn(ctx, tx, b.Evidence.Case, rulings, d, about)
	} else {
		err = w.decideAlike(ctx, tx, all, rest, b, d)
	}
	if err != nil {
		return err
	}
	if err := agentstore.CommitBulk(ctx, tx, b.ID, act); err != nil {
		return err
	}
	return EndProposal(ctx, tx, 0, b.ID, lantern.ProposalDone, now)
}

// decideAlike decides hits in bulk.
func (w *Desk) decideAlike(ctx context.Context, tx *sqldb.Tx, all alike, rest []string, b *lantern.Bulk, d agentstore.Deciding) error {
	ids := make([]lantern.ID, len(rest))
	for i, it := range rest {
		ids[i] = all.hits[it]
	}
	if err := w.PutAct(ctx, tx, d, lantern.Act{Bulk: b.ID, Count: len(ids)}, 0); err != nil {
		return err
	}
	if err := agentstore.DecideHits(ctx, tx, ids, d); err != nil {
		return err
	}
	if err := OweReactions(ctx, tx, []lantern.ID{b.Evidence.Signal}, d); err != nil {
		return err
	}
	return w.RecordAct(ctx, tx, d.Act, map[string]any{"person": d.Person},
		map[string]any{"preview": b.ID, "signal": b.Evidence.Signal, "decision": d.Decision, "reason": d.Reason, "count": len(ids), "bulk": true, "digest": b.Digest})
}

// CaseEvidence lists what evidence the candidates of a case share, the most common first,
// at most a thousand kinds, each with the sample that must be decided singly before the
// others are decided in bulk. Evidence of so few that the sample is all is left out.
func (w *Desk) CaseEvidence(ctx context.Context, id lantern.ID) ([]lantern.CaseEvidence, error) {
	all := []lantern.CaseEvidence{}
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := MustCase(ctx, tx, id); err != nil {
			return err
		}
		found, err := agentstore.EvidenceOf(ctx, tx, id, policy.LeastSample, maxEvidence)
		if err != nil {
			return err
		}
		for _, e := range found {
			like, err := agentstore.CandidatesLike(ctx, tx, e.Evidence)
			if err != nil {
				return err
			}
			e.Seed = w.Seed(id, e.Evidence.Round)
			known := make(map[string]lantern.CaseAccount, len(like))
			for _, c := range like {
				known[c.Account] = c
			}
			e.Sample = sampled(known, policy.Draw(e.Seed, accountsOf(like)))
			all = append(all, e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing evidence: %w", err)
	}
	return all, nil
}
