package exchange_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// kek is one of the test's key-encryption keys; the first is exchangetest's.
func kek(n byte) *seal.LocalKEK { return seal.NewLocalKEK([32]byte{n}) }

// process is an exchange of its own on a world's database, which finds these keys.
func process(t *testing.T, w *exchangetest.World, keys *atomic.Pointer[[]*seal.LocalKEK]) (*exchange.Exchange, error) {
	t.Helper()
	ring, err := seal.NewRing(func() ([]*seal.LocalKEK, error) { return *keys.Load(), nil })
	if err != nil {
		t.Fatal(err)
	}
	c := exchangetest.Config(t, w.URL, w.Clock)
	c.Sealer = seal.New(ring)
	x, err := exchange.New(context.WithoutCancel(t.Context()), c)
	if err == nil {
		t.Cleanup(func() { x.Close() }) //nolint:errcheck // the test is over
	}
	return x, err
}

// wrappedBy counts the wrapped keys of each key-encryption key.
func wrappedBy(t *testing.T, w *exchangetest.World) map[string]int {
	t.Helper()
	counts := map[string]int{}
	err := w.Config.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		rows, err := tx.Query(t.Context(), `SELECT wrapped FROM secret UNION ALL SELECT wrapped FROM webhook_endpoint`)
		if err != nil {
			return err
		}
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			counts[seal.WrappedBy(b)]++
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// TestRekey replaces the key-encryption key while another process serves, is broken off
// several times, and loses nothing.
func TestRekey(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		var drafts []lantern.Draft
		for n := range 900 {
			drafts = append(drafts, w.Draft(n))
		}
		if _, err := w.ShareBatch(ctx, cloud.Service, drafts); err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateWebhook(ctx, face.Admin, lantern.Webhook{URL: "http://127.0.0.1:1/hook"}); err != nil {
			t.Fatal(err)
		}
		erased := w.MustShare(cloud.Service, w.Draft(5000))
		w.Exchange.Close() //nolint:errcheck // another process serves from here

		var files atomic.Pointer[[]*seal.LocalKEK]
		files.Store(&[]*seal.LocalKEK{kek(1)})
		server, err := process(t, w, &files)
		if err != nil {
			t.Fatal(err)
		}
		w.Exchange = server
		files.Store(&[]*seal.LocalKEK{kek(1), kek(2)}) // the next key is put beside the first

		load, stop := context.WithCancel(ctx)
		var users sync.WaitGroup
		var shared atomic.Int64
		users.Go(func() {
			for n := 10_000; load.Err() == nil; n++ {
				if _, err := w.Share(ctx, face.Service, w.Draft(n)); err != nil {
					t.Errorf("a share during the rekey: %v", err)
					return
				}
				shared.Add(1)
				if changes, _ := w.Drain(cloud.Service, ""); len(changes) < 900 || changes[0].Signal.Value == "" {
					t.Errorf("a read during the rekey gives %d changes", len(changes))
					return
				}
			}
		})
		// The server follows by itself. Time passes once what it wrapped before is written.
		followed := int64(-1)
		settle := func() {
			switch n := shared.Load(); {
			case server.Sealer.KEKID() != kek(2).ID():
			case followed < 0:
				followed = n
			case n >= followed+2:
				w.Clock.Add(2 * time.Hour)
				followed = 1 << 40
			}
		}
		brokenOff(t, w, &files, settle, func() {
			if _, err := w.Withdraw(ctx, cloud.Submitter, erased, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: true}); err != nil {
				t.Fatal(err)
			}
		})
		stop()
		users.Wait()
		status, err := w.Status(ctx, w.Steward)
		if err != nil || status.Sealing.Key != kek(2).ID() || status.Sealing.Done.IsZero() {
			t.Errorf("the status is %+v, %v", status, err)
		}
		server.Close() //nolint:errcheck // the next one begins

		intact(t, w, &files, cloud, face)
	})
}

// brokenOff rekeys, is broken off at several places, and rekeys again until it is done.
func brokenOff(t *testing.T, w *exchangetest.World, files *atomic.Pointer[[]*seal.LocalKEK], settle, between func()) {
	t.Helper()
	for broken := 0; ; broken++ {
		x, err := process(t, w, files)
		if err != nil {
			t.Fatal(err)
		}
		run, kill := context.WithCancel(t.Context())
		calls := 0
		err = x.Rekey(run, kek(2).ID(), time.Hour, func(int64, int64) {
			settle()
			if calls++; calls > broken+1 && broken < 3 {
				kill()
			}
		})
		kill()
		x.Close() //nolint:errcheck // as a kill would
		if err == nil {
			if broken < 3 {
				t.Errorf("broken off %d times, want 3", broken)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if broken == 1 {
			between()
		}
	}
}

// intact looks at a database that was rekeyed: only the next key opens it, and it opens
// everything.
func intact(t *testing.T, w *exchangetest.World, files *atomic.Pointer[[]*seal.LocalKEK], cloud, face exchangetest.Company) {
	t.Helper()
	ctx := t.Context()
	files.Store(&[]*seal.LocalKEK{kek(1)})
	if _, err := process(t, w, files); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("starting with the earlier key: got %v, want a conflict", err)
	}
	files.Store(&[]*seal.LocalKEK{kek(2)})
	var err error
	if w.Exchange, err = process(t, w, files); err != nil {
		t.Fatal(err)
	}
	for by, n := range wrappedBy(t, w) {
		if by != kek(2).ID() {
			t.Errorf("%d keys are wrapped by %s", n, by)
		}
	}
	changes, _ := w.Drain(cloud.Service, "")
	values := 0
	for _, c := range changes {
		if c.Signal.Value != "" {
			values++
		}
	}
	if values < 900 {
		t.Errorf("%d of 900 values can be read", values)
	}
	if r, err := w.Share(ctx, cloud.Service, w.Draft(7)); err != nil || r.Status != lantern.Unchanged {
		t.Errorf("sharing a value again: got %+v, %v; want it known by the same index", r, err)
	}
	if hooks, err := w.Webhooks(ctx, face.Admin); err != nil || len(hooks) != 1 || hooks[0].URL == "" {
		t.Errorf("webhooks: %+v, %v", hooks, err)
	}
}

// TestRekeyMeetsSlowWriter has a process write after a rekey has ended that wraps under the
// earlier key, since it has not heard of the next: nothing of it may be lost with that key.
func TestRekeyMeetsSlowWriter(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		first := w.MustShare(cloud.Service, w.Draft(1))
		w.Exchange.Close() //nolint:errcheck // others serve from here
		var files, slowFiles atomic.Pointer[[]*seal.LocalKEK]
		files.Store(&[]*seal.LocalKEK{kek(1), kek(2)})
		slowFiles.Store(&[]*seal.LocalKEK{kek(1)}) // the next key was not copied to it
		slow, err := process(t, w, &slowFiles)
		if err != nil {
			t.Fatal(err)
		}
		late, err := process(t, w, &files) // it has the key, and follows within a second
		if err != nil {
			t.Fatal(err)
		}
		if w.Exchange, err = process(t, w, &files); err != nil {
			t.Fatal(err)
		}
		if err := w.Rekey(ctx, kek(2).ID(), 0, func(int64, int64) {}); err != nil {
			t.Fatal(err)
		}
		if _, err := late.Share(ctx, cloud.Service, w.Draft(3)); err != nil {
			t.Errorf("a share by a server that is about to follow: %v", err)
		}
		if _, err := w.Withdraw(ctx, cloud.Submitter, first, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		writes := map[string]func() error{
			"a share":       func() error { _, err := slow.Share(ctx, cloud.Service, w.Draft(2)); return err },
			"a share again": func() error { _, err := slow.Share(ctx, cloud.Service, w.Draft(1)); return err },
			"a webhook": func() error {
				_, err := slow.CreateWebhook(ctx, face.Admin, lantern.Webhook{URL: "http://127.0.0.1:1/hook"})
				return err
			},
		}
		earlier := func(when string) {
			t.Helper()
			if n := wrappedBy(t, w)[kek(1).ID()]; n > 0 {
				t.Errorf("%s: %d keys are wrapped by the earlier key after the rekey ended", when, n)
			}
		}
		for what, write := range writes {
			if err := write(); lantern.KindOf(err) == "" {
				t.Errorf("%s without the next key: got %v, want a refusal", what, err)
			}
		}
		earlier("without the next key")
		slowFiles.Store(&[]*seal.LocalKEK{kek(1), kek(2)})
		for until := time.Now().Add(30 * time.Second); slow.Sealer.KEKID() != kek(2).ID(); runtime.Gosched() {
			if time.Now().After(until) {
				t.Fatal("the server does not take the next key up")
			}
		}
		for what, write := range writes {
			if err := write(); err != nil {
				t.Errorf("%s with the next key: %v", what, err)
			}
		}
		earlier("with the next key")
		if changes, _ := w.Drain(face.Service, ""); len(changes) != 3 || slices.ContainsFunc(changes, func(c lantern.Change) bool { return c.Signal.Value == "" }) {
			t.Errorf("the values read %+v, want three", changes)
		}
	})
}
