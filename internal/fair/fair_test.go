package fair_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lantern"
	"lantern/internal/fair"
)

func TestMembersTakeTurns(t *testing.T) {
	t.Parallel()
	q := fair.NewQueue[int]()
	push := func(member, n int) {
		t.Helper()
		for range n {
			if err := q.Push(t.Context(), lantern.ID(member), 1, member); err != nil {
				t.Fatal(err)
			}
		}
	}
	push(1, 200)
	push(2, 3)
	push(3, 1)
	<-q.Ready()
	count := map[int]int{}
	for _, member := range q.Take() {
		count[member]++
	}
	if count[2] != 3 || count[3] != 1 || count[1] > 10 {
		t.Errorf("the first group has %v, want all of members 2 and 3 and about as much of 1", count)
	}
	if rest := len(q.Drain()); rest != 200-count[1] {
		t.Errorf("%d acts are left, want %d", rest, 200-count[1])
	}
}

func TestAMemberAloneIsNotHeldBack(t *testing.T) {
	t.Parallel()
	q := fair.NewQueue[int]()
	for range 200 {
		if err := q.Push(t.Context(), 7, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(q.Take()); n != 200 {
		t.Errorf("the group has %d acts, want all 200", n)
	}
}

func TestAFullLaneHoldsItsMemberOnly(t *testing.T) {
	t.Parallel()
	q := fair.NewQueue[int]()
	full, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for ; n < 10_000; n++ {
		if err := q.Push(full, 1, 1, 1); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("a full lane: %v", err)
			}
			break
		}
	}
	if n == 10_000 {
		t.Error("a lane takes any number of acts")
	}
	if err := q.Push(full, 2, 1, 2); err != nil {
		t.Errorf("another member: %v", err)
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	b := fair.NewBuckets(fair.Quotas{Share: 60})
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		after time.Duration
		take  int
		left  int
		reset time.Duration
	}{
		{"full", 0, 50, 60, 0},
		{"some taken", 0, 30, 10, 50 * time.Minute},
		{"in debt", 0, 0, 0, 21 * time.Minute},
		{"half of it paid", 10 * time.Minute, 0, 0, 11 * time.Minute},
		{"the clock steps back", -time.Hour, 0, 0, 11 * time.Minute},
		{"and forth", time.Hour, 0, 50, 10 * time.Minute},
	} {
		now = now.Add(tt.after)
		got := b.Take(1, fair.ShareUse, tt.take, now)
		if got.Limit != 60 || got.Remaining != tt.left || (got.Reset-tt.reset).Abs() > time.Second {
			t.Errorf("%s: got %+v, want %d left and reset in %v", tt.name, got, tt.left, tt.reset)
		}
	}
	if got := b.Take(1, fair.DiscloseUse, 1000, now); got != (fair.Allowance{}) {
		t.Errorf("without a bound: got %+v", got)
	}
	if got := b.Take(2, fair.ShareUse, 0, now); got.Remaining != 60 {
		t.Errorf("another member: got %+v", got)
	}
}

func TestCrowded(t *testing.T) {
	t.Parallel()
	q := fair.NewQueue[int]()
	push := func(member lantern.ID) {
		t.Helper()
		if err := q.Push(t.Context(), member, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	if q.Crowded(1) {
		t.Error("nobody acts, and it is crowded")
	}
	push(1)
	if q.Crowded(1) {
		t.Error("a member is in its own way")
	}
	push(2)
	if !q.Crowded(1) || !q.Crowded(2) {
		t.Error("two members are not in each other's way")
	}
}
