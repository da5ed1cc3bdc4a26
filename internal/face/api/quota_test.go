package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/face/api"
	"lantern/internal/fair"
	"lantern/internal/sqldb/sqldbtest"
)

// TestQuotas uses a member's quotas up and holds that others, and corrections, go on.
func TestQuotas(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorldWith(t, url, func(c *exchange.Config) { c.Quotas = fair.Quotas{Share: 5, Disclose: 4} })
		ctx := t.Context()
		var ids []lantern.ID
		for _, r := range must(t)(w.red.ShareBatch(ctx, []lantern.Draft{
			w.draft("https://files.example.com/q/1"), w.draft("https://files.example.com/q/2"), w.draft("https://files.example.com/q/3"),
			w.draft("https://files.example.com/q/4"), w.draft("https://files.example.com/q/5"),
		})).([]lantern.ShareResult) {
			ids = append(ids, r.Signal)
		}
		_, err := w.red.Share(ctx, w.draft("https://files.example.com/q/6"))
		if lantern.KindOf(err) != lantern.RateLimited {
			t.Errorf("beyond the quota: got %v, want rate-limited", err)
		}
		res, body := w.send("POST", "/v1/signals/batch", w.red.key, `{"items":[]}`)
		if got := res.Header; got.Get("RateLimit-Limit") != "5" || got.Get("RateLimit-Remaining") != "0" || got.Get("Retry-After") == "" || got.Get("Retry-After") == "0" {
			t.Errorf("the headers are %v (%s)", got, body)
		}
		must(t)(w.green.Share(ctx, w.draft("https://files.example.com/q/7")))

		page := must(t)(w.blue.Feed(ctx, w.program, "", 0, 0)).(lantern.FeedPage) // 6 signals: one page is never cut
		must(t)(w.green.Share(ctx, w.draft("https://files.example.com/q/8")))
		if _, err := w.blue.Feed(ctx, w.program, page.Next, 0, 0); lantern.KindOf(err) != lantern.RateLimited {
			t.Errorf("beyond the quota: got %v, want rate-limited", err)
		}
		must(t)(w.red.Withdraw(ctx, ids[0], lantern.Withdrawal{Reason: lantern.WithdrawnInError}))
		next := must(t)(w.blue.Feed(ctx, w.program, page.Next, 0, 0)).(lantern.FeedPage)
		if n := len(next.Changes); n == 0 || next.Changes[n-1].Signal.State != lantern.Withdrawn {
			t.Errorf("the correction does not come through: %d changes", n)
		}
		must(t)(w.blue.Acknowledge(ctx, lantern.Ack{Correction: next.Changes[len(next.Changes)-1].Correction, Step: lantern.AckMasked}))
		must(t)(w.blue.OpenChallenge(ctx, lantern.Challenge{Signal: ids[1], Reason: lantern.BenignShared}))

		w.ahead.Add(int64(time.Hour))
		must(t)(w.red.Share(ctx, w.draft("https://files.example.com/q/6")))
		must(t)(w.blue.Feed(ctx, w.program, next.Next, 0, 0))
		if res, _ := w.send("GET", "/v1/whoami", w.red.key, ""); strings.Contains(http.Header(res.Header).Get("RateLimit-Limit"), "5") {
			t.Error("a call without a quota has its headers")
		}
	})
}

// newWorldWith is newWorld over an exchange that is made otherwise, with its quotas told.
func newWorldWith(t *testing.T, url string, change func(*exchange.Config)) *world {
	t.Helper()
	return foundWorld(t, url, change, func(w *world) { w.config.Quota = api.Quota(w.x) })
}
