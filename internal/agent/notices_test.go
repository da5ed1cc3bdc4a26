package agent_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// notices reads all that was told behind a place, and returns the place behind it.
func notices(t *testing.T, a *agent.Agent, after lantern.Cursor) (list []lantern.Notice, next lantern.Cursor) {
	t.Helper()
	for {
		page, next, more, err := a.Notices(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page...)
		if after = next; !more {
			return list, next
		}
	}
}

// kinds writes notices as words: the type, and the reference of the hit.
func kinds(list []lantern.Notice) (words []string) {
	for _, n := range list {
		word := string(n.Event.Type)
		if n.Hit != nil {
			word += " " + n.Hit.Ref + " " + string(n.Hit.State)
		}
		words = append(words, word)
	}
	return words
}

func TestNoticesTellWhatBecomesOfHits(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	plain, grave := w.Draft(1), w.Draft(2)
	grave.Imminent = true
	id := w.MustShare(host.Submitter, plain)
	w.MustShare(host.Submitter, grave)
	idle := w.MustShare(host.Submitter, w.Draft(3))
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	w.Reaches(r, social)
	told := func(what string, after lantern.Cursor, want ...string) lantern.Cursor {
		t.Helper()
		list, next := notices(t, r.Agent, after)
		if got := kinds(list); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
		return next
	}
	start := told("before anything happened", "")
	r.MatchOne(lantern.Record{Ref: "p", URLs: []string{plain.Value}}, false)
	r.MatchOne(lantern.Record{Ref: "g", URLs: []string{grave.Value}}, false)
	r.MatchOne(lantern.Record{Ref: "p", URLs: []string{plain.Value}}, false) // the same hit
	r.MatchOne(lantern.Record{Ref: "q", URLs: []string{plain.Value}}, true)  // dry: none
	place := told("two hits, the urgent one first", start, "hit.imminent g open", "hit.opened p open")
	told("nothing twice", place)

	// What became of it while somebody was away is told as it is by then.
	plain.Imminent = true
	w.MustShare(host.Submitter, plain)
	w.Reaches(r, social)
	place = told("the other becomes imminent", place, "hit.imminent p open")
	c, err := w.OpenChallenge(t.Context(), game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.WrongValue})
	if err != nil {
		t.Fatal(err)
	}
	w.Reaches(r, social)
	told("a held hit is not shown", "", "hit.imminent g open", "signal.masked")
	place = told("masked", place, "signal.masked")
	if _, err := w.Decide(t.Context(), host.Submitter, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "it is right"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Decide(t.Context(), social.Officer, c.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "looked again"}); err != nil {
		t.Fatal(err)
	}
	w.Reaches(r, social)
	place = told("restored", place, "hit.imminent p open")
	for _, s := range []lantern.ID{id, idle} {
		if _, err := w.Withdraw(t.Context(), host.Submitter, s, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
	}
	w.Reaches(r, social)
	place = told("fallen, with what rested on it, and nothing of the other", place, "review-task.opened", "signal.fell")

	// A restart loses nothing and repeats nothing, and another database is another journal.
	r.Stop()
	r = w.Run(t, social, dir)
	told("after a restart", place)
	r.MatchOne(lantern.Record{Ref: "g2", URLs: []string{grave.Value}}, false)
	told("behind the same place", place, "hit.imminent g2 open")
	other := w.Run(t, game, t.TempDir())
	for _, c := range []lantern.Cursor{place, "x", "1-2-3", "1-2", lantern.Cursor(string(place) + "9")} {
		if _, _, _, err := other.Notices(t.Context(), c); lantern.KindOf(err) != lantern.Resync {
			t.Errorf("the place %q of another journal: got %v, want resync", c, err)
		}
	}
}

// However much waits, what is urgent comes before the next hundred.
func TestUrgentNoticesOvertake(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	plain, grave := w.Draft(1), w.Draft(2)
	grave.Imminent = true
	w.MustShare(host.Submitter, plain)
	w.MustShare(host.Submitter, grave)
	r := w.Run(t, social, t.TempDir())
	w.Reaches(r, social)
	const many = 250
	for i := range many {
		r.MatchOne(lantern.Record{Ref: fmt.Sprint("p", i), URLs: []string{plain.Value}}, false)
	}
	page, place, more, err := r.Notices(t.Context(), "")
	if err != nil || !more || len(page) != agent.MaxNotices {
		t.Fatalf("got %d notices, more %v, %v", len(page), more, err)
	}
	r.MatchOne(lantern.Record{Ref: "g", URLs: []string{grave.Value}}, false)
	rest, _ := notices(t, r.Agent, place)
	if len(rest) != many-agent.MaxNotices+1 || rest[0].Hit == nil || rest[0].Hit.Ref != "g" {
		t.Errorf("got %d notices, the first %+v; want the urgent one first", len(rest), rest[0])
	}
	// Whoever goes on behind any line misses nothing and has nothing twice.
	whole, _ := notices(t, r.Agent, "")
	for i := range whole {
		seen := make(map[lantern.ID]bool)
		behind, _ := notices(t, r.Agent, whole[i].Next)
		for _, n := range append(slices.Clone(whole[:i+1]), behind...) {
			if seen[n.Event.ID] {
				t.Fatalf("behind line %d an event comes twice", i)
			}
			seen[n.Event.ID] = true
		}
		if len(seen) != len(whole) {
			t.Fatalf("behind line %d: %d events of %d", i, len(seen), len(whole))
		}
	}
}

// The agent tells when its answers cannot be relied on, once, and when they can again.
func TestNoticesOfStaleness(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	r.Stop()
	w.Clock.Add(25 * time.Hour)
	c := w.AgentConfig(t, social, dir)
	c.Exchange = c.Exchange.WithKey("lk_123456789_nobody")
	r = agenttest.Start(t, c)
	waitTold := func(want ...string) {
		t.Helper()
		timeout := time.After(30 * time.Second)
		for {
			told := r.Told()
			list, _ := notices(t, r.Agent, "")
			if slices.Equal(kinds(list), want) {
				return
			}
			select {
			case <-told:
			case <-timeout:
				t.Fatalf("got %q, want %q", kinds(list), want)
			}
		}
	}
	waitTold("agent.stale")
	r.Stop()
	w.MustShare(host.Submitter, w.Draft(1)) // so that the first read is answered at once
	r = w.Run(t, social, dir)
	waitTold("agent.stale", "agent.fresh")
}

// Events are kept for 30 days, those of hits that wait for longer.
func TestOldEventsAreDropped(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	stays, falls := w.Draft(1), w.Draft(2)
	w.MustShare(host.Submitter, stays)
	id := w.MustShare(host.Submitter, falls)
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	w.Reaches(r, social)
	r.MatchOne(lantern.Record{Ref: "stays", URLs: []string{stays.Value}}, false)
	r.MatchOne(lantern.Record{Ref: "falls", URLs: []string{falls.Value}}, false)
	if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	w.Reaches(r, social)
	if list, _ := notices(t, r.Agent, ""); !slices.Contains(kinds(list), "signal.fell") {
		t.Fatalf("got %q", kinds(list))
	}
	r.MatchOne(lantern.Record{Ref: "last", URLs: []string{stays.Value}}, false)
	r.Stop()
	w.Clock.Add(31 * 24 * time.Hour)
	r = agenttest.Start(t, w.AgentConfig(t, social, dir)) // drops at once
	timeout := time.After(30 * time.Second)
	for {
		changed := r.Changed()
		list, _ := notices(t, r.Agent, "")
		list = slices.DeleteFunc(list, func(n lantern.Notice) bool {
			return n.Event.Type == lantern.AgentStale || n.Event.Type == lantern.AgentFresh
		})
		if slices.Equal(kinds(list), []string{"hit.opened stays open", "hit.opened last open"}) {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("got %q", kinds(list))
		}
	}
}
