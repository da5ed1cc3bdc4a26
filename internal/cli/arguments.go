package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// when is a time on the command line: RFC 3339, a date, or a number of days from today
// such as 90d.
type when struct {
	time.Time
	days int
}

// UnmarshalText is how the parser reads it.
func (w *when) UnmarshalText(b []byte) error {
	s := string(b)
	if n, err := strconv.Atoi(strings.TrimSuffix(s, "d")); err == nil && strings.HasSuffix(s, "d") && n > 0 {
		w.days = n
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

// from returns the time meant, counting days from clock's today.
func (w when) from(clock func() time.Time) time.Time {
	if w.days > 0 {
		return clock().UTC().Truncate(time.Second).AddDate(0, 0, w.days)
	}
	return w.Time
}
