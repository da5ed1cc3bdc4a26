package exchange_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/webhook"
)

// react makes n events for the sharer of fresh signals.
func react(t *testing.T, w *exchangetest.World, sharer, answerer exchangetest.Company, first, n int) {
	t.Helper()
	for i := range n {
		id := w.MustShare(sharer.Service, w.Draft(first+i))
		if _, err := w.React(t.Context(), answerer.Service, lantern.Feedback{Signal: id, Reaction: lantern.Seen}); err != nil {
			t.Fatal(err)
		}
	}
}

// only returns the one webhook of a company.
func only(t *testing.T, w *exchangetest.World, c exchangetest.Company) lantern.Webhook {
	t.Helper()
	list, err := w.Webhooks(t.Context(), c.Admin)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d webhooks, %v", len(list), err)
	}
	return list[0]
}

// times counts how often each event came.
func times(r *exchangetest.Receiver) map[lantern.ID]int {
	n := map[lantern.ID]int{}
	for _, e := range r.Got() {
		n[e.ID]++
	}
	return n
}

func deliver(t *testing.T, x *exchange.Exchange) {
	t.Helper()
	if err := x.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A receiver that is down for days gets every event in the end: retried for 72 hours,
// then given up, visibly, and replayed.
func TestRetryGiveUpReplay(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		ctx := t.Context()
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r, hook := w.AddReceiver(cloud.Admin)
		r.Answer(exchangetest.Status(503))
		react(t, w, cloud, face, 1, 1)
		began := w.Clock.Now()
		attempts := 0
		for w.Clock.Now().Sub(began) < 80*time.Hour {
			deliver(t, w.Exchange)
			attempts = len(r.Got())
			w.Clock.Add(time.Minute)
			d, err := w.Deliveries(ctx, cloud.Admin, hook.ID)
			if err != nil || len(d) != 1 {
				t.Fatalf("%d deliveries, %v", len(d), err)
			}
			if d[0].State == lantern.DeliveryDead {
				break
			}
			if wait := d[0].Next.Sub(w.Clock.Now()); wait > 0 {
				deliver(t, w.Exchange) // too early
				if len(r.Got()) != attempts {
					t.Fatal("an attempt before its time")
				}
				w.Clock.Add(wait)
			}
		}
		state := only(t, w, cloud)
		if attempts < 10 || attempts > 18 || len(times(r)) != 1 || state.State != lantern.WebhookDisabled || state.Dead != 1 || state.Pending != 0 ||
			state.Failure != "status" || state.Failing.IsZero() {
			t.Fatalf("after %v: %d attempts at %d events, webhook %s, dead %d, failing since %v for %q", w.Clock.Now().Sub(began), attempts, len(times(r)), state.State, state.Dead, state.Failing, state.Failure)
		}

		react(t, w, cloud, face, 2, 2)
		deliver(t, w.Exchange)
		if state = only(t, w, cloud); len(r.Got()) != attempts || state.Dead != 3 {
			t.Errorf("a disabled webhook is called, or does not show what it missed: dead %d", state.Dead)
		}
		r.Answer(nil)
		done, err := w.ReplayWebhook(ctx, cloud.Admin, hook.ID, lantern.Replay{Since: began.Add(-time.Hour)})
		if err != nil || done.Deliveries != 3 {
			t.Fatalf("replay: %d, %v", done.Deliveries, err)
		}
		deliver(t, w.Exchange)
		if state = only(t, w, cloud); len(times(r)) != 3 || state.State != lantern.WebhookActive || state.Dead != 0 || !state.Failing.IsZero() || state.Delivered.IsZero() {
			t.Errorf("after the replay: %d events, webhook %s, dead %d, failing since %v", len(times(r)), state.State, state.Dead, state.Failing)
		}
		first := r.Got()[0].ID
		before := len(r.Got())
		for _, again := range []lantern.Replay{{Event: first}, {Since: w.Clock.Now()}} {
			if _, err := w.ReplayWebhook(ctx, cloud.Admin, hook.ID, again); err != nil {
				t.Fatal(err)
			}
		}
		deliver(t, w.Exchange)
		if got := r.Got(); len(got) != before+1 || got[before].ID != first {
			t.Errorf("replaying one event that was delivered brought %d", len(got)-before)
		}
		if _, err := w.ReplayWebhook(ctx, cloud.Admin, hook.ID, lantern.Replay{Event: 12345}); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("replaying nothing: %v", err)
		}
		w.Clock.Add(31 * 24 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if d, err := w.Deliveries(ctx, cloud.Admin, hook.ID); err != nil || len(d) != 0 {
			t.Errorf("%d deliveries are kept for more than 30 days, %v", len(d), err)
		}
	})
}

func TestGoneDisables(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	r, hook := w.AddReceiver(cloud.Admin)
	r.Answer(exchangetest.Status(410))
	react(t, w, cloud, face, 1, 1)
	deliver(t, w.Exchange)
	if state := only(t, w, cloud); state.State != lantern.WebhookDisabled || state.Failure != "gone" || state.Dead != 1 {
		t.Fatalf("after 410: %s, %q, dead %d", state.State, state.Failure, state.Dead)
	}
	r.Answer(nil)
	if _, err := w.TestWebhook(t.Context(), cloud.Admin, hook.ID); err != nil {
		t.Fatal(err)
	}
	deliver(t, w.Exchange)
	if state := only(t, w, cloud); state.State != lantern.WebhookActive || state.Dead != 1 {
		t.Errorf("after a test that was answered: %s, dead %d", state.State, state.Dead)
	}
}

// Two processes that send at the same time send each event once.
func TestTwoDispatchers(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r, _ := w.AddReceiver(cloud.Admin)
		react(t, w, cloud, face, 1, 30)
		other := w.Open(exchangetest.Config(t, url, w.Clock))
		var both sync.WaitGroup
		for _, x := range []*exchange.Exchange{w.Exchange, other} {
			both.Go(func() { deliver(t, x) })
		}
		both.Wait()
		n := times(r)
		if len(n) != 30 || len(r.Got()) != 30 {
			t.Errorf("%d events came %d times, want 30 once each", len(n), len(r.Got()))
		}
	})
}

// A process that dies while it sends loses nothing: another takes over when its lease is
// out. If it was not dead after all, what it writes then changes nothing.
func TestDispatcherDies(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r, hook := w.AddReceiver(cloud.Admin)
		react(t, w, cloud, face, 1, 1)
		reached, hang := make(chan struct{}), make(chan struct{})
		r.Answer(func(http.ResponseWriter, *http.Request) { close(reached); <-hang })
		var dying sync.WaitGroup
		dying.Go(func() { deliver(t, w.Exchange) })
		<-reached
		r.Answer(nil)

		other := w.Open(exchangetest.Config(t, url, w.Clock))
		deliver(t, other)
		if n := len(r.Got()); n != 1 {
			t.Fatalf("sent by another process %d times while the first has the lease", n-1)
		}
		w.Clock.Add(31 * time.Second)
		deliver(t, other)
		if n := len(r.Got()); n != 2 {
			t.Fatalf("after the lease it came %d times, want once more", n)
		}
		close(hang)
		dying.Wait()
		d, err := other.Deliveries(t.Context(), cloud.Admin, hook.ID)
		if err != nil || len(d) != 1 || d[0].State != lantern.DeliveryDone || d[0].Attempts != 1 {
			t.Errorf("the delivery ends as %+v, %v", d, err)
		}
	})
}

// An exchange that closes while it sends leaves the event to the next, at once.
func TestCloseWhileSending(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r, hook := w.AddReceiver(cloud.Admin)
		react(t, w, cloud, face, 1, 3)
		reached := make(chan struct{}, 3)
		r.Answer(func(_ http.ResponseWriter, req *http.Request) { reached <- struct{}{}; <-req.Context().Done() })
		c := exchangetest.Config(t, url, w.Clock)
		c.WebhookEvery = time.Hour
		looping := w.Open(c)
		if _, err := looping.TestWebhook(t.Context(), cloud.Admin, hook.ID); err != nil { // wakes the loop
			t.Fatal(err)
		}
		<-reached
		if err := looping.Close(); err != nil {
			t.Fatal(err)
		}
		r.Answer(nil)
		restarted := w.Open(exchangetest.Config(t, url, w.Clock))
		deliver(t, restarted)
		state := only(t, w, cloud)
		if len(times(r)) != 4 || state.Pending != 0 || state.Dead != 0 || state.State != lantern.WebhookActive {
			t.Errorf("%d events, pending %d, dead %d, %s; want 4 delivered", len(times(r)), state.Pending, state.Dead, state.State)
		}
	})
}

// A webhook that never answers fills its own places only: others get theirs, and what is
// urgent gets through even there, before what came earlier.
func TestSlowWebhook(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	slow, _ := w.AddReceiver(face.Admin)
	fast, _ := w.AddReceiver(game.Admin)
	reached, quick, hang := make(chan struct{}, 100), make(chan struct{}, 100), make(chan struct{})
	t.Cleanup(func() { close(hang) })
	slow.Answer(func(_ http.ResponseWriter, req *http.Request) {
		reached <- struct{}{}
		select {
		case <-hang:
		case <-req.Context().Done():
		}
	})
	fast.Answer(func(http.ResponseWriter, *http.Request) { quick <- struct{}{} })
	react(t, w, face, cloud, 1, 20)
	react(t, w, game, cloud, 21, 20)
	c := exchangetest.Config(t, w.URL, w.Clock)
	c.WebhookEvery = time.Millisecond
	w.Open(c)
	for range 20 {
		<-quick
	}
	for range 3 {
		<-reached
	}
	if n := len(slow.Got()); n != 3 {
		t.Errorf("%d attempts at a slow webhook, want 3 and a place for what is urgent", n)
	}
	urgent := w.Draft(100)
	urgent.Imminent = true
	w.MustShare(cloud.Service, urgent)
	<-reached
	if got := slow.Got(); got[len(got)-1].Type != lantern.SignalImminent {
		t.Errorf("the next thing a slow webhook gets is %s", got[len(got)-1].Type)
	}
}

// What is urgent goes first, however much waits.
func TestUrgentFirst(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r, _ := w.AddReceiver(cloud.Admin)
		react(t, w, cloud, face, 1, 12)
		urgent := w.Draft(100)
		urgent.Imminent = true
		w.MustShare(face.Service, urgent)
		deliver(t, w.Exchange)
		got := r.Got()
		first := -1
		for i, e := range got {
			if e.Type == lantern.SignalImminent {
				first = i
			}
		}
		if len(got) != 13 || first < 0 || first > 3 {
			t.Errorf("the urgent event is number %d of %d, want it among the first that are sent side by side", first+1, len(got))
		}
	})
}

// Rights are looked at again when something is about to be sent.
func TestSuspendedBeforeSending(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	ctx := t.Context()
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	r, hook := w.AddReceiver(face.Admin, lantern.SignalImminent, lantern.CorrectionOpened)
	urgent := w.Draft(1)
	urgent.Imminent = true
	id := w.MustShare(cloud.Service, urgent)
	w.Drain(face.Service, "")
	if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetMemberState(ctx, w.Steward, face.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "review"}); err != nil {
		t.Fatal(err)
	}
	deliver(t, w.Exchange)
	if got := r.Got(); len(got) != 1 || got[0].Type != lantern.CorrectionOpened {
		t.Errorf("a suspended member got %d events, want only the correction", len(got))
	}
	d, err := w.Deliveries(ctx, w.Actor(face.AdminKey), hook.ID)
	if err != nil || len(d) != 2 || d[1].State != lantern.DeliveryDead || d[1].Failure != "not-permitted" {
		t.Errorf("the other ends as %+v, %v", d, err)
	}
}

// Without the operator's switch a stored address inside is refused at each attempt.
func TestDefaultSenderIsSafe(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	r, hook := w.AddReceiver(cloud.Admin)
	c := exchangetest.Config(t, w.URL, w.Clock)
	c.Sender = nil
	safe := w.Open(c)
	if _, err := safe.CreateWebhook(t.Context(), cloud.Admin, lantern.Webhook{URL: r.URL}); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("an address inside is taken: %v", err)
	}
	react(t, w, cloud, face, 1, 1)
	deliver(t, safe)
	d, err := w.Deliveries(t.Context(), cloud.Admin, hook.ID)
	if err != nil || len(r.Got()) != 0 || d[0].Failure != string(webhook.BadAddress) || d[0].State != lantern.DeliveryPending {
		t.Errorf("%d requests, the delivery is %+v, %v", len(r.Got()), d, err)
	}
}
