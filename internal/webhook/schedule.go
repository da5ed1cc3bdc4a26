package webhook

import "time"

// The schedule. With neither luck nor jitter the attempts come at 0 s, 5 s, 25 s, 1 min
// 45 s, 7 min, 28 min, 1 h 54 min, 7 h 35 min, 19 h 35 min, 31 h 35 min, 43 h 35 min, 55 h
// 35 min, 67 h 35 min and 72 h.
const (
	firstPause = 5 * time.Second
	growth     = 4
	longest    = 12 * time.Hour

	// GiveUp is when, after the first attempt was due, the last is made.
	GiveUp = 72 * time.Hour

	// What is urgent is tried every minute at least in its first hour, at first after a
	// second, and every quarter of an hour from then on.
	firstUrgent, longestUrgent = time.Second, time.Minute
	urgentHour, afterHour      = time.Hour, 15 * time.Minute

	// spread is how far jitter moves a pause, as a part of it: many deliveries that failed
	// together do not come back together.
	spread = 0.2
)

// Next tells when to try again after attempts failed attempts (at least one), the latest
// of them now, of a delivery that was first due at first. jitter is uniform in [0, 1).
// again is false once the time is used up.
func Next(attempts int, first, now time.Time, jitter float64) (due time.Time, again bool) {
	return next(first, now, rising(firstPause, growth, longest, attempts), jitter)
}

// NextUrgent is Next for what cannot wait.
func NextUrgent(attempts int, first, now time.Time, jitter float64) (due time.Time, again bool) {
	pause := rising(firstUrgent, 2, longestUrgent, attempts)
	if now.Sub(first) >= urgentHour {
		pause = afterHour
	}
	return next(first, now, pause, jitter)
}

// rising is the pause after so many failures.
func rising(pause, factor, most time.Duration, attempts int) time.Duration {
	for range attempts - 1 {
		if pause = min(pause*factor, most); pause == most {
			break
		}
	}
	return pause
}

// next adds the jittered pause, up to the last attempt.
func next(first, now time.Time, pause time.Duration, jitter float64) (due time.Time, again bool) {
	last := first.Add(GiveUp)
	if !now.Before(last) {
		return time.Time{}, false
	}
	pause = time.Duration(float64(pause) * (1 - spread + 2*spread*jitter))
	if due = now.Add(pause); due.After(last) {
		due = last
	}
	return due, true
}
