package api_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/sqldb/sqldbtest"
)

// TestRotateKeyUnderLoad replaces a key again and again while it is in use: no request is
// refused, the earlier keys end, and what is not allowed is not.
func TestRotateKeyUnderLoad(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		ctx := t.Context()
		service := must(t)(w.red.CreateService(ctx, lantern.Service{Name: "scanner", Responsible: w.red.person})).(lantern.Service)
		first := must(t)(w.red.IssueKey(ctx, lantern.Key{Actor: service.ID, Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare}})).(lantern.Key)
		var current atomic.Pointer[string]
		current.Store(&first.Secret)
		user := client.New(w.url, first.Secret, client.Options{Transport: w, Retries: -1, Key: func() string { return *current.Load() }})

		load, stop := context.WithCancel(ctx)
		var asked atomic.Int64
		var users sync.WaitGroup
		for n := range 4 {
			users.Go(func() {
				for i := 0; load.Err() == nil; i++ {
					if _, err := user.Share(ctx, w.draft(fmt.Sprintf("https://files.example.com/load/%d/%d", n, i))); err != nil {
						t.Errorf("a share during rotation: %v", err)
						return
					}
					asked.Add(1)
				}
			})
		}
		key, old := first, first
		for range 3 {
			before := asked.Load()
			old, key = key, must(t)(w.red.RotateKey(ctx, key.ID, lantern.Rotation{})).(lantern.Key)
			if key.Actor != service.ID || len(key.Scopes) != 2 || key.Secret == "" || !key.Expires.After(old.Expires.Add(-time.Minute)) {
				t.Errorf("got %+v, want a key like the one it replaces", key)
			}
			if _, err := w.red.RotateKey(ctx, key.ID, lantern.Rotation{}); lantern.KindOf(err) != lantern.Conflict {
				t.Errorf("rotating while two keys are good: got %v, want a conflict", err)
			}
			must(t)(w.client(old.Secret).Whoami(ctx)) // still good
			secret := key.Secret
			current.Store(&secret)
			for asked.Load() < before+40 && !t.Failed() { // all users took over
				must(t)(user.Whoami(ctx))
			}
			w.ahead.Add(int64(24*time.Hour + time.Minute))
			if _, err := w.client(old.Secret).Whoami(ctx); lantern.KindOf(err) != lantern.Unauthorized {
				t.Errorf("the replaced key after the overlap: got %v, want unauthorized", err)
			}
		}
		stop()
		users.Wait()
		t.Logf("%d requests during three rotations", asked.Load())

		none, long := 0, 169
		for name, try := range map[string]struct {
			call func() error
			want lantern.Kind
		}{
			"a key that ended":  {func() error { _, err := w.red.RotateKey(ctx, old.ID, lantern.Rotation{}); return err }, lantern.Conflict},
			"a service its own": {func() error { _, err := user.RotateKey(ctx, key.ID, lantern.Rotation{}); return err }, lantern.NotFound},
			"another member's":  {func() error { _, err := w.blue.RotateKey(ctx, key.ID, lantern.Rotation{}); return err }, lantern.NotFound},
			"with too long overlap": {func() error {
				_, err := w.red.RotateKey(ctx, key.ID, lantern.Rotation{OverlapHours: &long})
				return err
			}, lantern.Invalid},
			"one that does not exist": {func() error { _, err := w.red.RotateKey(ctx, 5, lantern.Rotation{}); return err }, lantern.NotFound},
		} {
			if err := try.call(); lantern.KindOf(err) != try.want {
				t.Errorf("rotating %s: got %v, want %s", name, err, try.want)
			}
		}
		must(t)(w.red.RotateKey(ctx, key.ID, lantern.Rotation{OverlapHours: &none}))
		if _, err := user.Whoami(ctx); lantern.KindOf(err) != lantern.Unauthorized {
			t.Errorf("a key replaced without overlap: got %v, want unauthorized", err)
		}
	})
}
