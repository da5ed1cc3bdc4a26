package exchange_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

var backlog = flag.Int("backlog", 1200, "how many signals expire at once in TestSweepOfABacklog")

// overdue sums up what is overdue, and names the kinds.
func overdue(t *testing.T, w *exchangetest.World) map[string]int {
	t.Helper()
	counts, err := w.Overdue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for kind, n := range counts {
		if n > 0 {
			found[kind] = n
		}
	}
	return found
}

// TestRetention lets everything that is kept for a time run out of it: overdue before the
// sweep, gone after it.
func TestRetention(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		hook, err := w.CreateWebhook(ctx, face.Admin, lantern.Webhook{URL: "http://127.0.0.1:1/hook"})
		must(err)
		_, err = w.RotateWebhook(ctx, face.Admin, hook.ID)
		must(err)
		d := w.Draft(1)
		d.Expires = w.Clock.Now().Add(40 * 24 * time.Hour)
		short := w.MustShare(cloud.Service, d)
		w.Drain(face.Service, "")
		challenged, fallen := w.MustShare(cloud.Service, w.Draft(2)), w.MustShare(cloud.Service, w.Draft(3))
		w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		_, err = w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: challenged, Reason: lantern.NotAbusive})
		must(err)
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: fallen, Reason: lantern.NotAbusive})
		must(err)
		_, err = w.Decide(ctx, cloud.Officer, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "right"})
		must(err)
		must(w.SaveIdempotent(ctx, cloud.Service, "key", [32]byte{1}, 200, []byte("{}")))

		const day = 24 * time.Hour
		for _, step := range []struct {
			after time.Duration
			late  []string // what runs out by then
		}{
			{policy.SweepGrace, nil},
			{day, []string{"answers", "secrets"}},
			{2 * day, []string{"challenges"}}, // 72 hours to answer
			{27 * day, []string{"events"}},
			{10 * day, []string{"signals"}},
			{50 * day, []string{"values"}}, // and with it the tombstone, in the same sweep
			{276 * day, []string{"markers", "signals"}},
		} {
			w.Clock.Add(step.after)
			w.Clock.Add(policy.SweepGrace)
			late := overdue(t, w)
			for _, kind := range step.late {
				if late[kind] == 0 {
					t.Errorf("after %v more: overdue is %v, want %s among it", step.after, late, kind)
				}
			}
			must(w.Sweep(ctx))
			if late := overdue(t, w); len(late) > 0 && fmt.Sprint(late) != "map[scrubs:1]" {
				t.Errorf("after %v more and a sweep: overdue is %v, want nothing", step.after, late)
			}
		}
		gone(t, w, short)
		gone(t, w, fallen)
		if got, err := w.Share(ctx, cloud.Service, w.Draft(1)); err != nil || got.Status != lantern.Created {
			t.Errorf("sharing the expired value again: got %+v, %v; want a signal of its own", got, err)
		}
	})
}

// gone looks for what a signal was in every place that held it.
func gone(t *testing.T, w *exchangetest.World, id lantern.ID) {
	t.Helper()
	err := w.Config.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		for what, q := range map[string]string{
			"value, note or index": `SELECT COUNT(*) FROM signal WHERE id = $1 AND (value IS NOT NULL OR note IS NOT NULL OR skey IS NOT NULL OR opinion <> '{}')`,
			"key":                  `SELECT COUNT(*) FROM secret WHERE signal_id = $1`,
			"place in a feed":      `SELECT COUNT(*) FROM placement WHERE signal_id = $1`,
			"note of a challenge":  `SELECT COUNT(*) FROM challenge WHERE signal_id = $1 AND (note IS NOT NULL OR answer IS NOT NULL)`,
			"person in the log":    `SELECT COUNT(*) FROM leaf WHERE signal_id = $1 AND person IS NOT NULL`,
			"link":                 `SELECT COUNT(*) FROM link WHERE signal_id = $1`,
		} {
			var n int
			if err := tx.QueryRow(t.Context(), q, id).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				t.Errorf("signal %s: %d of: %s", id, n, what)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestExpiryReachesReaders expires a signal: readers are told by the feed without its
// value, also one that was suspended meanwhile, and nobody is shown it any more.
func TestExpiryReachesReaders(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game, late := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay"), w.AddCompany("Chatter")
		d := w.Draft(1)
		d.Expires = w.Clock.Now().Add(24 * time.Hour)
		id := w.MustShare(cloud.Service, d)
		_, cursor := w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		if _, err := w.SetMemberState(t.Context(), w.Steward, game.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "testing"}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(25 * time.Hour)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := func(name string, list []lantern.Change) {
			t.Helper()
			if len(list) != 1 || list[0].Signal.ID != id || list[0].Signal.State != lantern.Expired || list[0].Signal.Value != "" {
				t.Errorf("%s is shown %+v, want the expired signal without its value", name, list)
			}
		}
		changes, _ := w.Drain(face.Service, cursor)
		told("a reader", changes)
		changes, _ = w.Drain(w.Actor(game.ServiceKey), "")
		told("a suspended reader", changes)
		if changes, _ = w.Drain(late.Service, ""); len(changes) != 0 {
			t.Errorf("a member that never got it is shown %+v", changes)
		}
		if s, err := w.Signal(t.Context(), face.Investigator, id); err == nil && s.Value != "" {
			t.Error("an expired signal's value can be read")
		}
		if s, err := w.Signal(t.Context(), cloud.Submitter, id); err != nil || s.Value != "" {
			t.Errorf("its owner sees a value, or %v", err)
		}
	})
}

// TestSweepOfABacklog expires many signals at once while others share: everything is done
// in one sweep, and the others were never kept out.
//
//	go test ./internal/exchange -run Backlog -backlog 100000 -v -timeout 30m
func TestSweepOfABacklog(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		expires := w.Clock.Now().Add(24 * time.Hour)
		for n := 0; n < *backlog; n += lantern.MaxBatch {
			drafts := make([]lantern.Draft, min(lantern.MaxBatch, *backlog-n))
			for i := range drafts {
				drafts[i] = w.Draft(n + i)
				drafts[i].Expires = expires
			}
			if _, err := w.ShareBatch(t.Context(), cloud.Service, drafts); err != nil {
				t.Fatal(err)
			}
		}
		w.Clock.Add(25 * time.Hour)
		if late := overdue(t, w); late["signals"] != *backlog {
			t.Fatalf("overdue is %v, want %d signals", late, *backlog)
		}
		ctx, stop := context.WithCancel(t.Context())
		var shared atomic.Int64
		var slowest atomic.Int64
		var writers sync.WaitGroup
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				began := time.Now()
				if _, err := w.Share(t.Context(), face.Service, w.Draft(10_000_000+n)); err != nil {
					t.Error(err)
					return
				}
				slowest.Store(max(slowest.Load(), int64(time.Since(began))))
				shared.Add(1)
			}
		})
		began := time.Now()
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		stop()
		writers.Wait()
		if late := overdue(t, w); len(late) != 0 {
			t.Errorf("after the sweep overdue is %v", late)
		}
		if shared.Load() == 0 {
			t.Error("nobody else could write during the sweep")
		}
		t.Logf("%d signals expired in %v; meanwhile %d single shares, the slowest in %v", *backlog, took, shared.Load(), time.Duration(slowest.Load()))
	})
}
