package stage

import (
	"sync/atomic"
	"time"
)

// Clock is the time on the stage: the true one, and what it was moved on by. It may be
// read and moved at once.
type Clock struct {
	real  func() time.Time
	moved atomic.Int64 // nanoseconds
}

// NewClock returns a clock that shows what real shows.
func NewClock(real func() time.Time) *Clock { return &Clock{real: real} }

// Now is the time on the stage. Every server on it is given this.
func (c *Clock) Now() time.Time { return c.real().Add(c.Moved()) }

// Moved is by how much the clock was moved on.
func (c *Clock) Moved() time.Duration { return time.Duration(c.moved.Load()) }

// forward moves it on; a clock never goes back.
func (c *Clock) forward(d time.Duration) { c.moved.Add(int64(max(0, d))) }
