package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/guard"
)

// Where a program wants training, whoever lacks it decides nothing, alone, in bulk, as the
// second or by undoing what another decided, and may hand on whatever it is.
func TestTheUntrainedHandOnAndDecideNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(w *agenttest.World) string {
		w.ChangePolicy(func(p *lantern.Policy) { p.TrainingNeeded, p.FourEyes = true, true })
		return w.URL
	})
	ctx := t.Context()
	_, colleague := s.colleague()
	hits := s.hits(40, 1)
	c := s.open("case")
	s.confirm(c.ID, "root-1")
	proposed := func(who agent.Caller) (lantern.Proposal, error) {
		return s.r.Propose(ctx, who, lantern.ProposalDraft{Case: c.ID, Outcome: &actioned})
	}
	p, err := proposed(colleague)
	if err != nil {
		t.Fatal(err)
	}
	b := s.preview(hits[0].ID, lantern.NotHere, lantern.NothingFound)
	s.lookAtSample(b, lantern.NotHere)

	s.Train(time.Hour, s.social.Investigator)
	s.Clock.Add(2 * time.Hour)
	s.person = s.r.Caller(s.social.InvestigatorKey)
	open := s.r.HitsIn("")
	s.widen(c.ID, "", "root-3")
	if _, err := s.r.Rule(ctx, colleague, c.ID, stream(nil, confirmed("root-3")...)); err != nil {
		t.Fatal(err)
	}
	results, err := s.r.DecideHits(ctx, colleague, []lantern.HitRuling{{Hit: open[0].ID, Decision: lantern.Unsure}})
	if err != nil || !results[0].Recorded {
		t.Fatalf("a colleague with training: got %+v, %v", results, err)
	}
	untrained := func(what string, err error) {
		t.Helper()
		if lantern.KindOf(err) != lantern.Forbidden || !strings.Contains(err.Error(), "training") {
			t.Errorf("%s: got %v, want that the training is missing", what, err)
		}
	}
	before := dump(t, s.dir)
	for _, d := range []lantern.HitRuling{{Decision: lantern.Confirmed}, {Decision: lantern.NotHere}, {Decision: lantern.Unsure}, {Decision: lantern.WrongSignal, Reason: "not-abusive"}} {
		d.Hit = open[1].ID
		got, err := s.r.DecideHits(ctx, s.person, []lantern.HitRuling{d})
		if err != nil || got[0].Recorded || got[0].Problem.Kind != lantern.Forbidden || !strings.Contains(got[0].Problem.Reason, "training") {
			t.Errorf("%s: got %+v, %v", d.Decision, got, err)
		}
	}
	_, err = s.r.PreviewBulk(ctx, s.person, lantern.BulkDraft{Hit: open[1].ID, Decision: lantern.NotHere, Reason: lantern.NothingFound})
	untrained("a preview", err)
	_, err = s.commit(b, b.Count)
	untrained("a commit of what was previewed with training", err)
	_, err = s.r.Rule(ctx, s.person, c.ID, stream(nil, lantern.Ruling{Account: "root-2", Decision: lantern.Confirmed}))
	untrained("a ruling", err)
	_, err = proposed(s.person)
	untrained("a proposal", err)
	_, err = s.r.AnswerProposal(ctx, s.person, p.ID, lantern.ProposalAnswer{Approve: true, Digest: p.Digest})
	untrained("an approval", err)
	escalate := lantern.HitRuling{Hit: open[0].ID, Decision: lantern.Escalate, Reason: lantern.ToLegal}
	if got, err := s.r.DecideHits(ctx, s.person, []lantern.HitRuling{escalate}); err != nil || got[0].Recorded {
		t.Errorf("escalating what another decided: got %+v, %v", got, err)
	}
	_, err = s.r.Rule(ctx, s.person, c.ID, stream(nil, lantern.Ruling{Account: "root-3", Decision: lantern.Escalate, Reason: lantern.ToLegal}))
	untrained("escalating a candidate another ruled on", err)
	_, err = s.r.Undo(ctx, s.person, results[0].Act)
	untrained("undoing what another decided", err)
	if got := dump(t, s.dir); strings.Join(got, "\n") != strings.Join(before, "\n") {
		t.Error("what was refused changed something")
	}

	own := s.decide(open[1].ID, lantern.Escalate, lantern.ToLegal)
	if _, err := s.r.Undo(ctx, s.person, own); err != nil {
		t.Errorf("undoing one's own act: %v", err)
	}
	if _, err := s.r.PreviewBulk(ctx, s.person, lantern.BulkDraft{Hit: open[1].ID, Decision: lantern.Escalate, Reason: lantern.ToLegal}); err != nil {
		t.Errorf("escalating in bulk: %v", err)
	}
	if _, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, lantern.Ruling{Account: "root-2", Decision: lantern.Escalate, Reason: lantern.ToLegal})); err != nil {
		t.Errorf("escalating a candidate: %v", err)
	}
	if _, err := s.r.AnswerProposal(ctx, s.person, p.ID, lantern.ProposalAnswer{Digest: p.Digest}); err != nil {
		t.Errorf("declining: %v", err)
	}
}

// What lies in quarantine may be let into the queue by anybody, and dropped by whoever may decide.
func TestTheUntrainedDropNothingFromQuarantine(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Hourly: 5, Kept: 10} })
	for i := range 7 {
		g.see(fmt.Sprintf("post-%d", i), "")
	}
	g.r.Stop()
	g.NeedTraining()
	g.Train(time.Hour, g.social.Investigator)
	g.Clock.Add(2 * time.Hour)
	g.MustShare(g.host.Submitter, g.Draft(2))
	g.start()
	g.Reaches(g.r, g.social) // and so do the program's rules, which are asked for first
	release := lantern.QuarantineRelease{Hits: lantern.DropHits, Reason: "everyday speech"}
	if err := g.r.Release(t.Context(), g.person(), g.id, release); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("dropped: got %v, want forbidden", err)
	}
	release.Hits = lantern.OpenHits
	if err := g.r.Release(t.Context(), g.person(), g.id, release); err != nil || len(g.r.HitsIn("")) == 0 {
		t.Errorf("let into the queue: got %v, %d hits", err, len(g.r.HitsIn("")))
	}
}
