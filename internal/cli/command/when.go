package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// When is a time on the command line: RFC 3339, a date, or a number of days from today
// such as 90d.
type When struct {
	time.Time
	Days int // from today, if it was given so; the time is zero then
}

// UnmarshalText is how the parser reads it.
func (w *When) UnmarshalText(b []byte) error {
	s := string(b)
	if n, err := strconv.Atoi(strings.TrimSuffix(s, "d")); err == nil && strings.HasSuffix(s, "d") && n > 0 {
		w.Days = n
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			w.Time = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("must be a time such as 2026-03-01T12:00:00Z, a date such as 2026-03-01, or days such as 90d")
}

// From returns the time meant, counting days from clock's today.
func (w When) From(clock func() time.Time) time.Time {
	if w.Days > 0 {
		return clock().UTC().Truncate(time.Second).AddDate(0, 0, w.Days)
	}
	return w.Time
}
