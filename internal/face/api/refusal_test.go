package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/face/api"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// What belongs to another member is refused as if it did not exist, or as forbidden, and
// stays as it was.
func TestOtherMembersObjects(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		ctx := t.Context()
		signal := must(t)(w.red.Share(ctx, w.draft("https://files.example.com/o/1"))).(lantern.ShareResult).Signal
		must(t)(w.blue.Feed(ctx, w.program, "", 0, 0))
		key := must(t)(w.red.Keys(ctx)).([]lantern.Key)[0]
		service := must(t)(w.red.CreateService(ctx, lantern.Service{Name: "scanner", Responsible: w.red.person})).(lantern.Service)
		elsewhere := must(t)(w.steward.Programs(ctx)).([]lantern.Program)
		elsewhere = slices.DeleteFunc(elsewhere, func(p lantern.Program) bool { return p.ID == w.program })
		foreign := elsewhere[0].ID
		basis := lantern.Basis{Policy: "Rule 4", ReviewedBy: lantern.ByHuman, At: time.Now().Add(-time.Hour)}
		before := w.size()
		draft := w.draft("https://files.example.com/o/2")
		draft.Programs = []lantern.ID{foreign}
		tests := map[string]func() error{
			"renew": func() error { _, err := w.blue.Renew(ctx, signal, lantern.Renewal{Basis: basis}); return err },
			"withdraw": func() error {
				_, err := w.blue.Withdraw(ctx, signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
				return err
			},
			"totals": func() error { _, err := w.blue.OutcomeTotals(ctx, signal); return err },
			"revoke": func() error { _, err := w.blue.RevokeKey(ctx, key.ID); return err },
			"key for a person": func() error {
				_, err := w.blue.IssueKey(ctx, lantern.Key{Actor: w.red.person, Scopes: []lantern.Scope{lantern.ScopeRead}})
				return err
			},
			"key for a service": func() error {
				_, err := w.blue.IssueKey(ctx, lantern.Key{Actor: service.ID, Scopes: []lantern.Scope{lantern.ScopeRead}})
				return err
			},
			"service": func() error {
				_, err := w.blue.CreateService(ctx, lantern.Service{Name: "x", Responsible: w.red.person})
				return err
			},
			"person": func() error {
				_, err := w.blue.CreatePerson(ctx, lantern.Person{Member: w.red.member, Label: "x", Roles: []lantern.PersonRole{lantern.Auditor}})
				return err
			},
			"training": func() error { _, err := w.blue.TrainPerson(ctx, w.red.person, time.Now()); return err },
			"state": func() error {
				_, err := w.blue.SetMemberState(ctx, w.red.member, lantern.StateChange{State: lantern.Left, Reason: "x"})
				return err
			},
			"leave":             func() error { return w.blue.Leave(ctx, w.program, w.red.member) },
			"feed elsewhere":    func() error { _, err := w.blue.Feed(ctx, foreign, "", 0, 0); return err },
			"members elsewhere": func() error { _, err := w.blue.Memberships(ctx, foreign); return err },
			"share elsewhere":   func() error { _, err := w.red.Share(ctx, draft); return err },
			"own challenge": func() error {
				_, err := w.red.OpenChallenge(ctx, lantern.Challenge{Signal: signal, Reason: lantern.OutOfScope})
				return err
			},
			"attest for another": func() error { _, err := w.blue.RecordOutcome(ctx, w.outcome(signal, w.red.person)); return err },
			"outcome never sent": func() error { _, err := w.green.RecordOutcome(ctx, w.outcome(signal, w.green.person)); return err },
			"opening of another": func() error { _, err := w.green.Opening(ctx, before-1); return err },
			"correction of nothing": func() error {
				_, err := w.green.Acknowledge(ctx, lantern.Ack{Correction: signal, Step: lantern.AckMasked})
				return err
			},
		}
		for name, call := range tests {
			kind := lantern.KindOf(call())
			if !slices.Contains([]lantern.Kind{lantern.NotFound, lantern.Forbidden, lantern.Conflict}, kind) {
				t.Errorf("%s: kind %q", name, kind)
			}
		}
		if w.size() != before {
			t.Errorf("%d log entries came of it", w.size()-before)
		}
	})
}

func (w *world) outcome(signal, person lantern.ID) lantern.Outcome {
	return lantern.Outcome{
		Program: w.program, Kind: lantern.ContentRemoved, Count: 3, Signals: []lantern.ID{signal},
		Attestation: &lantern.Attestation{Person: person, Ground: "Rule 9", Singly: 3, Digest: strings.Repeat("ab", 32)},
	}
}

// Reads refuse what they do not know, and repeat none of it.
func TestHostileReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	program := "/v1/programs/" + w.program.String()
	for path, status := range map[string]int{
		"/v1/signals?state=" + planted:                    400,
		"/v1/signals?type=" + planted:                     400,
		"/v1/signals?after=" + planted:                    400,
		"/v1/signals?limit=" + planted:                    400,
		"/v1/signals?limit=-1":                            400,
		"/v1/signals?limit=100000":                        400,
		"/v1/signals?" + planted + "=1":                   400,
		"/v1/signals/" + planted:                          400,
		"/v1/signals/0":                                   400,
		"/v1/signals/12":                                  404,
		"/v1/signals/%00":                                 400,
		"/v1/signals/" + planted + "/" + planted:          404,
		"/v1/" + planted:                                  404,
		"//v1//whoami":                                    404,
		"/v1/whoami/../types":                             404,
		program + "/changes?cursor=" + planted:            400,
		program + "/changes?cursor=" + planted + "&wait=": 400,
		program + "/changes?wait=" + planted:              400,
		program + "/changes?limit=1&limit=" + planted:     400,
		"/v1/log/tile/" + planted:                         404,
		"/v1/log/tile/0/..%2f..%2f" + planted:             404,
		"/v1/log/tile/7/000":                              404,
		"/v1/log/receipt/" + planted:                      400,
		"/v1/log/receipt/99999999":                        404,
		"/v1/log/consistency?from=" + planted + "&to=1":   400,
		"/v1/log/consistency?from=9&to=3":                 400,
		"/v1/log/consistency?from=1":                      400,
		"/v1/log/opening/-4":                              400,
	} {
		res, body := w.send("GET", path, w.red.key, "")
		if res.StatusCode != status || res.Header.Get("Content-Type") != web.ProblemMedia {
			t.Errorf("%s: %d as %s, want %d", path, res.StatusCode, res.Header.Get("Content-Type"), status)
		}
		if shows(body) {
			t.Errorf("%s: the answer repeats what was planted", path)
		}
	}
	if shows(w.log.String()) {
		t.Error("the log holds what was planted")
	}
}

// A quota keeper's word reaches the caller: headers on success, 429 when it is used up.
func TestQuotaHook(t *testing.T) {
	t.Parallel()
	left := 1 << 20
	w := newWorld(t, sqldbtest.SQLite(t), func(c *api.Config) {
		c.Quota = func(_ context.Context, a policy.Actor, route string) (web.Quota, error) {
			q := web.Quota{Limit: 100, Remaining: left, Reset: 7 * time.Second}
			if left == 0 && route == "/v1/whoami" {
				return q, &lantern.Error{Kind: lantern.RateLimited, Reason: "too many requests"}
			}
			return q, nil
		}
	})
	if res, _ := w.send("GET", "/v1/whoami", w.red.key, ""); res.StatusCode != 200 || res.Header.Get("RateLimit-Limit") != "100" {
		t.Errorf("%d with %v", res.StatusCode, res.Header)
	}
	left = 0
	if res, _ := w.send("GET", "/v1/whoami", w.red.key, ""); res.StatusCode != 429 || res.Header.Get("Retry-After") != "7" {
		t.Errorf("%d with %v", res.StatusCode, res.Header)
	}
}

// Stopping the server ends a read that waits, with a page and a cursor to go on from.
func TestStopEndsLongPolls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	face, err := api.New(w.x, api.Config{})
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		close(asked)
		mux.ServeHTTP(rw, r)
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&web.Server{Handler: handler}).Serve(ctx, l) }()
	w.url = "http://" + l.Addr().String()
	type got struct {
		page lantern.FeedPage
		err  error
	}
	answer := make(chan got, 1)
	began := time.Now()
	go func() {
		page, err := w.client(w.red.key).Feed(t.Context(), w.program, "", 0, lantern.MaxWait)
		answer <- got{page, err}
	}()
	<-asked
	stop()
	if a := <-answer; a.err != nil || a.page.Next == "" {
		t.Errorf("the read that waited: %v", a.err)
	}
	if err := <-ended; err != nil || time.Since(began) > lantern.MaxWait/2 {
		t.Errorf("the end took %v: %v", time.Since(began), err)
	}
}

// An internal error is told as such, with the id under which its cause stands in the log.
func TestInternalError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t), func(c *api.Config) {
		c.Quota = func(_ context.Context, _ policy.Actor, route string) (web.Quota, error) {
			if route == "/v1/types" || route == "/v1/outcomes" {
				return web.Quota{}, errors.New("the keeper of quotas fell over")
			}
			return web.Quota{Limit: 1, Remaining: 1}, nil
		}
	})
	res, body := w.send("GET", "/v1/outcomes", w.red.key, "")
	if res.StatusCode != 500 || strings.Contains(body, "keeper") || !strings.Contains(body, `"detail":"internal error"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if id := res.Header.Get("Request-Id"); !strings.Contains(w.log.String(), id) || strings.Count(w.log.String(), "keeper of quotas") != 1 {
		t.Error("the cause is not in the log once")
	}
}

// A query that cannot be read is refused with the parameter's name and what to write
// instead, and without what was written.
func TestRefusedQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	feed := "/v1/programs/" + w.program.String() + "/changes"
	tests := []struct{ path, name string }{
		{feed, "type"}, {feed, "status"}, {feed, "sharer"}, {feed, "min_severity"}, {feed, "min_corroboration"}, {feed, "created_since"},
		{feed, "seen_since"}, {feed, "imminent"}, {feed, "wait"}, {feed, "limit"}, {feed, "cursor"},
		{"/v1/signals", "state"}, {"/v1/signals", "type"}, {"/v1/signals", "after"}, {"/v1/signals", "limit"},
		{"/v1/incidents", "after"}, {"/v1/corrections", "overdue"},
		{"/v1/outcomes", "after"}, {"/v1/challenges", "cursor"}, {"/v1/challenges", "limit"},
	}
	check := func(path, name, query string) {
		t.Helper()
		res, answer := w.send("GET", path+"?"+query, w.red.key, "")
		var p struct {
			Detail string
			Errors []struct{ Fix string }
		}
		if err := json.Unmarshal([]byte(answer), &p); err != nil || res.StatusCode != 400 || len(p.Errors) != 1 {
			t.Errorf("%s with a bad %s: status %d, %s", path, name, res.StatusCode, answer)
			return
		}
		if !strings.Contains(p.Detail, name) || p.Errors[0].Fix == "" || shows(answer) {
			t.Errorf("%s with a bad %s: does not name it, lacks a fix or repeats it: %s", path, name, answer)
		}
	}
	for _, tt := range tests {
		check(tt.path, tt.name, tt.name+"="+planted)
	}
	check("/v1/signals", "limit", "limit=1001")
	check("/v1/log/consistency", "from", "to=1")
	check("/v1/log/consistency", "from", "to=1&from="+planted)
}
