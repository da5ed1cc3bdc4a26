package policy_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/policy"
)

// TestStep is the state machine as a table: every state × part × answer. What is not
// listed must be refused.
func TestStep(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	type in struct {
		state lantern.ChallengeState
		by    policy.Part
		v     lantern.Verdict
	}
	want := map[in]policy.Move{
		{lantern.ChallengeOpen, policy.Sharer, lantern.Uphold}:      {State: lantern.ChallengeUpheld, Falls: true},
		{lantern.ChallengeOpen, policy.Sharer, lantern.Dispute}:     {State: lantern.ChallengeDisputed, Deadline: now.Add(policy.DecideWithin)},
		{lantern.ChallengeOpen, policy.Clock, ""}:                   {State: lantern.ChallengeDisputed, Deadline: now.Add(policy.DecideWithin)},
		{lantern.ChallengeDisputed, policy.Clock, ""}:               {State: lantern.ChallengeDisputed},
		{lantern.ChallengeDisputed, policy.Sharer, lantern.Uphold}:  {State: lantern.ChallengeUpheld, Falls: true},
		{lantern.ChallengeDisputed, policy.Officer, lantern.Uphold}: {State: lantern.ChallengeUpheld, Falls: true},
		{lantern.ChallengeDisputed, policy.Officer, lantern.Reject}: {State: lantern.ChallengeRejected, Stands: true},
	}
	for _, state := range []lantern.ChallengeState{lantern.ChallengeOpen, lantern.ChallengeDisputed, lantern.ChallengeUpheld, lantern.ChallengeRejected} {
		for _, by := range []policy.Part{policy.Sharer, policy.Officer, policy.Clock, policy.Nobody} {
			for _, v := range []lantern.Verdict{lantern.Uphold, lantern.Dispute, lantern.Reject, ""} {
				if by == policy.Clock && v != "" {
					continue
				}
				got, err := policy.Step(state, by, v, false, now)
				w, allowed := want[in{state, by, v}]
				if allowed != (err == nil) || allowed && got != w {
					t.Errorf("%s, %q answers %q: got %+v, %v; want %+v, allowed %v", state, by, v, got, err, w, allowed)
				}
			}
		}
	}
}

func TestImminentIsDecidedWithinTheHour(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	first := policy.FirstDeadline(true, now)
	m, err := policy.Step(lantern.ChallengeOpen, policy.Clock, "", true, first)
	if err != nil || m.Deadline.After(now.Add(time.Hour)) {
		t.Errorf("an unanswered imminent challenge is due at %v, %v; want within the hour", m.Deadline, err)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	typ := policy.Typed{Name: "url", Retention: 100, MaxRetention: 200}
	program := func(life, most lantern.Days) lantern.Program {
		return lantern.Program{Policy: lantern.Policy{Types: map[lantern.SignalType]lantern.TypePolicy{"url": {Retention: life, MaxRetention: most}}}}
	}
	for name, c := range map[string]struct {
		programs []lantern.Program
		wish     time.Time
		want     time.Time // zero: refused
	}{
		"default":                      {nil, time.Time{}, day(100)},
		"the strictest program":        {[]lantern.Program{program(30, 60), program(90, 90)}, time.Time{}, day(30)},
		"a wish":                       {[]lantern.Program{program(30, 60)}, day(45), day(45)},
		"a wish above the ceiling":     {[]lantern.Program{program(30, 60)}, day(61), time.Time{}},
		"a wish in the past":           {nil, day(-1), time.Time{}},
		"a program looser than a type": {[]lantern.Program{program(500, 900)}, day(201), time.Time{}},
	} {
		got, err := policy.Expiry(typ, c.programs, c.wish, now)
		if !got.Equal(c.want) || (err == nil) == c.want.IsZero() {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
	}
}
