package agent_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/guard"
	"lantern/internal/sqldb"
)

// guarded is one signal of a host, followed by the agent of another company, and a third
// that challenges.
type guarded struct {
	*agenttest.World
	t                  *testing.T
	host, social, game exchangetest.Company
	id                 lantern.ID
	dir                string
	config             func(*agent.Config)
	r                  *agenttest.Running
}

func newGuarded(t *testing.T, config func(*agent.Config)) *guarded {
	t.Helper()
	return newGuardedFor(t, config, 60)
}

// newGuardedFor lets the signal expire after so many days.
func newGuardedFor(t *testing.T, config func(*agent.Config), days int) *guarded {
	t.Helper()
	w := agenttest.New(t)
	g := &guarded{World: w, t: t, host: w.AddCompany("Cloudbin"), social: w.AddCompany("Facegram"), game: w.AddCompany("Pixelplay"),
		dir: t.TempDir(), config: config}
	d := w.Draft(1)
	d.Expires = w.Clock.Now().AddDate(0, 0, days)
	g.id = w.MustShare(g.host.Submitter, d)
	g.start()
	return g
}

func (g *guarded) start() {
	g.t.Helper()
	c := g.AgentConfig(g.t, g.social, g.dir)
	if g.config != nil {
		g.config(&c)
	}
	g.r = agenttest.Start(g.t, c)
	g.r.Until("every program is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
}

func (g *guarded) restart() {
	g.t.Helper()
	g.r.Stop()
	g.start()
}

// challenge has the signal suspended at the agent.
func (g *guarded) challenge() lantern.Challenge {
	g.t.Helper()
	c, err := g.OpenChallenge(g.t.Context(), g.game.Investigator, lantern.Challenge{Signal: g.id, Reason: lantern.WrongValue})
	if err != nil {
		g.t.Fatal(err)
	}
	g.Reaches(g.r, g.social)
	return c
}

// decide lets the sharer disagree and an officer of the agent's member decide.
func (g *guarded) decide(c lantern.Challenge, v lantern.Verdict) {
	g.t.Helper()
	if _, err := g.Decide(g.t.Context(), g.host.Submitter, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "it is right"}); err != nil {
		g.t.Fatal(err)
	}
	if _, err := g.Decide(g.t.Context(), g.social.Officer, c.ID, lantern.Decision{Verdict: v, Reason: "looked again"}); err != nil {
		g.t.Fatal(err)
	}
	g.Reaches(g.r, g.social)
}

// see looks the signal's value up in a record.
func (g *guarded) see(ref, account string) lantern.Answer {
	g.t.Helper()
	return g.r.MatchOne(lantern.Record{Ref: ref, Account: account, URLs: []string{g.Draft(1).Value}}, false)
}

func (g *guarded) status() lantern.AgentStatus {
	g.t.Helper()
	s, err := g.r.Status(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

func (g *guarded) person() agent.Caller { return g.r.Caller(g.social.InvestigatorKey) }

// inFiles reports whether a text stands in any file of the agent's folder.
func (g *guarded) inFiles(text string) bool {
	g.t.Helper()
	found := false
	err := filepath.WalkDir(g.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || strings.Contains(string(b), text)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return found
}

func TestSuspendedSignalsMatchIntoAQueueNobodySees(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	g.see("before-1", "acct-before")
	c := g.challenge()
	silent := func(a lantern.Answer) {
		t.Helper()
		if len(a.Matches) != 0 || a.State != lantern.AnswerOK || len(a.Reasons) != 0 {
			t.Errorf("an answer tells of a suspended signal: %+v", a)
		}
	}
	g.Clock.Add(time.Hour)
	silent(g.see("during-1", "acct-during"))
	silent(g.see("during-1", "acct-during"))
	g.restart()
	g.Clock.Add(time.Hour)
	silent(g.r.MatchOne(lantern.Record{Ref: "during-2", Account: "acct-during", Text: "see " + g.Draft(1).Value + " there"}, false))
	err := g.r.Look(t.Context(), agent.File{Name: "during-3.txt", Account: "acct-during"}, strings.NewReader(strings.Repeat("words and words ", 20_000)+g.Draft(1).Value),
		func(a lantern.Answer) error { silent(a); return nil })
	if err != nil {
		t.Fatal(err)
	}
	silent(g.r.MatchOne(lantern.Record{Ref: "dry", URLs: []string{g.Draft(1).Value}}, true))
	if s := g.status(); s.Held != 3 || s.Hits[lantern.HitOpen] != 0 || len(g.r.HitsIn("")) != 0 {
		t.Errorf("got %d held matches and hits %v, want 3 and none", s.Held, s.Hits)
	}
	for _, text := range []string{"acct-during", "during-1", "during-2"} {
		if g.inFiles(text) {
			t.Errorf("%q stands in the open in a file", text)
		}
	}

	g.Clock.Add(time.Hour)
	restored := g.Clock.Now()
	g.decide(c, lantern.Reject)
	hits := g.r.HitsIn("")
	var refs []string
	for i, h := range hits {
		refs = append(refs, h.Ref)
		if h.Found.After(restored.Add(-30*time.Minute)) || i > 0 && h.Found.Before(hits[i-1].Found) {
			t.Errorf("hit %d was found at %v", i, h.Found)
		}
		if h.Match.Signal != g.id || !h.Match.RequiresReview || i > 0 && h.Account != "acct-during" {
			t.Errorf("got hit %+v", h)
		}
	}
	if got := strings.Join(refs, " "); got != "before-1 during-1 during-2 during-3.txt" {
		t.Errorf("after the restore the queue holds %s", got)
	}
	if h := hits[2]; h.Match.Field != "/text" || h.Match.Offset != 4 || h.Match.Line != 1 {
		t.Errorf("where it stood is lost: %+v", h.Match)
	}
	if s := g.status(); s.Held != 0 {
		t.Errorf("%d matches are still held", s.Held)
	}
	if a := g.see("after-1", ""); len(a.Matches) != 1 {
		t.Errorf("restored: got %+v", a)
	}
}

// TestNoMatchIsLostWhileASignalComesAndGoes looks records up while their signal is suspended
// and restored again and again: at the end each of them is a hit.
func TestNoMatchIsLostWhileASignalComesAndGoes(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{} })
	stop := make(chan struct{})
	var looking sync.WaitGroup
	var looked [2]int
	for who := range looked {
		looking.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					looked[who] = i
					return
				default:
				}
				rec := lantern.Record{Ref: fmt.Sprintf("%d-%d", who, i), URLs: []string{g.Draft(1).Value}}
				if i%3 == 0 {
					rec.URLs, rec.Text = nil, "see "+g.Draft(1).Value
				}
				if _, err := g.r.Match(t.Context(), []lantern.Record{rec}, agent.MatchOptions{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		g.decide(g.challenge(), lantern.Reject)
		g.Clock.Add(25 * time.Hour) // a member may challenge the same signal again
	}
	close(stop)
	looking.Wait()
	if s := g.status(); s.Held != 0 || s.Hits[lantern.HitOpen] != looked[0]+looked[1] || looked[0] == 0 {
		t.Errorf("of %v records %d are hits, %d held", looked, s.Hits[lantern.HitOpen], s.Held)
	}
}

func TestHeldMatchesGoWithTheirSignal(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(g *guarded){
		"withdrawn": func(g *guarded) {
			if _, err := g.Withdraw(t.Context(), g.host.Submitter, g.id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(g *guarded) {
			g.Clock.Add(6 * 24 * time.Hour)
			g.restart() // which looks through what expired
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuardedFor(t, nil, 5)
			g.challenge()
			g.see("during-1", "acct-during")
			if g.status().Held != 1 {
				t.Fatal("nothing is held: nothing is shown")
			}
			end(g)
			g.r.Until("nothing is held", func(s lantern.AgentStatus) bool { return s.Held == 0 && s.Acks == 0 })
			if hits := g.r.HitsIn(lantern.HitVoid); len(hits) != 0 {
				t.Errorf("a match nobody saw is shown after the end: %+v", hits)
			}
		})
	}
}

func TestMoreThanIsHeldIsSaid(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Kept: 3} })
	c := g.challenge()
	for i := range 8 {
		g.see(fmt.Sprintf("post-%d", i), "")
	}
	g.decide(c, lantern.Reject)
	q, err := g.r.Quarantine(t.Context())
	if err != nil || len(q) != 1 || q[0].Missed != 5 || q[0].Matches != 8 || q[0].References != 3 || len(q[0].Sample) != 3 {
		t.Fatalf("got %+v, %v", q, err)
	}
	if n := len(g.r.HitsIn("")); n != 0 {
		t.Errorf("%d hits are in the queue", n)
	}
}

func TestFloodIsQuarantinedAndReleased(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Hourly: 5, Kept: 10} })
	ctx := t.Context()
	one := func() lantern.Quarantine {
		t.Helper()
		q, err := g.r.Quarantine(ctx)
		if err != nil || len(q) != 1 {
			t.Fatalf("got quarantine %+v, %v", q, err)
		}
		return q[0]
	}
	g.see("old", "acct-old")
	g.Clock.Add(2 * time.Hour)
	for i := range 5 {
		if a := g.see(fmt.Sprintf("post-%d", i), fmt.Sprintf("acct-%d", i/2)); a.Matches[0].Quarantined {
			t.Errorf("quarantined after %d hits", i)
		}
		g.see(fmt.Sprintf("post-%d", i), fmt.Sprintf("acct-%d", i/2)) // again: the same hit
	}
	if q, err := g.r.Quarantine(ctx); err != nil || len(q) != 0 || len(g.r.HitsIn("")) != 6 {
		t.Fatalf("at the bound: quarantine %+v, %v, %d hits", q, err, len(g.r.HitsIn("")))
	}
	g.see("post-5", "acct-2")
	if a := g.see("post-6", "acct-3"); len(a.Matches) != 1 || !a.Matches[0].Quarantined || a.State != lantern.AnswerOK {
		t.Errorf("a match of a quarantined signal: got %+v", a)
	}
	g.restart()
	g.see("post-7", "acct-3")
	g.see("post-7", "acct-3")
	if q := one(); q.Matches != 8 || q.References != 8 || q.Accounts != 4 || q.Missed != 0 || q.Cause != lantern.CauseFlood || len(q.Sample) != lantern.QuarantineSample {
		t.Errorf("got %+v", q)
	}
	if hits := g.r.HitsIn(""); len(hits) != 1 || hits[0].Ref != "old" {
		t.Errorf("in the queue: %+v, want what came before the burst", hits)
	}
	for i := 8; i < 13; i++ {
		g.see(fmt.Sprintf("post-%d", i), "")
	}
	if q := one(); q.Matches != 13 || q.References != 10 || q.Missed != 3 {
		t.Errorf("beyond what is kept: got %+v", q)
	}
	if s := g.status(); s.Quarantined != 1 {
		t.Errorf("the status counts %d", s.Quarantined)
	}
	if n, err := g.Reactions(ctx, g.host.Submitter, g.id); err != nil || len(n) != 0 {
		t.Errorf("the sharer was told: %+v, %v", n, err)
	}

	// What is suspended is nobody's to see, quarantined or not.
	c := g.challenge()
	if q, err := g.r.Quarantine(ctx); err != nil || len(q) != 0 || g.status().Quarantined != 0 {
		t.Errorf("suspended: got %+v, %v", q, err)
	}
	if hits := g.r.HitsIn(lantern.HitQuarantined); len(hits) != 0 {
		t.Errorf("suspended: %d hits are shown", len(hits))
	}
	g.see("post-13", "")
	g.decide(c, lantern.Reject)
	if q := one(); q.Matches != 14 || q.Missed != 4 {
		t.Errorf("restored: got %+v", q)
	}

	release := lantern.QuarantineRelease{Hits: lantern.OpenHits, Reason: "a real campaign"}
	if err := g.r.Release(ctx, agent.Caller{}, g.id, release); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("the local token releases: %v", err)
	}
	if err := g.r.Release(ctx, g.person(), g.id, lantern.QuarantineRelease{Hits: "all", Reason: " "}); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("a bad release: %v", err)
	}
	if err := g.r.Release(ctx, g.person(), g.id, release); err != nil {
		t.Fatal(err)
	}
	if err := g.r.Release(ctx, g.person(), g.id, release); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("released twice: %v", err)
	}
	if n := len(g.r.HitsIn("")); n != 11 {
		t.Errorf("%d hits are in the queue, want what was kept and the old one", n)
	}
	g.see("post-14", "")
	if s := g.status(); s.Quarantined != 0 || s.Hits[lantern.HitOpen] != 12 {
		t.Errorf("after the release: %+v", s)
	}
	if own, err := g.r.VerifyOwnLog(ctx); err != nil || own.Counts[audit.Decide] != 1 {
		t.Errorf("the agent's own log: %v, %v", own.Counts, err)
	}
	for i := range 20 {
		g.see(fmt.Sprintf("flood-%d", i), "")
	}
	one()
	if err := g.r.Release(ctx, g.person(), g.id, lantern.QuarantineRelease{Hits: lantern.DropHits, Reason: "everyday speech"}); err != nil {
		t.Fatal(err)
	}
	if hits := g.r.HitsIn(lantern.HitQuarantined); len(hits) != 0 {
		t.Errorf("%d hits were not dropped", len(hits))
	}
}

// A wrong signal is decided on a hit of the sample; what lies in quarantine goes with it.
func TestQuarantinedSignalIsChallengedAndFalls(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Hourly: 2} })
	for i := range 4 {
		g.see(fmt.Sprintf("post-%d", i), "")
	}
	q, err := g.r.Quarantine(t.Context())
	if err != nil || len(q) != 1 || len(q[0].Sample) != 4 {
		t.Fatalf("got %+v, %v", q, err)
	}
	undone, err := g.r.DecideHits(t.Context(), g.person(), []lantern.HitRuling{{Hit: q[0].Sample[1].ID, Decision: lantern.Confirmed}})
	if err != nil || !undone[0].Recorded || len(g.r.HitsIn(lantern.HitQuarantined)) != 3 {
		t.Fatalf("got %+v, %v", undone, err)
	}
	if _, err := g.r.Undo(t.Context(), g.person(), undone[0].Act); err != nil {
		t.Fatal(err)
	}
	if n := len(g.r.HitsIn(lantern.HitQuarantined)); n != 4 || len(g.r.HitsIn("")) != 0 {
		t.Errorf("undone: %d hits are in quarantine, want that back where it was", n)
	}
	results, err := g.r.DecideHits(t.Context(), g.person(), []lantern.HitRuling{{Hit: q[0].Sample[0].ID, Decision: lantern.WrongSignal, Reason: lantern.DecisionReason(lantern.BenignShared)}})
	if err != nil || !results[0].Recorded || results[0].Challenge == 0 {
		t.Fatalf("got %+v, %v", results, err)
	}
	if _, err := g.Decide(t.Context(), g.host.Submitter, results[0].Challenge, lantern.Decision{Verdict: lantern.Uphold, Reason: "it is everyday speech"}); err != nil {
		t.Fatal(err)
	}
	g.r.Until("the signal fell", func(s lantern.AgentStatus) bool { return s.Signals == 0 && s.Acks == 0 && s.Tasks == 1 })
	if hits := g.r.HitsIn(lantern.HitQuarantined); len(hits) != 0 || len(g.r.HitsIn(lantern.HitVoid)) != 1 {
		t.Errorf("after the fall: %d in quarantine, void %+v", len(hits), g.r.HitsIn(lantern.HitVoid))
	}
}

// A burst of an imminent signal stays in sight: a child may be at risk now.
func TestImminentHitsStayInTheQueue(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Hourly: 3} })
	d := g.Draft(2)
	d.Imminent = true
	id := g.MustShare(g.host.Submitter, d)
	g.Reaches(g.r, g.social)
	for i := range 6 {
		g.r.MatchOne(lantern.Record{Ref: fmt.Sprintf("post-%d", i), URLs: []string{d.Value}}, false)
	}
	q, err := g.r.Quarantine(t.Context())
	if err != nil || len(q) != 1 || q[0].Signal != id || !q[0].Imminent || q[0].References != 2 {
		t.Errorf("got %+v, %v", q, err)
	}
	if n := len(g.r.HitsIn("")); n != 4 {
		t.Errorf("%d hits are in the queue, want the 4 of before the guard tripped", n)
	}
}

func TestShadowModeCountsAndTellsNobody(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Shadow = true })
	other := g.Draft(1)
	other.Type, other.Value = "phrase", "plinth vorbel quandle"
	other.Role = lantern.UnknownRole
	g.MustShare(g.host.Submitter, other)
	g.Reaches(g.r, g.social)
	check := func(a lantern.Answer) {
		t.Helper()
		if a.State != lantern.AnswerShadow || len(a.Matches) != 0 {
			t.Errorf("got %+v", a)
		}
	}
	for i := range 3 {
		check(g.see(fmt.Sprint(i), ""))
	}
	check(g.r.MatchOne(lantern.Record{Ref: "nothing", Text: "nothing here"}, false))
	check(g.r.MatchOne(lantern.Record{Ref: "dry", Text: other.Value}, true))
	err := g.r.Look(t.Context(), agent.File{Name: "a.txt"}, strings.NewReader("say "+other.Value+" twice"), func(a lantern.Answer) error { check(a); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if a := g.r.MatchOne(lantern.Record{Ref: "bad\x00"}, false); a.State != lantern.CouldNotLook {
		t.Errorf("what could not be read: got %+v", a)
	}
	v, err := g.r.Volume(t.Context(), time.Time{})
	if err != nil || !v.Shadow || len(v.Items) != 2 || v.Since.IsZero() {
		t.Fatalf("got %+v, %v", v, err)
	}
	for _, i := range v.Items {
		want := map[lantern.SignalType]lantern.VolumeCount{
			"url":    {Program: g.Program.ID, Name: g.Program.Name, Type: "url", How: lantern.HowExact, Matches: 3},
			"phrase": {Program: g.Program.ID, Name: g.Program.Name, Type: "phrase", How: lantern.HowPhrase, Matches: 1},
		}[i.Type]
		if i != want {
			t.Errorf("got %+v, want %+v", i, want)
		}
	}
	if s := g.status(); !s.Shadow || len(s.Hits) != 0 {
		t.Errorf("got status %+v", s)
	}
	if later, err := g.r.Volume(t.Context(), g.Clock.Now().AddDate(0, 0, 2)); err != nil || len(later.Items) != 0 {
		t.Errorf("from a later day: %+v, %v", later, err)
	}
}

func TestWhatIsNotSampledIsNeverNoMatch(t *testing.T) {
	t.Parallel()
	ten := 10.0
	g := newGuarded(t, func(c *agent.Config) {
		c.Sampling = guard.Sampling{Rest: &ten, Sources: map[string]float64{"uploads": 100}}
	})
	taken := map[string]bool{}
	count := func() (n int) {
		t.Helper()
		for i := range 400 {
			ref := fmt.Sprintf("post-%d", i)
			switch a := g.see(ref, ""); {
			case a.State == lantern.AnswerOK && len(a.Matches) == 1:
				taken[ref] = true
				n++
			case a.State != lantern.NotSampled || len(a.Matches) != 0 || len(a.Reasons) != 1:
				t.Fatalf("got %+v", a)
			}
		}
		return n
	}
	n := count()
	if n < 15 || n > 80 {
		t.Errorf("%d of 400 take part at 10 %%", n)
	}
	if again := count(); again != n || len(taken) != n {
		t.Errorf("the second time %d take part, %d in all, want the same %d", again, len(taken), n)
	}
	if a := g.r.MatchOne(lantern.Record{Ref: "up", Source: "uploads", URLs: []string{g.Draft(1).Value}}, false); len(a.Matches) != 1 {
		t.Errorf("a source that takes part in full: got %+v", a)
	}
	states := map[lantern.AnswerState]int{}
	for i := range 60 {
		err := g.r.Look(t.Context(), agent.File{Name: fmt.Sprintf("%d.txt", i)}, strings.NewReader(g.Draft(1).Value), func(a lantern.Answer) error {
			states[a.State]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if states[lantern.NotSampled] < 30 || states[lantern.NotSampled]+states[lantern.AnswerOK] != 60 {
		t.Errorf("files: got %v", states)
	}
	if g.status().Sampling["*"] != 10 {
		t.Errorf("got status %+v", g.status().Sampling)
	}
}

func TestDismissedHitsGoAfter30DaysAndDoNotComeBack(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	ctx := t.Context()
	g.see("dismissed-ref", "dismissed-acct")
	g.see("confirmed-ref", "confirmed-acct")
	for _, h := range g.r.HitsIn("") {
		decision := lantern.NotHere
		if h.Ref == "confirmed-ref" {
			decision = lantern.Confirmed
		}
		for range 2 { // decided again: both entries name the account
			results, err := g.r.DecideHits(ctx, g.person(), []lantern.HitRuling{{Hit: h.ID, Decision: decision}})
			if err != nil || !results[0].Recorded {
				t.Fatalf("got %+v, %v", results, err)
			}
		}
	}
	g.see("dismissed-ref", "dismissed-acct")
	if open := g.r.HitsIn(""); len(open) != 0 {
		t.Fatalf("a decided hit came back: %+v", open)
	}
	if g.Clock.Add(lantern.DismissedKept - time.Hour); len(g.r.HitsIn(lantern.HitDecided)) != 2 {
		t.Fatal("a hit went early")
	}
	// The sweeper did not run since; the count says so.
	g.Clock.Add(4 * time.Hour)
	if s := g.status(); s.Overdue[lantern.OverdueDismissed] != 1 {
		t.Errorf("overdue: got %v", s.Overdue)
	}
	g.restart()
	g.r.Until("the dismissed hit is gone", func(s lantern.AgentStatus) bool {
		return s.Overdue[lantern.OverdueDismissed] == 0 && s.Hits[lantern.HitDecided] == 1
	})
	g.see("dismissed-ref", "dismissed-acct")
	if open := g.r.HitsIn(""); len(open) != 0 {
		t.Errorf("the same evidence is a hit again: %+v", open)
	}
	g.see("another-ref", "dismissed-acct")
	if open := g.r.HitsIn(""); len(open) != 1 || open[0].Ref != "another-ref" {
		t.Errorf("other evidence: got %+v", open)
	}
	if own, err := g.r.VerifyOwnLog(ctx); err != nil || own.Counts[audit.Decide] != 4 {
		t.Errorf("the agent's own log: %v, %v", own.Counts, err)
	}
	g.r.Stop()
	c := g.AgentConfig(t, g.social, g.dir)
	once, err := agent.New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := once.RunOnce(ctx); err != nil { // scrubs
		t.Fatal(err)
	}
	if err := once.Close(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"dismissed-ref": false, "confirmed-ref": true} {
		if g.inFiles(text) != want {
			t.Errorf("%s stands in a file: %v", text, !want)
		}
	}
}

// An exchange that lost its mark lets a value come back that fell to a challenge; the agent
// does not match it until a person, or a later review, lets it.
func TestValueThatFellToAChallengeDoesNotComeBack(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	ctx := t.Context()
	c := g.challenge()
	if _, err := g.Decide(ctx, g.host.Submitter, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "the wrong one"}); err != nil {
		t.Fatal(err)
	}
	g.r.Until("the fall is acknowledged", func(s lantern.AgentStatus) bool { return s.Acks == 0 && s.Signals == 0 && len(s.Programs) == 1 })
	g.Reaches(g.r, g.social)
	g.r.Until("the fall is acknowledged", func(s lantern.AgentStatus) bool { return s.Acks == 0 })
	db, err := sqldb.Open(ctx, g.World.World.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	if err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, `DELETE FROM marker`); return err }); err != nil {
		t.Fatal(err)
	}
	again := g.MustShare(g.host.Submitter, g.Draft(1))
	g.Reaches(g.r, g.social)
	if a := g.see("post-1", ""); len(a.Matches) != 0 {
		t.Errorf("it matches: %+v", a)
	}
	q, err := g.r.Quarantine(ctx)
	if err != nil || len(q) != 1 || q[0].Signal != again || q[0].Cause != lantern.CauseFellBefore {
		t.Fatalf("got %+v, %v", q, err)
	}
	if list, _ := notices(t, g.r.Agent, ""); !slices.Contains(kinds(list), "signal.quarantined") {
		t.Errorf("nobody is told: %q", kinds(list))
	}
	past := "see " + g.Draft(1).Value
	huntOne(t, g.r.Agent, "past.txt", past)
	g.restart()
	if got := planOne(t, g.r.Agent, pastText("past.txt", past)); got.Verdict != lantern.HuntUnchanged {
		t.Errorf("a file is %s for a signal that is not matched", got.Verdict)
	}
	if a := g.see("post-1", ""); len(a.Matches) != 0 {
		t.Errorf("it matches after a restart: %+v", a)
	}
	if err := g.r.Release(ctx, g.person(), again, lantern.QuarantineRelease{Hits: lantern.OpenHits, Reason: "new evidence"}); err != nil {
		t.Fatal(err)
	}
	if a := g.see("post-1", ""); len(a.Matches) != 1 {
		t.Errorf("released: got %+v", a)
	}
	if answers := huntOne(t, g.r.Agent, "past.txt", past); len(answers) != 1 || len(answers[0].Matches) != 1 {
		t.Errorf("a hunt after the release: got %+v", answers)
	}
	g.restart()
	if a := g.see("post-1", ""); len(a.Matches) != 1 {
		t.Errorf("released, after a restart: got %+v", a)
	}
}

// A withdrawal that no challenge brought about marks nothing.
func TestWithdrawnValueMayComeBack(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	if _, err := g.Withdraw(t.Context(), g.host.Submitter, g.id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	g.Reaches(g.r, g.social)
	g.r.Until("the fall is acknowledged", func(s lantern.AgentStatus) bool { return s.Acks == 0 })
	g.MustShare(g.host.Submitter, g.Draft(1))
	g.Reaches(g.r, g.social)
	if a := g.see("post-1", ""); len(a.Matches) != 1 {
		t.Errorf("got %+v", a)
	}
}

// loaded returns an agent that read everything once and has no contact since.
func loaded(t *testing.T, w *agenttest.World, c exchangetest.Company, change func(*agent.Config)) *agent.Agent {
	t.Helper()
	conf := w.AgentConfig(t, c, t.TempDir())
	if change != nil {
		change(&conf)
	}
	a, err := agent.New(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if err := a.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLeaseHoldsForEachWayOfAsking asks in every way while the lease runs out, ends, and the
// clock is put back.
func TestLeaseHoldsForEachWayOfAsking(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	mail := w.Draft(1)
	mail.Type, mail.Value = "email", "plinth.vorbel@example.com"
	w.MustShare(host.Submitter, mail)
	a := loaded(t, w, social, nil)
	ask := func() map[string]lantern.Answer {
		t.Helper()
		all := map[string]lantern.Answer{}
		for way, rec := range map[string]lantern.Record{
			"value": {Ref: "r", Values: []lantern.TypedValue{{Type: "email", Value: mail.Value}}},
			"text":  {Ref: "r", Text: "write to " + mail.Value},
		} {
			answers, err := a.Match(t.Context(), []lantern.Record{rec}, agent.MatchOptions{Dry: true})
			if err != nil {
				t.Fatal(err)
			}
			all[way] = answers[0]
		}
		for way, body := range map[string]string{"file": "write to " + mail.Value, "records": `{"ref":"r","values":[{"type":"email","value":"` + mail.Value + `"}]}` + "\n"} {
			first := true
			err := a.Look(t.Context(), agent.File{Name: way + map[bool]string{true: ".ndjson", false: ".txt"}[way == "records"], Dry: true}, strings.NewReader(body), func(x lantern.Answer) error {
				if first {
					all[way] = x
				}
				first = false
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	for _, step := range []struct {
		name  string
		add   time.Duration
		state lantern.AnswerState
		found bool
	}{
		{"at once", 0, lantern.AnswerOK, true},
		{"after 23 hours", 23 * time.Hour, lantern.AnswerOK, true},
		{"after 25 hours", 2 * time.Hour, lantern.AnswerStale, true},
		{"after 73 hours", 48 * time.Hour, lantern.CouldNotLook, false},
		{"put back to the contact", -73 * time.Hour, lantern.AnswerOK, true},
		{"put back behind it", -10 * 24 * time.Hour, lantern.CouldNotLook, false},
		{"put right", 10 * 24 * time.Hour, lantern.AnswerOK, true},
	} {
		w.Clock.Add(step.add)
		for way, got := range ask() {
			if got.State != step.state || (len(got.Matches) == 1) != step.found {
				t.Errorf("%s, %s: got %+v", step.name, way, got)
			}
		}
	}
	w.Clock.Add(-time.Hour)
	if err := a.RunOnce(t.Context()); err != nil { // a contact makes it good, whatever the clock says
		t.Fatal(err)
	}
	for way, got := range ask() {
		if got.State != lantern.AnswerOK || len(got.Matches) != 1 {
			t.Errorf("after a contact, %s: got %+v", way, got)
		}
	}
}

// slow gives its parts one by one and moves the clock before each but the first.
type slow struct {
	parts []string
	wait  func()
	n     int
}

func (s *slow) Read(p []byte) (int, error) {
	if s.n == len(s.parts) {
		return 0, io.EOF
	}
	if s.n > 0 {
		s.wait()
	}
	s.n++
	return copy(p, s.parts[s.n-1]), nil
}

// TestFileThatOutlastsTheLease reads a file that takes a week to come.
func TestFileThatOutlastsTheLease(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	var mails []string
	for i := range 2 {
		d := w.Draft(i)
		d.Type, d.Value = "email", fmt.Sprintf("plinth%d@example.com", i)
		w.MustShare(host.Submitter, d)
		mails = append(mails, d.Value)
	}
	a := loaded(t, w, social, nil)
	pad := strings.Repeat("word ", 1_000)
	in := &slow{parts: []string{"write to " + mails[0] + " " + pad, pad, pad, "or to " + mails[1] + " " + pad}, wait: func() { w.Clock.Add(40 * time.Hour) }}
	var last lantern.Answer
	err := a.Look(t.Context(), agent.File{Name: "long.txt", Dry: true}, in, func(x lantern.Answer) error { last = x; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if last.State != lantern.CouldNotLook || len(last.Reasons) == 0 {
		t.Errorf("the lease ended within the file: got %+v", last)
	}
	if len(last.Matches) > 1 {
		t.Errorf("a person was looked for after the lease: %+v", last.Matches)
	}
}
