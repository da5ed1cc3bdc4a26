package exchange_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// The lane brings what is imminent and every correction, and nothing else.
func TestImminentLane(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		urgent := w.Draft(2)
		urgent.Imminent = true
		calm, id := w.MustShare(cloud.Service, w.Draft(1)), w.MustShare(cloud.Service, urgent)
		lane := lantern.FeedFilter{Imminent: true}
		page, err := w.FilteredFeed(ctx, face.Service, w.Program.ID, lane, "", 0, 0)
		if err != nil || len(page.Changes) != 1 || page.Changes[0].Signal.ID != id || page.More {
			t.Fatalf("got %+v, %v; want the imminent one", page, err)
		}
		if _, err := w.Feed(ctx, face.Service, w.Program.ID, page.Next, 0, 0); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("the cursor of the lane on the whole feed: got %v, want invalid", err)
		}
		w.Drain(face.Service, "") // the calm one is sent now, so its correction is owed
		if _, err := w.Withdraw(ctx, cloud.Submitter, calm, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		page, err = w.FilteredFeed(ctx, face.Service, w.Program.ID, lane, page.Next, 0, 0)
		if err != nil || len(page.Changes) != 1 || page.Changes[0].Signal.ID != calm || page.Changes[0].Correction == 0 {
			t.Errorf("got %+v, %v; want the correction", page, err)
		}
	})
}

// An imminent signal wakes every reader who waits, on the lane and on the whole feed.
func TestImminentWakesEveryone(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud := w.AddCompany("Cloudbin")
	var readers []exchangetest.Company
	for _, name := range []string{"Facegram", "Pixelplay", "Chatter", "Payhub"} {
		readers = append(readers, w.AddCompany(name))
	}
	woken := make(chan error, 2*len(readers))
	for _, c := range readers {
		for _, f := range []lantern.FeedFilter{{}, {Imminent: true}} {
			page, err := w.FilteredFeed(t.Context(), c.Service, w.Program.ID, f, "", 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				page, err := w.FilteredFeed(t.Context(), c.Service, w.Program.ID, f, page.Next, 0, lantern.MaxWait)
				if err == nil && len(page.Changes) != 1 {
					err = lantern.Errorf(lantern.Invalid, "%s got %d changes, want 1", c.Name, len(page.Changes))
				}
				woken <- err
			}()
		}
	}
	urgent := w.Draft(1)
	urgent.Imminent = true
	w.MustShare(cloud.Service, urgent)
	late := time.After(lantern.MaxWait / 2)
	for range cap(woken) {
		select {
		case err := <-woken:
			if err != nil {
				t.Error(err)
			}
		case <-late:
			t.Fatal("a reader was not woken")
		}
	}
}

// A challenge of an imminent signal is decided within the hour whoever is silent, stands
// first in every list, and says when it is late.
func TestImminentChallenge(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		open := func(n int, imminent bool) lantern.Challenge {
			d := w.Draft(n)
			d.Imminent = imminent
			c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: w.MustShare(cloud.Service, d), Reason: lantern.WrongValue})
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Add(time.Second)
			return c
		}
		calm, silent, disputed := open(1, false), open(2, true), open(3, true)
		if got := silent.Deadline.Sub(silent.Opened); got != 30*time.Minute || !silent.Imminent || calm.Imminent {
			t.Errorf("an imminent challenge is to be answered after %v: %+v", got, silent)
		}
		if _, err := w.Decide(ctx, cloud.Submitter, disputed.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "it is right"}); err != nil {
			t.Fatal(err)
		}
		for _, a := range []policy.Actor{cloud.Submitter, face.Investigator} {
			list, err := w.ChallengesOf(a)
			if err != nil || len(list) != 3 || list[0].ID != silent.ID || list[1].ID != disputed.ID || list[2].ID != calm.ID {
				t.Errorf("the list of a party: got %+v, %v; want what is imminent first", list, err)
			}
		}
		w.Clock.Add(35 * time.Minute) // the sharer was silent, and the clock is looked at late
		if c, err := w.Challenge(ctx, face.Investigator, silent.ID); err != nil || !c.Overdue {
			t.Errorf("past its deadline: got %+v, %v; want it overdue", c, err)
		}
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		list, err := w.ChallengesOf(game.Officer)
		if err != nil || len(list) != 2 || list[0].ID != silent.ID {
			t.Fatalf("the officer's list: got %+v, %v", list, err)
		}
		for _, c := range list {
			if hour := c.Deadline.Sub(c.Opened); hour > time.Hour {
				t.Errorf("to be decided %v after it was opened, want within the hour", hour)
			}
		}
		w.Clock.Add(time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if list, err = w.ChallengesOf(game.Officer); err != nil || !list[0].Overdue || !list[1].Overdue {
			t.Errorf("past the hour: got %+v, %v; want both overdue", list, err)
		}
		// One that is decided between two pages moves behind the place of the first.
		begun, err := w.Challenges(ctx, cloud.Submitter, "", 1)
		if err != nil || len(begun.Items) != 1 || begun.Items[0].ID != silent.ID {
			t.Fatalf("the first page: got %+v, %v", begun, err)
		}
		if c, err := w.Decide(ctx, game.Officer, silent.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "looked again"}); err != nil || c.State != lantern.ChallengeRejected {
			t.Errorf("decided late: got %+v, %v", c, err)
		}
		list, err = w.ChallengesOf(cloud.Submitter)
		if err != nil || list[0].ID != disputed.ID || list[1].ID != calm.ID || list[2].Overdue {
			t.Errorf("a decided one stands with the others: got %+v, %v", list, err)
		}
		if rest, err := w.Challenges(ctx, cloud.Submitter, begun.Next, 0); err != nil || len(rest.Items) != 3 || rest.Items[0].ID != disputed.ID || rest.Next != "" {
			t.Errorf("the second page leaves something out: got %+v, %v", rest, err)
		}
		if _, err := w.Challenges(ctx, cloud.Submitter, begun.Next+"0x", 0); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("a cursor of nowhere: got %v", err)
		}
	})
}

// What is urgent is tried again after a second, not after five.
func TestUrgentIsRetriedFast(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	r, _ := w.AddReceiver(face.Admin)
	r.Answer(exchangetest.Status(503))
	urgent := w.Draft(1)
	urgent.Imminent = true
	w.MustShare(cloud.Service, urgent)
	began := w.Clock.Now()
	for w.Clock.Now().Sub(began) < 5*time.Minute {
		deliver(t, w.Exchange)
		w.Clock.Add(time.Second / 2)
	}
	if n := len(r.Got()); n < 9 {
		t.Errorf("%d attempts in five minutes, want at least 9: 1, 2, 4, … 60 s apart", n)
	}
}
