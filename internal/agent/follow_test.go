package agent_test

import (
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/sqldb/sqldbtest"
)

func TestSharedSignalMatchesElsewhere(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := agenttest.NewOn(t, url)
		host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r := w.Run(t, social, t.TempDir())
		id := w.MustShare(host.Submitter, w.Draft(1))
		w.Reaches(r, social)

		a := r.MatchOne(lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{"HTTPS://files.example.com/f/1#top"}}, false)
		if a.State != lantern.AnswerOK || len(a.Matches) != 1 {
			t.Fatalf("got %+v, want one match and ok", a)
		}
		m := a.Matches[0]
		if m.Signal != id || m.Sharer != host.ID || !m.RequiresReview || m.Status != lantern.Violating || m.Field != "/urls/0" || m.How != lantern.HowExact {
			t.Errorf("got %+v", m)
		}
		if a := r.MatchOne(lantern.Record{Ref: "post-2", URLs: []string{"https://files.example.com/f/2"}}, false); len(a.Matches) != 0 || a.State != lantern.AnswerOK {
			t.Errorf("an unshared URL: got %+v", a)
		}
		hits := r.HitsIn("")
		if len(hits) != 1 || hits[0].Account != "u-1" || hits[0].Match.Signal != id || hits[0].Programs[0] != w.Program.ID {
			t.Errorf("got hits %+v", hits)
		}
		s := r.Until("the log is verified", func(s lantern.AgentStatus) bool { return s.Log.Size > s.Log.Leaf && s.Log.Leaf > 0 })
		if s.Log.Fault != "" || s.Signals != 1 {
			t.Errorf("got status %+v", s)
		}
	})
}

func TestOwnSignalsAreHeldAndNotMatched(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host := w.AddCompany("Cloudbin")
	id := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	r := w.Run(t, host, dir)
	record := lantern.Record{Ref: "file-1", URLs: []string{w.Draft(1).Value}}
	if a := r.MatchOne(record, false); len(a.Matches) != 0 {
		t.Errorf("own signal matched: %+v", a)
	}
	if s, err := r.Reveal(t.Context(), r.Caller(host.SubmitterKey), id); err != nil || s.Value != w.Draft(1).Value {
		t.Errorf("own signal: got %+v, %v", s.ID, err)
	}
	r.Stop()
	c := w.AgentConfig(t, host, dir)
	c.MatchOwn = true
	r = agenttest.Start(t, c)
	if a := r.MatchOne(record, true); len(a.Matches) != 1 {
		t.Errorf("with MatchOwn: got %+v", a)
	}
}

func TestSuspendedIsHiddenRestoredIsBackFallenIsVoid(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	id := w.MustShare(host.Submitter, w.Draft(1))
	kept := w.MustShare(host.Submitter, w.Draft(2))
	r := w.Run(t, social, t.TempDir())
	record := lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{w.Draft(1).Value, w.Draft(2).Value}}
	if got := len(agenttest.Matched(r.MatchOne(record, false))); got != 2 {
		t.Fatalf("got %d matches, want 2", got)
	}
	if again := r.MatchOne(record, false); len(again.Matches) != 2 || len(r.HitsIn("")) != 2 {
		t.Fatalf("the same records again: got %d matches and %d hits, want 2 and 2", len(again.Matches), len(r.HitsIn("")))
	}
	ctx := t.Context()
	challenge := func() lantern.Challenge {
		c, err := w.OpenChallenge(ctx, game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.WrongValue})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	decide := func(c lantern.Challenge, v lantern.Verdict) {
		if _, err := w.Decide(ctx, host.Submitter, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "it is right"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, social.Officer, c.ID, lantern.Decision{Verdict: v, Reason: "looked again"}); err != nil {
			t.Fatal(err)
		}
	}

	c := challenge()
	w.Reaches(r, social)
	if got := agenttest.Matched(r.MatchOne(record, true)); len(got) != 1 || got[0] != kept {
		t.Errorf("suspended: got matches %v, want only the other signal", got)
	}
	if hits := r.HitsIn(""); len(hits) != 1 || hits[0].Match.Signal != kept {
		t.Errorf("suspended: got hits %+v", hits)
	}
	decide(c, lantern.Reject)
	w.Reaches(r, social)
	if got := len(agenttest.Matched(r.MatchOne(record, true))); got != 2 {
		t.Errorf("restored: got %d matches, want 2", got)
	}
	if hits := r.HitsIn(""); len(hits) != 2 {
		t.Errorf("restored: got %d hits, want 2", len(hits))
	}

	if _, err := w.Withdraw(ctx, host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	s := r.Until("both steps are acknowledged", func(s lantern.AgentStatus) bool { return s.Tasks == 1 && s.Acks == 0 })
	if got := agenttest.Matched(r.MatchOne(record, true)); len(got) != 1 || got[0] != kept {
		t.Errorf("withdrawn: got matches %v, want only the other signal", got)
	}
	if open, void := r.HitsIn(""), r.HitsIn(lantern.HitVoid); len(open) != 1 || len(void) != 1 || void[0].Account != "u-1" || void[0].Match.Offset != 0 || void[0].Match.Tags != nil {
		t.Errorf("withdrawn: got open %+v and void %+v", open, void)
	}
	tasks, err := r.ReviewTasks(ctx)
	if err != nil || len(tasks) != 1 || tasks[0].Signal != id || tasks[0].Hits != 1 || len(tasks[0].Accounts) != 1 || tasks[0].Masked.IsZero() || tasks[0].Purged.IsZero() {
		t.Errorf("got tasks %+v, %v; status %+v", tasks, err, s)
	}
	if _, err := r.Reveal(ctx, r.Caller(social.InvestigatorKey), id); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("revealing a fallen signal: got %v, want not found", err)
	}
	list, err := w.Corrections(ctx, host.Submitter, lantern.CorrectionFilter{})
	if err != nil || len(list) != 1 {
		t.Fatalf("got corrections %+v, %v", list, err)
	}
	for _, m := range list[0].Recipients {
		if m.Member == social.ID && (m.Masked.IsZero() || m.Purged.IsZero()) {
			t.Errorf("the exchange does not know of the acknowledgements: %+v", m)
		}
	}
}

func TestHeldHitsOfAFallenSignalAreGone(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	id := w.MustShare(host.Submitter, w.Draft(1))
	r := w.Run(t, social, t.TempDir())
	r.MatchOne(lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{w.Draft(1).Value}}, false)
	ctx := t.Context()
	c, err := w.OpenChallenge(ctx, game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.WrongValue})
	if err != nil {
		t.Fatal(err)
	}
	w.Reaches(r, social)
	if _, err := w.Decide(ctx, host.Submitter, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "it was wrong"}); err != nil {
		t.Fatal(err)
	}
	r.Until("both steps are acknowledged", func(s lantern.AgentStatus) bool { return s.Tasks == 1 && s.Acks == 0 })
	if open, void := r.HitsIn(""), r.HitsIn(lantern.HitVoid); len(open)+len(void) != 0 {
		t.Errorf("got %d open and %d void hits, want none", len(open), len(void))
	}
	tasks, err := r.ReviewTasks(ctx)
	if err != nil || len(tasks) != 1 || tasks[0].Kind != lantern.CorrectionUpheld || tasks[0].Hits != 1 || len(tasks[0].Accounts) != 1 {
		t.Errorf("got tasks %+v, %v", tasks, err)
	}
}

func TestStaleAndLeaseEnds(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	mail := w.Draft(0)
	mail.Type, mail.Value = "email", "someone@example.com"
	w.MustShare(host.Submitter, mail)
	dir := t.TempDir()
	w.Run(t, social, dir).Stop()
	a, err := agent.New(t.Context(), w.AgentConfig(t, social, dir)) // and never runs: out of contact
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	records := []lantern.Record{
		{Ref: "url", URLs: []string{w.Draft(1).Value}},
		{Ref: "mail", Values: []lantern.TypedValue{{Type: "email", Value: mail.Value}}},
		{Ref: "both", URLs: []string{w.Draft(1).Value}, Values: []lantern.TypedValue{{Type: "email", Value: mail.Value}}},
	}
	for _, step := range []struct {
		after   time.Duration
		state   [3]lantern.AnswerState
		matches [3]int
	}{
		{0, [3]lantern.AnswerState{"ok", "ok", "ok"}, [3]int{1, 1, 2}},
		{25 * time.Hour, [3]lantern.AnswerState{"stale", "stale", "stale"}, [3]int{1, 1, 2}},
		{48 * time.Hour, [3]lantern.AnswerState{"stale", "could-not-look", "could-not-look"}, [3]int{1, 0, 1}},
	} {
		w.Clock.Add(step.after)
		answers, err := a.Match(t.Context(), records, agent.MatchOptions{Dry: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range answers {
			if got.State != step.state[i] || len(got.Matches) != step.matches[i] || got.State != lantern.AnswerOK && len(got.Reasons) == 0 {
				t.Errorf("%v later, %s: got %s, %d matches, reasons %q; want %s, %d", step.after, got.Ref, got.State, len(got.Matches), got.Reasons, step.state[i], step.matches[i])
			}
		}
	}
}

// An agent that was off for longer than an answer stays fresh says at once that nothing
// happened meanwhile: it must not wait for the first change to find out.
func TestFreshAtOnceAfterALongTimeOff(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	w.Run(t, social, dir).Stop()
	w.Clock.Add(lantern.LeaseEnds + time.Hour)
	r := w.Run(t, social, dir) // waits until its answers are fresh, and gives up long before a read of the feed would
	if got := r.MatchOne(lantern.Record{Ref: "post", URLs: []string{w.Draft(1).Value}}, true); got.State != lantern.AnswerOK || len(got.Matches) != 1 {
		t.Errorf("got %s with %d matches, want ok with 1", got.State, len(got.Matches))
	}
}

// TestUnreadIsNotNoMatch sends values that cannot be looked up: the answer must not read as
// if nothing had been found, and must name which and why.
func TestUnreadIsNotNoMatch(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	w.MustShare(w.AddCompany("Cloudbin").Submitter, w.Draft(1))
	r := agenttest.Start(t, w.AgentConfig(t, w.AddCompany("Facegram"), t.TempDir()))
	r.Until("has the signal", func(s lantern.AgentStatus) bool { return s.Signals == 1 && s.Answers == lantern.AnswerOK })
	for name, bad := range map[string]lantern.Record{
		"no address":     {Values: []lantern.TypedValue{{Type: "email", Value: "nobody"}}},
		"no such type":   {Values: []lantern.TypedValue{{Type: "handshake", Value: "x"}}},
		"no digest":      {Hashes: []string{"abc"}},
		"for people":     {Values: []lantern.TypedValue{{Type: lantern.TacticType, Value: "x"}}},
		"among what can": {Values: []lantern.TypedValue{{Type: "md5", Value: strings.Repeat("ab", 16)}, {Type: "sha1", Value: "abc"}}},
	} {
		bad.Ref = "x"
		if a := r.MatchOne(bad, true); a.State != lantern.CouldNotLook || len(a.Reasons) != 1 || !strings.HasPrefix(a.Reasons[0], "/") {
			t.Errorf("%s: got %s with %d reasons, want could-not-look with one that names what", name, a.State, len(a.Reasons))
		}
	}
	if a := r.MatchOne(lantern.Record{Ref: "x", Hashes: []string{strings.Repeat("ab", 16)}}, true); a.State != lantern.AnswerOK {
		t.Errorf("a digest that nobody shared: got %s, want ok", a.State)
	}
}

func TestNothingLoadedIsNotNoMatch(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	social := w.AddCompany("Facegram")
	c := w.AgentConfig(t, social, t.TempDir())
	c.Exchange = client.New("http://127.0.0.1:1", "lk_1_none", client.Options{Retries: -1})
	r := agenttest.Start(t, c)
	if a := r.MatchOne(lantern.Record{Ref: "x", URLs: []string{w.Draft(1).Value}}, true); a.State != lantern.CouldNotLook || len(a.Reasons) == 0 {
		t.Errorf("got %+v, want could-not-look with a reason", a)
	}
	if err := r.Ready(t.Context()); lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("Ready: got %v, want unavailable", err)
	}
}
