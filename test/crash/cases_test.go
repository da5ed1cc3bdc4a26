package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"lantern"
	"lantern/client"
)

// caseDesk is a person who works on cases, and a second one who approves.
type caseDesk struct {
	*office
	random         *rand.Rand
	person, second *client.Agent
	all            []*caseFile
	seeds          []*deed
	acts           map[lantern.ID]bool
	sent           map[lantern.ID]int // outcomes that were answered, with their counts
}

// caseFile is a case as those who work on it know it.
type caseFile struct {
	id       lantern.ID
	accounts map[string]verdict // by candidate; without acts
	events   []lantern.CaseEvent
}

// session takes one case from its seed to an outcome that was sent.
func (d *caseDesk) session() {
	d.busy.RLock()
	defer d.busy.RUnlock()
	c := d.open(len(d.all))
	if c == nil {
		return
	}
	d.widen(c, 20+d.random.IntN(20))
	evidence := d.evidence(c)
	if evidence == nil {
		return
	}
	said := decisions[0]
	var sample []lantern.Ruling
	for _, s := range evidence.Sample {
		sample = append(sample, lantern.Ruling{Account: s.Account, Decision: said.decision, Reason: said.reason})
	}
	d.rule(c, sample, false)
	d.inBulk(c, evidence.Sample[0].Account, said.decision, said.reason)
	d.outcome(c, 1+len(evidence.Sample))
}

// answer asks for something that is an event of a case, until it is there. Each time the
// timeline says what became of it: one more event of the kind, or none.
func (d *caseDesk) answer(c *caseFile, kind lantern.CaseEventKind, ask func(context.Context) error) lantern.CaseEvent {
	for {
		err := ask(d.t.Context())
		more := d.timeline(c)
		happened := len(more) == 1 && more[0].Kind == kind
		c.events = append(c.events, more...)
		switch k := learned(err); {
		case len(more) > 0 && !happened, k == done && !happened, k == never:
			d.ledger.complain("a case is asked for %q: %v; its timeline goes on with %+v", kind, err, more)
			return lantern.CaseEvent{}
		case k == done:
			d.ledger.note(func() {})
			return more[0]
		default:
			d.unanswered.Add(1)
		}
		if happened {
			d.doneUnsaid.Add(1)
			return more[0]
		}
	}
}

// timeline reads what happened in a case beyond what is known.
func (d *caseDesk) timeline(c *caseFile) (more []lantern.CaseEvent) {
	err := d.answered(func(ctx context.Context) (err error) {
		more, err = d.person.Timeline(ctx, c.id, len(c.events), 100)
		return err
	})
	if err != nil {
		d.ledger.complain("a timeline cannot be read: %v", err)
	}
	return more
}

// open shares a seed, meets it and opens a case on it.
func (d *caseDesk) open(n int) *caseFile {
	seed := d.share(fmt.Sprintf("https://files.example.com/seed/%d", n))
	if seed.shared != done {
		return nil
	}
	d.seeds = append(d.seeds, seed)
	account := fmt.Sprintf("seed-%d", n)
	met := lantern.Record{Ref: account, Account: account, URLs: []string{seed.value}}
	for found := false; !found; pause(d.random, 2) {
		err := d.answered(func(ctx context.Context) error {
			answers, err := d.agent.client.Match(ctx, []lantern.Record{met}, false)
			found = err == nil && len(answers[0].Matches) > 0
			return err
		})
		if err != nil {
			return nil // said already
		}
	}
	title := fmt.Sprintf("case %d", n)
	draft := lantern.CaseDraft{Title: title, Program: d.program, Signals: []lantern.ID{seed.id}}
	c := &caseFile{accounts: map[string]verdict{account: {}}}
	for c.id == 0 {
		opened, err := d.person.OpenCase(d.t.Context(), draft)
		switch learned(err) {
		case done:
			c.id = opened.ID
		case unsure:
			c.id = d.titled(title)
		default:
			d.ledger.complain("a case is refused: %v", err)
			return nil
		}
	}
	c.events = d.timeline(c)
	d.all = append(d.all, c)
	return c
}

// titled finds the one case of a title, 0 if there is none.
func (d *caseDesk) titled(title string) (id lantern.ID) {
	d.unanswered.Add(1)
	var list []lantern.Case
	err := d.answered(func(ctx context.Context) (err error) {
		list, err = d.person.Cases(ctx)
		return err
	})
	for _, c := range list {
		if c.Title == title {
			if id != 0 {
				d.ledger.complain("a case was opened twice")
			}
			id = c.ID
		}
	}
	if err != nil {
		d.ledger.complain("the cases cannot be read: %v", err)
	}
	if id != 0 {
		d.doneUnsaid.Add(1)
	}
	return id
}

// widen adds a round of like candidates.
func (d *caseDesk) widen(c *caseFile, n int) {
	var round []lantern.Candidate
	for i := range n {
		account := fmt.Sprintf("%s-%d", c.id, i)
		c.accounts[account] = verdict{}
		round = append(round, lantern.Candidate{Account: account, Link: "same-device", Via: "device-1"})
	}
	e := d.answer(c, lantern.CaseRound, func(ctx context.Context) error {
		lines := client.Lines(slices.Values(round))
		defer lines.Close()
		_, err := d.person.AddRound(ctx, c.id, lines)
		return err
	})
	d.same(c)
	if e.Kind != "" && e.Count == 0 {
		d.ledger.complain("a round of %d candidates is noted as %+v", n, e)
	}
}

// evidence returns what the candidates have in common.
func (d *caseDesk) evidence(c *caseFile) *lantern.CaseEvidence {
	var all []lantern.CaseEvidence
	err := d.answered(func(ctx context.Context) (err error) {
		all, err = d.person.CaseEvidence(ctx, c.id)
		return err
	})
	if err != nil || len(all) != 1 {
		d.ledger.complain("a case has %d kinds of evidence, %v; want one", len(all), err)
		return nil
	}
	return &all[0]
}

// rule rules on candidates, in one act.
func (d *caseDesk) rule(c *caseFile, rulings []lantern.Ruling, bulk bool) {
	e := d.answer(c, lantern.CaseRuled, func(ctx context.Context) error {
		lines := client.Lines(slices.Values(rulings))
		defer lines.Close()
		_, err := d.person.Rule(ctx, c.id, lines)
		return err
	})
	if e.Count != len(rulings) {
		d.ledger.complain("%d rulings are noted as %d", len(rulings), e.Count)
	}
	for _, r := range rulings {
		c.accounts[r.Account] = verdict{decision: r.Decision, reason: r.Reason, bulk: bulk}
	}
	d.did(c, e)
}

// did enters an act of a case.
func (d *caseDesk) did(c *caseFile, e lantern.CaseEvent) {
	d.acts[e.Object] = true
	d.decided.Add(1)
	d.same(c)
}

// inBulk decides all others, takes it back in half of all cases, and decides again.
func (d *caseDesk) inBulk(c *caseFile, like string, decision lantern.HitDecision, reason lantern.DecisionReason) {
	for once := d.random.IntN(2) == 0; ; once = false {
		var b lantern.Bulk
		err := d.answered(func(ctx context.Context) (err error) {
			b, err = d.person.PreviewBulk(ctx, lantern.BulkDraft{Case: c.id, Account: like, Decision: decision, Reason: reason})
			return err
		})
		if err != nil || !b.Ready {
			d.ledger.complain("a preview is not ready: %v", err)
			return
		}
		e := d.answer(c, lantern.CaseBulk, func(ctx context.Context) error {
			_, err := d.person.CommitBulk(ctx, b.ID, lantern.BulkCommit{Digest: b.Digest, Count: b.Count})
			return err
		})
		if e.Count != b.Count {
			d.ledger.complain("an act in bulk on %d is noted as %d", b.Count, e.Count)
		}
		before := map[string]verdict{}
		for account, v := range c.accounts {
			if before[account] = v; v == (verdict{}) && account[0] != 's' { // all but the seed
				c.accounts[account] = verdict{decision: decision, reason: reason, bulk: true}
			}
		}
		d.bulks.Add(1)
		d.did(c, e)
		if !once {
			return
		}
		d.answer(c, lantern.CaseUndone, func(ctx context.Context) error {
			_, err := d.person.Undo(ctx, e.Object)
			return err
		})
		d.undone.Add(1)
		c.accounts = before
		d.same(c)
	}
}

// outcome proposes the outcome of a case, has it approved and sends it.
func (d *caseDesk) outcome(c *caseFile, least int) {
	o := lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "own policy"}
	d.answer(c, lantern.CaseProposed, func(ctx context.Context) error {
		_, err := d.person.Propose(ctx, lantern.ProposalDraft{Case: c.id, Outcome: &o})
		return err
	})
	var list []lantern.Proposal
	err := d.answered(func(ctx context.Context) (err error) {
		list, err = d.second.Proposals(ctx, lantern.ProposalWaits)
		return err
	})
	if err != nil || len(list) != 1 || list[0].Case != c.id || list[0].Count < least {
		d.ledger.complain("proposed once, there wait %+v, %v", list, err)
		return
	}
	d.answer(c, lantern.CaseApproved, func(ctx context.Context) error {
		_, err := d.second.AnswerProposal(ctx, list[0].ID, lantern.ProposalAnswer{Approve: true, Digest: list[0].Digest})
		return err
	})
	e := d.answer(c, lantern.CaseOutcomeOut, func(ctx context.Context) error {
		_, err := d.person.SendOutcome(ctx, c.id, o)
		return err
	})
	if e.Count != list[0].Count {
		d.ledger.complain("an outcome of %d is noted as %d", list[0].Count, e.Count)
	}
	d.sent[e.Object] = e.Count
}

// same wants the candidates to be as they are known to be.
func (d *caseDesk) same(c *caseFile) {
	var got map[string]verdict
	err := d.answered(func(ctx context.Context) error {
		got = map[string]verdict{}
		return d.person.Candidates(ctx, c.id, func(a lantern.CaseAccount) error {
			if _, twice := got[a.Account]; twice {
				return fmt.Errorf("a candidate is there twice")
			}
			got[a.Account] = verdict{decision: a.Decision, reason: a.Reason, bulk: a.Bulk}
			return nil
		})
	})
	wrong := 0
	for account, want := range c.accounts {
		if v, ok := got[account]; !ok || v != want {
			wrong++
		}
	}
	if err != nil || wrong > 0 || len(got) != len(c.accounts) {
		d.ledger.complain("case %s has %d candidates, want %d; %d of them are not as they were left; %v", c.id, len(got), len(c.accounts), wrong, err)
	}
}

// compare wants every case to be as it was left, and nothing to have happened since. Nobody
// is at work.
func (d *caseDesk) compare() {
	d.t.Helper()
	for _, c := range d.all {
		d.same(c)
		var list []lantern.CaseEvent
		err := d.answered(func(ctx context.Context) (err error) {
			list, err = d.person.Timeline(ctx, c.id, 0, 100)
			return err
		})
		if err != nil || !slices.EqualFunc(list, c.events, func(a, b lantern.CaseEvent) bool {
			return a.At.Equal(b.At) && a.Number == b.Number && a.Object == b.Object && a.Kind == b.Kind && a.Count == b.Count
		}) {
			d.t.Errorf("the timeline of case %s is %+v, %v; want %+v", c.id, list, err, c.events)
		}
		for i, e := range list {
			if e.Number != i+1 {
				d.t.Errorf("event %d of case %s has number %d", i+1, c.id, e.Number)
			}
		}
	}
	var waits []lantern.Proposal
	err := d.answered(func(ctx context.Context) (err error) {
		waits, err = d.second.Proposals(ctx, lantern.ProposalWaits)
		return err
	})
	if err != nil || len(waits) > 0 {
		d.t.Errorf("%d proposals wait in the end, %v", len(waits), err)
	}
}
