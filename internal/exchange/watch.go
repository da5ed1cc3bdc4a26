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

// watchEvery is how often the keys of waiting readers are looked at. A reader whose key
// ended is cut off within that time and the time of one read.
const watchEvery = 250 * time.Millisecond

// watch knows the readers that wait, to cut off those whose key or member may not read
// any more: a waiting read was authenticated up to a minute ago.
type watch struct {
	mu      sync.Mutex
	readers map[*reader]bool // guarded by mu
}

// reader is one waiting read.
type reader struct {
	actor policy.Actor
	cut   chan struct{} // closed when the actor may not wait any more
	once  sync.Once
}

func newWatch() *watch { return &watch{readers: map[*reader]bool{}} }

// enter begins to watch a reader; leave ends it.
func (w *watch) enter(a policy.Actor) *reader {
	r := &reader{actor: a, cut: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readers[r] = true
	return r
}

func (w *watch) leave(r *reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.readers, r)
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
				r.once.Do(func() { close(r.cut) })
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
