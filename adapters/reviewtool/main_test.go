package main

import (
	"context"
	"encoding/json"
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
	"lantern/client"
	"lantern/internal/agent/agenttest"
	face "lantern/internal/face/match"
)

// Hits of a real agent arrive at a tool that fails now and then, each at least once, what is
// urgent first, and a program that is started again leaves none out.
func TestHitsBecomeItems(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	plain, grave := w.Draft(1), w.Draft(2)
	grave.Imminent = true
	id := w.MustShare(host.Submitter, plain)
	w.MustShare(host.Submitter, grave)
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	w.Reaches(r, social)
	srv := httptest.NewServer(face.Handler(r.Agent, nil))
	t.Cleanup(srv.Close)
	token, err := os.ReadFile(filepath.Join(dir, "agent.token"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []item
	came, calls := make(chan struct{}, 100), 0
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var body struct{ Items []item }
		if err := json.NewDecoder(req.Body).Decode(&body); err != nil || req.Header.Get("X-Api-Key") != "tool-key" || len(body.Items) != 1 {
			t.Errorf("got %+v, key %q, %v", body, req.Header.Get("X-Api-Key"), err)
		}
		got = append(got, body.Items...)
		w.WriteHeader(http.StatusAccepted)
		came <- struct{}{}
	}))
	t.Cleanup(tool.Close)
	b := bridge{agent: client.NewAgent(srv.URL, strings.TrimSpace(string(token)), client.Options{}), tool: tool.URL, key: "tool-key", kind: "t-1",
		place: filepath.Join(dir, "hits.place"), http: tool.Client()}
	follow := func(items int) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.run(ctx) }()
		for range items {
			select {
			case <-came:
			case <-time.After(30 * time.Second):
				t.Fatal("nothing came")
			}
		}
		stop()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	r.MatchOne(lantern.Record{Ref: "post-1", Account: "8812345", URLs: []string{plain.Value}}, false)
	r.MatchOne(lantern.Record{Ref: "post-2", URLs: []string{grave.Value}}, false)
	follow(2)
	if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	w.Reaches(r, social)
	follow(2)
	mu.Lock()
	defer mu.Unlock()
	var said []string
	for _, it := range got {
		said = append(said, it.Data["event"].(string))
		if it.Type != "t-1" || it.Data["requires_review"] != true {
			t.Errorf("got %+v", it)
		}
		if b, err := json.Marshal(it); err != nil || strings.Contains(string(b), plain.Value) {
			t.Errorf("an item holds a value: %s, %v", b, err)
		}
	}
	// Stopped between an item and its place, the next run submits that item again.
	if want := []string{"hit.imminent", "hit.opened", "review-task.opened", "signal.fell"}; !slices.Equal(slices.Compact(said), want) {
		t.Errorf("got %q, want %q", said, want)
	}
	if got[0].Data["ref"] != "post-2" || got[1].Data["account"] != "8812345" || got[len(got)-1].ID != "signal-"+id.String() {
		t.Errorf("got %+v", got)
	}
}

// A tool that will never take an item is said at once, and the place stays before it.
func TestRefusedItem(t *testing.T) {
	t.Parallel()
	calls := 0
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(tool.Close)
	b := bridge{tool: tool.URL, place: filepath.Join(t.TempDir(), "p"), http: tool.Client()}
	err := b.take(t.Context(), lantern.Notice{Next: "1-0-1", Event: lantern.Event{Type: lantern.HitOpened}, Hit: &lantern.Hit{ID: 1}})
	if err == nil || !strings.Contains(err.Error(), "400") || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	if _, err := os.Stat(b.place); !os.IsNotExist(err) {
		t.Errorf("the place went on: %v", err)
	}
	if err := b.take(t.Context(), lantern.Notice{Next: "1-0-2", Event: lantern.Event{Type: lantern.AgentStale}}); err != nil || calls != 1 {
		t.Errorf("what reviewers need not know was submitted: %v, %d calls", err, calls)
	}
}
