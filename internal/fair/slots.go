package fair

import (
	"context"
	"runtime"
	"sync"

	"lantern"
)

// Slots bounds how many requests of one member are worked on at the same time: half of
// the processors, so that a member with many callers leaves the others theirs.
type Slots struct {
	mu sync.Mutex
	of map[lantern.ID]chan struct{} // guarded by mu; members are few
}

// NewSlots returns free slots.
func NewSlots() *Slots { return &Slots{of: map[lantern.ID]chan struct{}{}} }

// Enter waits for a slot of the member; the caller must call leave.
func (s *Slots) Enter(ctx context.Context, member lantern.ID) (leave func(), err error) {
	s.mu.Lock()
	c := s.of[member]
	if c == nil {
		c = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
		s.of[member] = c
	}
	s.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
