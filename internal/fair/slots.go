package fair

import (
	"context"
	"sync"

	"lantern"
)

// Slots bounds how many requests of one member are worked on at the same time, so that a
// member with many callers leaves the others their part of the processors.
type Slots struct {
	each int
	mu   sync.Mutex
	of   map[lantern.ID]chan struct{} // guarded by mu; members are few
}

// NewSlots returns free slots: so many for each member, and at least one.
func NewSlots(each int) *Slots {
	return &Slots{each: max(1, each), of: map[lantern.ID]chan struct{}{}}
}

// Enter waits for a slot of the member; the caller must call leave.
func (s *Slots) Enter(ctx context.Context, member lantern.ID) (leave func(), err error) {
	s.mu.Lock()
	c := s.of[member]
	if c == nil {
		c = make(chan struct{}, s.each)
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
