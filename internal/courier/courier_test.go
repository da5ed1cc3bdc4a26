package courier_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent/agenttest"
	"lantern/internal/courier"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/webhook"
)

// receiver is a system of the member that verifies what comes.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	secret  webhook.Secret
	answer  int
	got     []lantern.Event
	bodies  string
	refused []error
	came    chan struct{}
}

func newReceiver(t *testing.T, clock func() time.Time) *receiver {
	r := &receiver{answer: http.StatusNoContent, came: make(chan struct{}, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies += string(body)
		var e lantern.Event
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		if err := webhook.Verify(req.Header, body, clock(), r.secret); err != nil {
			r.refused = append(r.refused, err)
		} else {
			r.got = append(r.got, e)
		}
		w.WriteHeader(r.answer)
		r.came <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

// take returns the types that came since the last time.
func (r *receiver) take(t *testing.T) (types []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.got {
		types = append(types, string(e.Type))
	}
	for _, err := range r.refused {
		t.Errorf("a request that cannot be verified: %v", err)
	}
	r.got, r.refused = nil, nil
	return types
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = status
}

// desk is an agent with a courier that is told when to deliver.
type desk struct {
	w            *agenttest.World
	r            *agenttest.Running
	host, social exchangetest.Company
	c            *courier.Courier
	file         string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := agenttest.New(t)
	d := &desk{w: w, host: w.AddCompany("Cloudbin"), social: w.AddCompany("Facegram"), file: filepath.Join(t.TempDir(), "webhooks.json")}
	d.r = w.Run(t, d.social, t.TempDir())
	d.c = courier.New(courier.Config{DB: d.r.DB(), File: d.file, Sender: webhook.NewClient(webhook.Config{Own: true}), Told: d.r.Told,
		Clock: w.Clock.Now, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	return d
}

// add enters a receiver into the operator's file.
func (d *desk) add(t *testing.T, r *receiver, events ...lantern.EventType) courier.Hook {
	t.Helper()
	h, err := courier.Add(d.file, r.URL+"/in?token=hidden", events, d.w.Clock.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.secret, err = webhook.ParseSecret(h.Secret); err != nil {
		t.Fatal(err)
	}
	return h
}

func (d *desk) deliver(t *testing.T) {
	t.Helper()
	if err := d.c.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// hit shares the n-th draft and finds it.
func (d *desk) hit(t *testing.T, n int, imminent bool) lantern.ID {
	t.Helper()
	draft := d.w.Draft(n)
	draft.Imminent = imminent
	id := d.w.MustShare(d.host.Submitter, draft)
	d.w.Reaches(d.r, d.social)
	if a := d.r.MatchOne(lantern.Record{Ref: "post", Account: "u-4711", URLs: []string{draft.Value}}, false); len(a.Matches) != 1 {
		t.Fatalf("got %+v", a)
	}
	return id
}

func TestWebhooksOfAnAgent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.hit(t, 1, false)
	all, urgent := newReceiver(t, d.w.Clock.Now), newReceiver(t, d.w.Clock.Now)
	d.add(t, all)
	d.add(t, urgent, lantern.HitImminent)
	d.deliver(t)
	if got := all.take(t); len(got) != 0 {
		t.Errorf("what happened before the webhook was there was sent: %q", got)
	}
	id := d.hit(t, 2, false)
	d.hit(t, 3, true)
	if _, err := d.w.Withdraw(t.Context(), d.host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	d.w.Reaches(d.r, d.social)
	d.deliver(t)
	got := all.take(t)
	slices.Sort(got)
	if want := []string{"hit.imminent", "hit.opened", "review-task.opened", "signal.fell"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := urgent.take(t); !slices.Equal(got, []string{"hit.imminent"}) {
		t.Errorf("a webhook for what is urgent got %q", got)
	}
	// Thin: neither what matched nor whose it is.
	if s := all.bodies; strings.Contains(s, "u-4711") || strings.Contains(s, "example") || strings.Contains(s, "post") {
		t.Errorf("a body holds more than ids and types: %s", s)
	}
	d.deliver(t)
	if got := all.take(t); len(got) != 0 {
		t.Errorf("sent again: %q", got)
	}
	// What may hold a secret is shown to nobody.
	list, err := d.c.List(t.Context())
	if err != nil || len(list) != 2 || list[0].Pending != 0 || list[0].Delivered.IsZero() {
		t.Fatalf("got %+v, %v", list, err)
	}
	if b, err := json.Marshal(list); err != nil || strings.Contains(string(b), "hidden") || strings.Contains(string(b), "whsec") {
		t.Errorf("the list shows a secret: %s, %v", b, err)
	}
}

func TestRetryDeadLetterReplay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := newReceiver(t, d.w.Clock.Now)
	h := d.add(t, r)
	d.deliver(t)
	r.answers(http.StatusServiceUnavailable)
	d.hit(t, 1, false)
	attempts := 0
	for range 60 {
		d.deliver(t)
		attempts += len(r.take(t))
		d.w.Clock.Add(6 * time.Hour)
	}
	if attempts < 10 || attempts > 14 {
		t.Errorf("%d attempts in 72 hours", attempts)
	}
	list, err := d.c.Deliveries(t.Context(), h.ID)
	// The agent became stale meanwhile, and may have told that too.
	if i := slices.IndexFunc(list, func(x lantern.Delivery) bool { return x.Event.Type == lantern.HitOpened }); err != nil || i < 0 ||
		list[i].State != lantern.DeliveryDead || list[i].Failure != string(webhook.Refused) || list[i].Status != http.StatusServiceUnavailable {
		t.Fatalf("got %+v, %v", list, err)
	}
	if hooks, err := d.c.List(t.Context()); err != nil || hooks[0].State != lantern.WebhookDisabled || hooks[0].Dead == 0 {
		t.Errorf("got %+v, %v; want it disabled", hooks, err)
	}
	r.answers(http.StatusNoContent)
	d.hit(t, 2, true)
	d.deliver(t)
	if got := r.take(t); len(got) != 0 {
		t.Errorf("a disabled webhook was called: %q", got)
	}
	done, err := d.c.Replay(t.Context(), h.ID, lantern.Replay{Since: d.w.Clock.Now().AddDate(0, 0, -29)})
	if err != nil || done.Deliveries < 2 {
		t.Fatalf("got %+v, %v", done, err)
	}
	d.deliver(t)
	got := r.take(t)
	if len(got) != done.Deliveries || !slices.Contains(got, "hit.opened") || !slices.Contains(got, "hit.imminent") {
		t.Errorf("replayed: got %q of %d", got, done.Deliveries)
	}
	if hooks, err := d.c.List(t.Context()); err != nil || hooks[0].State != lantern.WebhookActive {
		t.Errorf("got %+v, %v; want it active", hooks, err)
	}
	if _, err := d.c.Replay(t.Context(), h.ID, lantern.Replay{Event: 4711}); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("replaying an event that never was: %v", err)
	}
}

// A courier that died in an attempt tries again; one that runs needs no telling.
func TestRunAndRestart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := newReceiver(t, d.w.Clock.Now)
	h := d.add(t, r)
	d.deliver(t)
	d.hit(t, 1, false)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.c.Run(canceled); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.c.Run(ctx) }()
	wait := func() {
		t.Helper()
		select {
		case <-r.came:
		case <-time.After(30 * time.Second):
			t.Fatal("nothing came")
		}
	}
	wait()
	secret := d.rotate(t, h.ID)
	d.hit(t, 2, true) // signed with both
	wait()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := r.take(t); !slices.Equal(got, []string{"hit.opened", "hit.imminent"}) {
		t.Errorf("got %q", got)
	}
	d.w.Clock.Add(25 * time.Hour)
	r.mu.Lock()
	r.secret = secret
	r.mu.Unlock()
	if got, err := d.c.Test(t.Context(), h.ID); err != nil || got.State != lantern.DeliveryDone {
		t.Errorf("a test: got %+v, %v", got, err)
	}
	if got := r.take(t); !slices.Equal(got, []string{"webhook.test"}) {
		t.Errorf("got %q", got)
	}
	if _, err := courier.Remove(d.file, h.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.c.Test(t.Context(), h.ID); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("testing a webhook that was removed: %v", err)
	}
}

// rotate returns the secret that will be the only one in a day.
func (d *desk) rotate(t *testing.T, id lantern.ID) webhook.Secret {
	t.Helper()
	h, err := courier.Rotate(d.file, id, d.w.Clock.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := webhook.ParseSecret(h.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "webhooks.json")
	if hooks, err := courier.Load(file); err != nil || len(hooks) != 0 {
		t.Errorf("no file: got %v, %v", hooks, err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, bad := range []struct {
		url    string
		events []lantern.EventType
	}{
		{"ftp://10.0.0.1/x", nil}, {"http://user:secret@10.0.0.1/x", nil},
		{"http://10.0.0.1/x", []lantern.EventType{lantern.SignalImminent}}, // the exchange's
		{"http://10.0.0.1/x", []lantern.EventType{lantern.HitOpened, lantern.HitOpened}},
	} {
		if _, err := courier.Add(file, bad.url, bad.events, now, rand.Reader); lantern.KindOf(err) != lantern.Invalid || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%+v: got %v, want invalid", bad, err)
		}
	}
	h, err := courier.Add(file, "http://10.0.0.1/x", nil, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) string{
		"no JSON":        func(s string) string { return s[1:] },
		"an unknown key": func(s string) string { return strings.Replace(s, `"url"`, `"uri": "", "url"`, 1) },
		"a broken secret": func(s string) string {
			return strings.Replace(s, h.Secret, "whsec_zzz", 1)
		},
		"twice": func(s string) string {
			one := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "["), "]")
			return "[" + one + "," + one + "]"
		},
	} {
		if err := os.WriteFile(file, []byte(change(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := courier.Load(file); lantern.KindOf(err) != lantern.Invalid || strings.Contains(err.Error(), "zzz") || strings.Contains(err.Error(), h.Secret) {
			t.Errorf("%s: got %v, want invalid without a secret", name, err)
		}
	}
}
