package api_test

import (
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/sqldb/sqldbtest"
)

// TestWaitingReadIsCutOff ends the right to read while a read waits, over real HTTP, in
// each of the ways it can end: the read must end within [cutWithin] of it.
func TestWaitingReadIsCutOff(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		ctx := t.Context()
		cursor := must(t)(w.blue.Feed(ctx, w.program, "", 0, 0)).(lantern.FeedPage).Next
		spare := must(t)(w.blue.IssueKey(ctx, lantern.Key{Actor: w.blue.person, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key)
		brief := must(t)(w.green.IssueKey(ctx, lantern.Key{Actor: w.green.person, Scopes: []lantern.Scope{lantern.ScopeRead},
			Expires: time.Now().Add(20 * time.Minute)})).(lantern.Key)
		stays := w.waitOn(w.red.Client, "")
		for _, tt := range []struct {
			name   string
			reader *client.Client
			cursor lantern.Cursor
			end    func()
		}{
			{"revoked", w.client(spare.Secret), cursor, func() { must(t)(w.blue.RevokeKey(ctx, spare.ID)) }},
			{"suspended", w.blue.Client, cursor, func() {
				must(t)(w.steward.SetMemberState(ctx, w.blue.member, lantern.StateChange{State: lantern.SuspendedMember, Reason: "looked into"}))
			}},
			{"expired", w.client(brief.Secret), "", func() { w.ahead.Add(int64(21 * time.Minute)) }},
		} {
			got := w.waitOn(tt.reader, tt.cursor)
			tt.end()
			began := time.Now()
			err := <-got
			// A read that looks at that very moment is told to resync, and gets nothing either.
			kind := lantern.KindOf(err)
			if took := time.Since(began); kind != lantern.Unauthorized && kind != lantern.Resync || took > cutWithin {
				t.Errorf("%s: after %v the read ended with %v, want unauthorized within %v", tt.name, took, err, cutWithin)
			}
		}
		select {
		case err := <-stays:
			t.Errorf("the read of a good key ended: %v", err)
		default:
		}
		must(t)(w.red.Share(ctx, w.draft("https://files.example.com/c/1")))
		if err := <-stays; err != nil {
			t.Errorf("the read of a good key: %v", err)
		}
	})
}

// waitOn starts a read that waits, and returns once it is being answered.
func (w *world) waitOn(c *client.Client, cursor lantern.Cursor) <-chan error {
	before := w.running()
	got := make(chan error, 1)
	go func() {
		_, err := c.Feed(w.t.Context(), w.program, cursor, 0, lantern.MaxWait)
		got <- err
	}()
	for w.running() == before {
		runtime.Gosched()
	}
	return got
}

// running is how many requests are being answered, as the metrics tell it.
func (w *world) running() string {
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	_, after, _ := strings.Cut(rec.Body.String(), "\nlantern_http_requests_running ")
	n, _, _ := strings.Cut(after, "\n")
	return n
}
