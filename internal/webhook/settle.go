package webhook

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"time"

	"lantern"
)

// Failures that senders know of, beside those of [Client.Post].
const (
	Disabled Failure = "disabled" // the webhook was, or became, disabled
	Gone     Failure = "gone"     // the receiver answered 410 and wants nothing more
)

// Attempt is a delivery as far as an attempt at it changes it.
type Attempt struct {
	State    lantern.DeliveryState
	Attempts int       // that were made
	First    time.Time // when the first was due
	Due      time.Time // when the next one is
	Settled  time.Time // when it was delivered or given up
	Urgent   bool
	Status   int // of the last answer
	Failure  Failure
}

// After returns what becomes of a delivery when an attempt at it at now had a result:
// delivered, to be tried again, or given up. An attempt that was broken off because the
// sender ended does not count, and is due at once. jitter is uniform in [0, 1).
func (a Attempt) After(r Result, now time.Time, jitter float64) Attempt {
	a.Due = now
	if r.Failure == Closing {
		return a
	}
	a.Attempts++
	a.Status, a.Failure = r.Status, r.Failure
	switch {
	case r.Failure == None:
		a.State, a.Settled = lantern.DeliveryDone, now
	case r.Status == http.StatusGone:
		a.State, a.Settled, a.Failure = lantern.DeliveryDead, now, Gone
	default:
		again := false
		if a.Urgent {
			a.Due, again = NextUrgent(a.Attempts, a.First, now, jitter)
		} else {
			a.Due, again = Next(a.Attempts, a.First, now, jitter)
		}
		if !again {
			a.State, a.Settled = lantern.DeliveryDead, now
		}
	}
	return a
}

// Fare writes into w how it fares after an attempt at it was settled at now: it is active
// after a success, and disabled when a delivery was given up and it took nothing for as
// long as that was tried, or if it wants nothing more.
func Fare(w *lantern.Webhook, a Attempt, now time.Time) {
	if a.State == lantern.DeliveryDone {
		w.State, w.Delivered, w.Failing, w.Failure = lantern.WebhookActive, now, time.Time{}, ""
		return
	}
	if w.Failure = string(a.Failure); w.Failing.IsZero() {
		w.Failing = now
	}
	if a.State == lantern.DeliveryDead && (a.Failure == Gone || w.Delivered.Before(a.First)) {
		w.State = lantern.WebhookDisabled
	}
}

// Jitter draws what [Attempt.After] asks for.
func Jitter(random io.Reader) (float64, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, fmt.Errorf("drawing a jitter: %w", err)
	}
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53), nil
}
