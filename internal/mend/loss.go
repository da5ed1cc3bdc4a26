package mend

import (
	"strings"
	"time"
)

// lossShown is how long the status names what was lost.
const lossShown = 30 * 24 * time.Hour

// LossText says what a damage took, if that is not long ago: recorded is a time and the tables.
func LossText(recorded string, now time.Time) string {
	at, tables, found := strings.Cut(recorded, " ")
	t, err := time.Parse(time.RFC3339, at)
	if !found || err != nil || now.Sub(t) > lossShown {
		return ""
	}
	return "the agent's database was damaged and mended on " + t.Format(time.DateOnly) + "; not everything could be read of: " + tables
}
