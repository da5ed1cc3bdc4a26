package exchange

import (
	"context"
	"sync"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// watchEvery is how often the keys of those readers are looked at. A reader whose key
// ended is cut off within that time and the time of one read.
const watchEvery = 250 * time.Millisecond

// watch knows the readers that wait or take long, to cut off those whose key or member may
// not read any more: they were authenticated when they began.
type watch struct {
	mu      sync.Mutex
	readers map[*reader]bool // guarded by mu
}

// reader is one long call.
type reader struct {
	actor policy.Actor
	cut   context.CancelCauseFunc
}

func newWatch() *watch { return &watch{readers: map[*reader]bool{}} }

// Guard returns a context for a call that takes long. It ends with ctx, with the service, and
// within a second once the actor's key was revoked or expired or its member suspended;
// its cause is the error to answer with. The caller must call leave.
func (x *Exchange) Guard(ctx context.Context, a policy.Actor) (guarded context.Context, leave func()) {
	guarded, cut := context.WithCancelCause(ctx)
	r := &reader{actor: a, cut: cut}
	stop := context.AfterFunc(x.ctx, func() { cut(errClosing) })
	x.watch.mu.Lock()
	x.watch.readers[r] = true
	x.watch.mu.Unlock()
	return guarded, func() {
		x.watch.mu.Lock()
		delete(x.watch.readers, r)
		x.watch.mu.Unlock()
		stop()
		cut(nil)
	}
}

// waiting lists the readers and their keys.
func (w *watch) waiting() (list []*reader, keys []lantern.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[lantern.ID]bool{}
	for r := range w.readers {
		list = append(list, r)
		if !seen[r.actor.Key] {
			seen[r.actor.Key] = true
			keys = append(keys, r.actor.Key)
		}
	}
	return list, keys
}

// watchLoop cuts readers off.
func (x *Exchange) watchLoop() {
	for x.ctx.Err() == nil {
		x.pause(watchEvery)
		list, keys := x.watch.waiting()
		if len(list) == 0 {
			continue
		}
		standings, err := x.standings(x.ctx, keys)
		if err != nil {
			if x.ctx.Err() == nil {
				x.Log.WarnContext(x.ctx, "looking at the keys of waiting readers", "error", err)
			}
			continue
		}
		now := x.Clock()
		for _, r := range list {
			if !stands(r.actor, standings, now) {
				r.cut(errKey)
			}
		}
	}
}

func (x *Exchange) standings(ctx context.Context, keys []lantern.ID) (found map[lantern.ID]store.Standing, err error) {
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		found, err = store.Standings(ctx, tx, keys)
		return err
	})
	return found, err
}

// stands reports whether an actor may go on as it was authenticated: its key is good, and
// its member was not suspended and did not leave meanwhile. An actor without a key is the
// exchange's own.
func stands(a policy.Actor, standings map[lantern.ID]store.Standing, now time.Time) bool {
	if a.Key == 0 {
		return true
	}
	s, ok := standings[a.Key]
	fell := s.State != a.MemberState && (s.State == lantern.SuspendedMember || s.State == lantern.Left)
	return ok && s.Revoked.IsZero() && now.Before(s.Expires) && !fell
}
