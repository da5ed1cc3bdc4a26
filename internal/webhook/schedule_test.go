package webhook_test

import (
	"testing"
	"time"

	"lantern/internal/webhook"
)

// The schedule as docs/protocol/webhooks.md has it: the middle of the jitter.
func TestSchedule(t *testing.T) {
	t.Parallel()
	want := []time.Duration{5 * time.Second, 25 * time.Second, 105 * time.Second, 425 * time.Second, 1705 * time.Second, 6825 * time.Second,
		27305 * time.Second, 70505 * time.Second, 113705 * time.Second, 156905 * time.Second, 200105 * time.Second, 243305 * time.Second, 72 * time.Hour}
	first := time.Unix(1795424400, 0)
	now := first
	for i, w := range want {
		due, again := webhook.Next(i+1, first, now, 0.5)
		if !again || due.Sub(first) != w {
			t.Fatalf("after %d failures: %v, %v; want %v", i+1, due.Sub(first), again, w)
		}
		now = due
	}
	if _, again := webhook.Next(len(want)+1, first, now, 0.5); again {
		t.Error("it goes on after 72 hours")
	}
}

func TestScheduleJitter(t *testing.T) {
	t.Parallel()
	first := time.Unix(1795424400, 0)
	for _, jitter := range []float64{0, 0.25, 0.5, 0.999999} {
		now, n := first, 0
		for {
			n++
			due, again := webhook.Next(n, first, now, jitter)
			if !again {
				break
			}
			if !due.After(now) || due.After(first.Add(webhook.GiveUp)) {
				t.Fatalf("jitter %v, attempt %d: due %v after the first", jitter, n, due.Sub(first))
			}
			now = due
		}
		if n < 12 || n > 18 || now != first.Add(webhook.GiveUp) {
			t.Errorf("jitter %v: %d attempts, the last at %v", jitter, n, now.Sub(first))
		}
	}
	low, _ := webhook.Next(3, first, first, 0)
	high, _ := webhook.Next(3, first, first, 1)
	if low.Sub(first) != 64*time.Second || high.Sub(first) != 96*time.Second {
		t.Errorf("jitter moves a pause of 80 s to %v and %v", low.Sub(first), high.Sub(first))
	}
	if _, again := webhook.Next(1<<40, first, first, 0.5); !again {
		t.Error("the number of attempts overflows")
	}
}

// What is urgent is tried every minute at least for an hour, and for as long as the rest.
func TestUrgentSchedule(t *testing.T) {
	t.Parallel()
	first := time.Unix(1795424400, 0)
	now, n := first, 0
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		n++
		due, again := webhook.NextUrgent(n, first, now, 0.5)
		if !again || due.Sub(now) != want*time.Second {
			t.Fatalf("attempt %d: the pause is %v, want %d s", n, due.Sub(now), want)
		}
		now = due
	}
	hour := 0
	for ; ; n++ {
		due, again := webhook.NextUrgent(n, first, now, 0.5)
		if !again {
			break
		}
		if hour == 0 && now.Sub(first) >= time.Hour {
			hour = n
		}
		now = due
	}
	if hour < 60 || n-hour > 300 || now != first.Add(webhook.GiveUp) {
		t.Errorf("%d attempts in the first hour, %d after it, the last after %v", hour, n-hour, now.Sub(first))
	}
}
