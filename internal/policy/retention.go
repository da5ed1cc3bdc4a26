package policy

import "time"

// How long things are kept after they ended. docs/operate/retention.md has every table.
const (
	TombstoneLife = 90 * 24 * time.Hour // sealed values of signals that fell, and their entries in feeds
	AnswerLife    = 24 * time.Hour      // remembered answers
	EventLife     = 30 * 24 * time.Hour // events of webhooks, to be replayed
)

// SweepGrace is how long something may be past its time before it counts as overdue: a few
// rounds of a sweeper that looks every minute.
const SweepGrace = 5 * time.Minute
