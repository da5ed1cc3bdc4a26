package exchange

import (
	"context"
	"sync"
	"time"

	"lantern"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// wakes lets readers wait for a program's feed to grow.
type wakes struct {
	mu      sync.Mutex
	rooms   map[lantern.ID]chan struct{} // closed when the feed grew; guarded by mu
	waiting int                          // readers that wait; guarded by mu
}

func newWakes() *wakes { return &wakes{rooms: map[lantern.ID]chan struct{}{}} }

// room returns a channel that is closed at the program's next change. It must be taken
// before the feed is looked at, or a change in between is missed.
func (w *wakes) room(program lantern.ID) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.rooms[program]
	if r == nil {
		r = make(chan struct{})
		w.rooms[program] = r
	}
	return r
}

// wake lets everybody go who waits for one of the programs.
func (w *wakes) wake(programs ...lantern.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range programs {
		if r := w.rooms[p]; r != nil {
			close(r)
			delete(w.rooms, p)
		}
	}
}

func (w *wakes) enter(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting += n
}

func (w *wakes) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting == 0
}

// pollLoop looks for changes that another process made, while somebody waits.
func (x *Exchange) pollLoop() {
	tick := time.NewTicker(x.PollEvery)
	defer tick.Stop()
	seen := map[lantern.ID]int64{}
	for {
		select {
		case <-x.ctx.Done():
			return
		case <-tick.C:
		}
		if x.wakes.empty() {
			continue
		}
		err := x.read(x.ctx, func(tx *sqldb.Tx) error {
			heads, err := store.Heads(x.ctx, tx)
			for _, h := range heads {
				if seen[h.Program] != h.Seq {
					seen[h.Program] = h.Seq
					x.wakes.wake(h.Program)
				}
			}
			return err
		})
		if err != nil && x.ctx.Err() == nil {
			x.Log.WarnContext(x.ctx, "looking for changes", "error", err)
			x.pause(time.Second)
		}
	}
}

// pause waits, unless the service ends.
func (x *Exchange) pause(d time.Duration) {
	ctx, cancel := context.WithTimeout(x.ctx, d)
	defer cancel()
	<-ctx.Done()
}
