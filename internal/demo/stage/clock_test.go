package stage

import (
	"testing"
	"time"
)

func TestClockGoesForward(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	real := start
	c := NewClock(func() time.Time { return real })
	if got := c.Now(); !got.Equal(start) {
		t.Errorf("an unmoved clock shows %v, want %v", got, start)
	}
	c.forward(4 * time.Hour)
	c.forward(-time.Hour) // no server survives a clock that goes back
	real = real.Add(time.Second)
	if got, want := c.Now(), start.Add(4*time.Hour+time.Second); !got.Equal(want) || c.Moved() != 4*time.Hour {
		t.Errorf("it shows %v, moved %v, want %v", got, c.Moved(), want)
	}
}
