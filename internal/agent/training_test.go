package agent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// TestAgentWithThePersonsKeySaysThatTrainingLapsed runs an agent under a person's key: while the
// person's training is missing, corrections come and nothing new does, and the answers say so.
func TestAgentWithThePersonsKeySaysThatTrainingLapsed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.NeedTraining()
	fell := w.MustShare(host.Submitter, w.Draft(1))
	w.Train(time.Hour, social.Investigator)
	conf := w.AgentConfig(t, social, t.TempDir())
	conf.Exchange = client.New(w.URL, social.InvestigatorKey, client.Options{Retries: -1})
	a := opened(t, conf)
	defer func() { _ = a.Close() }()
	look := func(n int) lantern.Answer {
		t.Helper()
		// Who lacks training cannot attest that a correction was carried out.
		if err := a.RunOnce(ctx); err != nil && lantern.KindOf(err) != lantern.Forbidden {
			t.Fatal(err)
		}
		answers, err := a.Match(ctx, []lantern.Record{{Ref: "post-1", URLs: []string{w.Draft(n).Value}}}, agent.MatchOptions{Dry: true})
		if err != nil {
			t.Fatal(err)
		}
		return answers[0]
	}
	if answer := look(1); answer.State != lantern.AnswerOK || len(answer.Matches) != 1 {
		t.Fatalf("with training: got %+v", answer)
	}

	kept := w.MustShare(host.Submitter, w.Draft(3))
	look(3)
	reveal := func() (lantern.Signal, error) {
		t.Helper()
		who, err := a.Authenticate(ctx, social.InvestigatorKey)
		if err != nil {
			t.Fatal(err)
		}
		return a.Reveal(ctx, who, kept)
	}
	if s, err := reveal(); err != nil || s.Value == "" {
		t.Errorf("with training, revealed: %v", err)
	}

	w.Clock.Add(2 * time.Hour)
	if s, err := reveal(); lantern.KindOf(err) != lantern.Forbidden || s.Value != "" {
		t.Errorf("without training, revealed: %v", err)
	}
	w.MustShare(host.Submitter, w.Draft(2))
	if _, err := w.Withdraw(ctx, host.Submitter, fell, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	said := func(r string) bool { return strings.Contains(r, "needs training") }
	if answer := look(2); answer.State != lantern.AnswerStale || len(answer.Matches) != 0 || !slices.ContainsFunc(answer.Reasons, said) {
		t.Errorf("without training, what is new: got %+v", answer)
	}
	if answer := look(1); len(answer.Matches) != 0 {
		t.Errorf("without training, what was withdrawn still matches: %+v", answer)
	}

	w.Train(time.Hour, social.Investigator)
	if answer := look(2); answer.State != lantern.AnswerOK || len(answer.Matches) != 1 {
		t.Errorf("renewed: got %+v", answer)
	}
}
