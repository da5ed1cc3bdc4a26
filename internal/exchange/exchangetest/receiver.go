package exchangetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/webhook"
)

// Receiver is a server that takes webhooks, checks what every receiver must check, and
// remembers what came.
type Receiver struct {
	URL string

	t       testing.TB
	clock   *Clock
	mu      sync.Mutex
	secrets []webhook.Secret // guarded by mu, as is what follows
	answer  http.HandlerFunc
	got     []lantern.Event
	bodies  []string
}

// AddReceiver starts a receiver and makes it a webhook of the admin's member.
func (w *World) AddReceiver(admin policy.Actor, events ...lantern.EventType) (*Receiver, lantern.Webhook) {
	w.T.Helper()
	r := &Receiver{t: w.T, clock: w.Clock}
	server := httptest.NewServer(r)
	w.T.Cleanup(server.Close)
	r.URL = server.URL + "/in"
	hook, err := w.CreateWebhook(w.T.Context(), admin, lantern.Webhook{URL: r.URL, Events: events})
	if err != nil {
		w.T.Fatal(err)
	}
	r.Trust(hook.Secret)
	return r, hook
}

// Trust makes the receiver take requests signed with one of these secrets only.
func (r *Receiver) Trust(secrets ...string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = nil
	for _, text := range secrets {
		s, err := webhook.ParseSecret(text)
		if err != nil {
			r.t.Fatal(err)
		}
		r.secrets = append(r.secrets, s)
	}
}

// Answer sets what the receiver answers; nil takes everything.
func (r *Receiver) Answer(h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = h
}

// Status is an answer that refuses.
func Status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// Got returns the events that came, in the order in which they came, repeated ones too.
func (r *Receiver) Got() []lantern.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]lantern.Event{}, r.got...)
}

// Bodies returns the same as text.
func (r *Receiver) Bodies() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.bodies...)
}

// ServeHTTP verifies and remembers.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender ended
	}
	r.mu.Lock()
	if err := webhook.Verify(req.Header, body, r.clock.Now().Truncate(time.Second), r.secrets...); err != nil {
		r.t.Errorf("a receiver refuses: %v", err)
	}
	var e lantern.Event
	if err := json.Unmarshal(body, &e); err != nil || e.ID.String() != req.Header.Get(webhook.HeaderID) {
		r.t.Errorf("an event's body does not fit its header: %v", err)
	}
	r.got = append(r.got, e)
	r.bodies = append(r.bodies, string(body))
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
	}
}
