package agent_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent/agenttest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestNarrowedIsKeptThroughAnotherProgram narrows signals under two agents: one follows both
// programs and keeps them, the other loses them, purges and acknowledges, and has nothing to
// review.
func TestNarrowedIsKeptThroughAnotherProgram(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := agenttest.NewOn(t, url)
		other := w.AddProgram("payments")
		host, social, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		w.Join(host, other, lantern.Both)
		w.Join(social, other, lantern.Both)
		d := w.Draft(1)
		d.Programs = []lantern.ID{w.Program.ID, other.ID}
		id := w.MustShare(host.Submitter, d)
		keeps, loses := w.Run(t, social, t.TempDir()), w.Run(t, game, t.TempDir())
		record := lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{d.Value}}
		for _, r := range []*agenttest.Running{keeps, loses} {
			r.Until("it is loaded", func(s lantern.AgentStatus) bool { return s.Signals == 1 && s.Answers == lantern.AnswerOK })
			if got := len(agenttest.Matched(r.MatchOne(record, false))); got != 1 {
				t.Fatalf("got %d matches, want 1", got)
			}
		}
		keeps.Until("both feeds are read", func(s lantern.AgentStatus) bool {
			n := 0
			for _, f := range s.Programs {
				n += f.Signals
			}
			return n == 2
		})

		ctx := t.Context()
		c, err := w.Narrow(ctx, host.Submitter, id, lantern.Narrowing{Program: w.Program.ID})
		if err != nil || len(c.Recipients) != 1 {
			t.Fatalf("narrowed: %+v %v", c, err)
		}
		loses.Until("it is gone", func(s lantern.AgentStatus) bool { return s.Signals == 0 })
		w.Reaches(keeps, social)
		if got := len(agenttest.Matched(keeps.MatchOne(record, true))); got != 1 || len(keeps.HitsIn(lantern.HitOpen)) != 1 {
			t.Errorf("through the other program: got %d matches, %d open hits, want 1 and 1", got, len(keeps.HitsIn(lantern.HitOpen)))
		}
		if hits := keeps.HitsIn(lantern.HitOpen); len(hits[0].Programs) != 1 || hits[0].Programs[0] != other.ID {
			t.Errorf("the hit is of the programs %v, want the one that is left", hits[0].Programs)
		}
		if got := len(agenttest.Matched(loses.MatchOne(record, true))); got != 0 || len(loses.HitsIn(lantern.HitOpen)) != 0 {
			t.Errorf("lost: got %d matches, %d open hits, want none", got, len(loses.HitsIn(lantern.HitOpen)))
		}
		loses.Until("both steps are acknowledged", func(lantern.AgentStatus) bool {
			c, err := w.Correction(ctx, host.Submitter, c.ID)
			return err == nil && !c.Recipients[0].Masked.IsZero() && !c.Recipients[0].Purged.IsZero()
		})
		if tasks, err := loses.ReviewTasks(ctx); err != nil || len(tasks) != 0 {
			t.Errorf("a narrowing makes the review tasks %+v (%v)", tasks, err)
		}

		// It comes back by an ordinary share, and what ends it everywhere still does.
		if _, err := w.Share(ctx, host.Submitter, d); err != nil {
			t.Fatal(err)
		}
		loses.Until("it is back", func(s lantern.AgentStatus) bool { return s.Signals == 1 })
		if _, err := w.Narrow(ctx, host.Submitter, id, lantern.Narrowing{Program: other.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Withdraw(ctx, host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*agenttest.Running{keeps, loses} {
			r.Until("it fell", func(s lantern.AgentStatus) bool { return s.Signals == 0 && s.Tasks == 1 && s.Acks == 0 })
		}
	})
}

// A narrowing that is taken back while an agent is away is acknowledged all the same: nothing
// of the place that ended is left there, and the signal is rightly held again.
func TestNarrowedAndPlacedAgainWhileAway(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	other := w.AddProgram("payments")
	host, game := w.AddCompany("Cloudbin"), w.AddCompany("Pixelplay")
	w.Join(host, other, lantern.Both)
	d := w.Draft(1)
	d.Programs = []lantern.ID{w.Program.ID, other.ID}
	id := w.MustShare(host.Submitter, d)
	dir := t.TempDir()
	r := w.Run(t, game, dir)
	r.Until("it is loaded", func(s lantern.AgentStatus) bool { return s.Signals == 1 })
	r.Stop()
	ctx := t.Context()
	c, err := w.Narrow(ctx, host.Submitter, id, lantern.Narrowing{Program: w.Program.ID})
	if err != nil || len(c.Recipients) != 1 {
		t.Fatalf("narrowed: %+v %v", c, err)
	}
	if _, err := w.Share(ctx, host.Submitter, d); err != nil {
		t.Fatal(err)
	}
	w.Clock.Add(time.Second)
	r = w.Run(t, game, dir)
	r.Until("both steps are acknowledged", func(lantern.AgentStatus) bool {
		c, err := w.Correction(ctx, host.Submitter, c.ID)
		return err == nil && !c.Recipients[0].Purged.IsZero()
	})
	if got := len(agenttest.Matched(r.MatchOne(lantern.Record{Ref: "post-1", URLs: []string{d.Value}}, true))); got != 1 {
		t.Errorf("placed again: got %d matches, want 1", got)
	}
}
