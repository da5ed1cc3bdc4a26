package policy_test

import (
	"slices"
	"testing"

	"lantern"
	"lantern/internal/policy"
)

func TestTold(t *testing.T) {
	t.Parallel()
	all := []lantern.MemberState{lantern.Applied, lantern.Reviewing, lantern.Agreed, lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left}
	reading, everSent := all[3:5], all
	for _, c := range []struct {
		event lantern.EventType
		want  []lantern.MemberState
	}{
		{lantern.SignalImminent, reading}, {lantern.CorrectionOpened, everSent}, {lantern.ChallengeOpened, everSent},
		{lantern.ChallengeWaits, everSent}, {lantern.ChallengeOverdue, everSent},
		{lantern.ChallengeDecided, everSent}, {lantern.FeedbackReceived, reading}, {lantern.OutcomeReceived, everSent},
		{lantern.MemberChanged, reading}, {lantern.WebhookTest, everSent}, {"signal.changed", nil}, {"", nil},
	} {
		for _, s := range all {
			if got, want := policy.Told(c.event, lantern.Company, s, false), slices.Contains(c.want, s); got != want {
				t.Errorf("%s, a company that is %s: got %v, want %v", c.event, s, got, want)
			}
		}
	}
	for _, e := range lantern.EventTypes() {
		if !policy.Told(e, lantern.Company, lantern.ActiveMember, false) {
			t.Errorf("nobody is told of %s", e)
		}
		if got, want := policy.Told(e, lantern.Operator, lantern.ActiveMember, false), e == lantern.MemberChanged; got != want {
			t.Errorf("%s, the operator: got %v, want %v", e, got, want)
		}
	}
	if !policy.Told(lantern.MemberChanged, lantern.Company, lantern.SuspendedMember, true) {
		t.Error("a suspended member is not told of its own suspension")
	}
}
