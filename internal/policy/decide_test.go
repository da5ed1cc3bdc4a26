package policy_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/policy"
)

func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	free, strict := lantern.Policy{}, lantern.Policy{TrainingNeeded: true}
	for _, tt := range []struct {
		name     string
		trained  time.Time
		programs []lantern.Policy
		decision lantern.HitDecision
		may      bool
	}{
		{"trained", now.Add(time.Second), []lantern.Policy{strict}, lantern.Confirmed, true},
		{"lapsed", now, []lantern.Policy{strict}, lantern.Confirmed, false},
		{"never trained", time.Time{}, []lantern.Policy{strict, strict}, lantern.NotHere, false},
		{"unsure is a decision", now, []lantern.Policy{strict}, lantern.Unsure, false},
		{"what is no single decision", now, []lantern.Policy{strict}, "", false},
		{"handing on", now, []lantern.Policy{strict}, lantern.Escalate, true},
		{"a program that wants none", now, []lantern.Policy{free}, lantern.Confirmed, true},
		{"one of several wants none", now, []lantern.Policy{strict, free}, lantern.Confirmed, true},
		{"of no program", now, nil, lantern.Confirmed, true},
	} {
		who := policy.Actor{Person: 1, Trained: tt.trained}
		err := policy.MayDecide(who, tt.programs, tt.decision, now)
		if (err == nil) != tt.may || err != nil && lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("%s: got %v", tt.name, err)
		}
		if review := policy.MayReview(who, tt.programs, now); (review == nil) != (tt.may && tt.decision != lantern.Escalate) {
			t.Errorf("%s, revealed: got %v", tt.name, review)
		}
	}
}
