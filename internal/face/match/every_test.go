package match_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/guard"
)

// TestEveryCall makes every call of the document succeed once, as an investigator and a
// colleague would over a shift. Every answer is held to the document.
func TestEveryCall(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	strict := w.Program.Policy
	strict.FourEyes = true
	if _, err := w.SetPolicy(t.Context(), w.Steward, w.Program.ID, strict); err != nil {
		t.Fatal(err)
	}
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	seed := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	conf := w.AgentConfig(t, social, dir)
	conf.Flood = &guard.Flood{Hourly: 130, Kept: 200}
	d := serve(t, w, agenttest.Start(t, conf), social, dir)
	d.Until("every program is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
	ctx := t.Context()
	none := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	// The agent's own doors.
	none(d.token.Ready(ctx))
	_, err := d.token.Status(ctx)
	none(err)
	_, err = d.token.Tactics(ctx)
	none(err)
	records := make([]lantern.Record, 130)
	for i := range records {
		records[i] = lantern.Record{Ref: fmt.Sprintf("post-%d", i), Account: fmt.Sprintf("u-%d", i), URLs: []string{w.Draft(1).Value}}
	}
	_, err = d.token.Match(ctx, records, false)
	none(err)
	none(d.token.Scan(ctx, client.ScanFile{Name: "a.txt", Dry: true}, strings.NewReader("see "+w.Draft(1).Value), func(lantern.Answer) error { return nil }))
	for _, path := range []string{"/livez", "/openapi.json"} {
		d.open(t, path)
	}

	// The queue, by account, and one decision with a second thought.
	accounts, err := d.token.HitAccounts(ctx, "", 1)
	none(err)
	hit, err := d.token.Hit(ctx, accounts[0].First.ID)
	none(err)
	_, err = d.person.Reveal(ctx, hit.Match.Signal)
	none(err)
	results, err := d.person.DecideHits(ctx, []lantern.HitRuling{{Hit: hit.ID, Decision: lantern.Escalate, Reason: lantern.ToSecond}})
	none(err)
	_, err = d.person.Undo(ctx, results[0].Act)
	none(err)
	if acts, err := d.token.Acts(ctx); err != nil || len(acts) != 1 || acts[0].Undone.IsZero() {
		t.Errorf("got %+v, %v", acts, err)
	}

	// Two clear a pile of identical evidence.
	b, err := d.person.PreviewBulk(ctx, lantern.BulkDraft{Hit: hit.ID, Decision: lantern.Unsure, Reason: lantern.TooLittle})
	none(err)
	for _, one := range b.Sample {
		_, err = d.person.DecideHits(ctx, []lantern.HitRuling{{Hit: one.Hit, Decision: lantern.Unsure, Reason: lantern.TooLittle}})
		none(err)
	}
	b, err = d.token.Bulk(ctx, b.ID)
	none(err)
	p, err := d.person.Propose(ctx, lantern.ProposalDraft{Bulk: b.ID})
	none(err)
	_, err = d.second.AnswerProposal(ctx, p.ID, lantern.ProposalAnswer{Approve: true, Digest: p.Digest})
	none(err)
	_, err = d.person.CommitBulk(ctx, b.ID, lantern.BulkCommit{Digest: b.Digest, Count: b.Count})
	none(err)
	if hits, err := d.token.Hits(ctx, client.HitFilter{}); err != nil || len(hits) != 0 {
		t.Errorf("got %d open hits, %v", len(hits), err)
	}

	d.workACase(t, w, seed)

	// A signal falls, and what rested on it is looked at again.
	if _, err := w.Withdraw(ctx, host.Submitter, seed, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	d.Until("a task waits", func(s lantern.AgentStatus) bool { return s.Tasks == 1 })
	tasks, err := d.token.ReviewTasks(ctx)
	none(err)
	_, err = d.person.RuleTask(ctx, tasks[0].Correction, lantern.TaskRuling{Result: "stands", Ground: "child safety 4"})
	none(err)

	d.flood(t, w, host, social)
	d.hunt(t)
	elsewhere := map[string]bool{
		"AcceptRestore": true,                                     // takes an exchange that went back: restore_test.go in package agent
		"ForgetHunt":    true, "Pieces": true, "FollowHits": true, // hunt_test.go, follow_test.go
		"Webhooks": true, "Deliveries": true, "TestWebhook": true, "ReplayWebhook": true, // there with a courier only
	}
	for _, id := range d.watch.Missing() {
		if !elsewhere[id] {
			t.Errorf("%s never succeeded in this test", id)
		}
	}
}

// flood has a signal hit too much, so that it waits outside the queue, and releases it.
func (d *desk) flood(t *testing.T, w *agenttest.World, host, social exchangetest.Company) {
	t.Helper()
	ctx := t.Context()
	everyday := w.MustShare(host.Submitter, w.Draft(2))
	w.Reaches(d.Running, social)
	none := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	records := make([]lantern.Record, 131)
	for i := range records {
		records[i] = lantern.Record{Ref: fmt.Sprintf("flood-%d", i), URLs: []string{w.Draft(2).Value}}
	}
	_, err := d.token.Match(ctx, records, false)
	none(err)
	if q, err := d.token.Quarantine(ctx); err != nil || len(q) != 1 || q[0].Signal != everyday || q[0].Matches != 131 {
		t.Errorf("got %+v, %v", q, err)
	}
	none(d.person.Release(ctx, everyday, lantern.QuarantineRelease{Hits: lantern.DropHits, Reason: "everyday speech"}))
	_, err = d.token.Volume(ctx, time.Time{})
	none(err)
}

// hunt asks for what hunts over past activity need.
func (d *desk) hunt(t *testing.T) {
	t.Helper()
	if _, err := d.token.PlanHunt(t.Context(), "past", []lantern.HuntedFile{}, false); err != nil {
		t.Error(err)
	}
	if _, err := d.token.Hunts(t.Context()); err != nil {
		t.Error(err)
	}
}

// workACase goes through a case from its opening to its close.
func (d *desk) workACase(t *testing.T, w *agenttest.World, seed lantern.ID) {
	t.Helper()
	ctx := t.Context()
	none := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := d.person.OpenCase(ctx, lantern.CaseDraft{Title: "case", Program: w.Program.ID, Signals: []lantern.ID{seed}})
	none(err)
	_, err = d.second.OwnCase(ctx, c.ID, lantern.CaseOwner{})
	none(err)
	_, err = d.person.AddRound(ctx, c.ID, client.Lines(accounts(0, 6, "same-device", func(int) string { return "u-0" })))
	none(err)
	none(d.token.Candidates(ctx, c.ID, func(lantern.CaseAccount) error { return nil }))
	_, err = d.token.CaseEvidence(ctx, c.ID)
	none(err)
	ruling := lantern.Ruling{Account: "u-00000", Decision: lantern.Confirmed, Reason: lantern.LinkedAccount}
	_, err = d.person.Rule(ctx, c.ID, client.Lines(one(ruling)))
	none(err)
	_, err = d.person.AddNote(ctx, c.ID, lantern.CaseNote{Text: "same device as the first"})
	none(err)
	_, err = d.second.Notes(ctx, c.ID)
	none(err)
	task, err := d.person.AddTask(ctx, c.ID, lantern.CaseTask{Text: "ask the host"})
	none(err)
	_, err = d.second.FinishTask(ctx, c.ID, task.ID)
	none(err)
	_, err = d.second.CaseTasks(ctx, c.ID)
	none(err)

	outcome := lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "child safety 4"}
	p, err := d.person.Propose(ctx, lantern.ProposalDraft{Case: c.ID, Outcome: &outcome})
	none(err)
	waiting, err := d.token.Proposals(ctx, lantern.ProposalWaits)
	if err != nil || len(waiting) != 1 || waiting[0].ID != p.ID {
		t.Errorf("got %+v, %v", waiting, err)
	}
	_, err = d.second.AnswerProposal(ctx, p.ID, lantern.ProposalAnswer{Approve: true, Digest: p.Digest})
	none(err)
	_, err = d.person.SendOutcome(ctx, c.ID, outcome)
	none(err)

	draft := lantern.Draft{Type: "url", Value: "https://files.example.com/found/9", Tags: []lantern.Tag{"csam"}, Basis: lantern.Basis{Policy: "child safety 4", ReviewedBy: lantern.ByHuman}}
	preview, err := d.person.PreviewShare(ctx, c.ID, client.Lines(one(draft)))
	none(err)
	none(d.person.ShareExactly(ctx, c.ID, preview.Digest, client.Lines(one(draft)), func(r lantern.ShareResult) error {
		if r.Status != lantern.Created {
			t.Errorf("got %+v", r)
		}
		return nil
	}))
	events, err := d.token.Timeline(ctx, c.ID, 2, 4)
	if err != nil || len(events) != 4 || events[0].Number != 3 {
		t.Errorf("got %+v, %v", events, err)
	}
	_, err = d.person.SetCaseState(ctx, c.ID, lantern.CaseState{Close: lantern.CaseDone})
	none(err)
	_, err = d.token.Case(ctx, c.ID)
	none(err)
	_, err = d.token.Cases(ctx)
	none(err)
}

// one is a sequence of one item.
func one[T any](item T) iter.Seq[T] {
	return func(yield func(T) bool) { yield(item) }
}
