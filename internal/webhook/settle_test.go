package webhook_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"lantern"
	"lantern/internal/webhook"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	pending := webhook.Attempt{State: lantern.DeliveryPending, First: first}
	for _, c := range []struct {
		name   string
		before webhook.Attempt
		result webhook.Result
		now    time.Time
		state  lantern.DeliveryState
		tried  int
		due    time.Duration // after now
	}{
		{"delivered", pending, webhook.Result{Status: 204}, first, lantern.DeliveryDone, 1, 0},
		{"to be tried again", pending, webhook.Result{Failure: webhook.TimedOut}, first, lantern.DeliveryPending, 1, 4 * time.Second},
		{"urgent, sooner", webhook.Attempt{State: lantern.DeliveryPending, First: first, Urgent: true}, webhook.Result{Failure: webhook.TimedOut}, first, lantern.DeliveryPending, 1, 800 * time.Millisecond},
		{"given up", pending, webhook.Result{Failure: webhook.Refused, Status: 500}, first.Add(webhook.GiveUp), lantern.DeliveryDead, 1, -first.Add(webhook.GiveUp).Sub(time.Time{})},
		{"not wanted", pending, webhook.Result{Failure: webhook.Refused, Status: http.StatusGone}, first, lantern.DeliveryDead, 1, 0},
		{"broken off", pending, webhook.Result{Failure: webhook.Closing}, first.Add(time.Second), lantern.DeliveryPending, 0, 0},
	} {
		got := c.before.After(c.result, c.now, 0)
		due := got.Due.Sub(c.now)
		if c.name == "given up" {
			due = c.due // there is no next attempt
		}
		if got.State != c.state || got.Attempts != c.tried || due != c.due {
			t.Errorf("%s: got %s after %d attempts, due in %s; want %s, %d, %s", c.name, got.State, got.Attempts, due, c.state, c.tried, c.due)
		}
		if settled := !got.Settled.IsZero(); settled != (c.state != lantern.DeliveryPending) {
			t.Errorf("%s: settled at %s", c.name, got.Settled)
		}
	}
}

func TestFare(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	later := first.Add(webhook.GiveUp)
	dead := webhook.Attempt{State: lantern.DeliveryDead, First: first, Failure: webhook.Unreachable}
	for _, c := range []struct {
		name  string
		took  time.Time
		after webhook.Attempt
		want  lantern.WebhookState
	}{
		{"a failure that is tried again", time.Time{}, webhook.Attempt{State: lantern.DeliveryPending, First: first, Failure: webhook.TimedOut}, lantern.WebhookActive},
		{"nothing taken all the time", first.Add(-time.Second), dead, lantern.WebhookDisabled},
		{"others were taken meanwhile", first.Add(time.Hour), dead, lantern.WebhookActive},
		{"gone", later, webhook.Attempt{State: lantern.DeliveryDead, First: first, Failure: webhook.Gone}, lantern.WebhookDisabled},
	} {
		w := lantern.Webhook{State: lantern.WebhookActive, Delivered: c.took}
		webhook.Fare(&w, c.after, later)
		if w.State != c.want || !w.Failing.Equal(later) || w.Failure != string(c.after.Failure) {
			t.Errorf("%s: got %+v, want %s", c.name, w, c.want)
		}
		webhook.Fare(&w, webhook.Attempt{State: lantern.DeliveryDone}, later)
		if w.State != lantern.WebhookActive || !w.Failing.IsZero() || w.Failure != "" || !w.Delivered.Equal(later) {
			t.Errorf("%s, then delivered: got %+v", c.name, w)
		}
	}
}

// An operator's own addresses lie inside the network, and a client that was not told so
// goes on refusing them.
func TestOwnAddresses(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer srv.Close()
	if r := webhook.NewClient(webhook.Config{Own: true}).Post(t.Context(), srv.URL+"/in", http.Header{}, nil); r.Failure != webhook.None {
		t.Errorf("the operator's own address: %+v", r)
	}
	if r := webhook.NewClient(webhook.Config{}).Post(t.Context(), srv.URL+"/in", http.Header{}, nil); r.Failure != webhook.BadAddress {
		t.Errorf("the same address of a stranger: %+v", r)
	}
	for _, raw := range []string{"http://10.0.0.7:9000/in", "https://review.corp/in", "http://queue:9000", "http://[::1]:9/x"} {
		if err := webhook.CheckOwnURL(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"ftp://10.0.0.7/", "http://u:p@10.0.0.7/", "http://10.0.0.7/#x", "http://:9000/", "http://a b/", "10.0.0.7:9000", "http://10.0.0.7:0/", ""} {
		if err := webhook.CheckOwnURL(raw); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%q: got %v, want invalid", raw, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	var p webhook.Places
	taken := 0
	for p.Enter(1, false) {
		taken++
	}
	if taken != webhook.PerWebhook-1 || p.Free(1) != 1 || !p.Enter(1, true) || p.Enter(1, true) {
		t.Errorf("%d places for what can wait, %d left; want one kept for what is urgent", taken, p.Free(1))
	}
	if !p.Enter(2, false) {
		t.Error("a full webhook keeps another from its places")
	}
	p.Leave(1)
	if p.Free(1) != 1 {
		t.Errorf("%d places free after one was given back", p.Free(1))
	}
}
