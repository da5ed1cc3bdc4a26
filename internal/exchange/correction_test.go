package exchange_test

import (
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestCorrectionReachesEveryState withdraws a signal from a member in each state, also
// those of a member that applies anew.
func TestCorrectionReachesEveryState(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		for n, state := range []lantern.MemberState{lantern.Applied, lantern.Reviewing, lantern.Agreed, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left} {
			move := func(to lantern.MemberState) {
				t.Helper()
				if _, err := w.SetMemberState(ctx, w.Steward, face.ID, lantern.StateChange{State: to, Reason: "testing"}); err != nil {
					t.Fatal(err)
				}
			}
			id := w.MustShare(cloud.Service, w.Draft(n))
			w.Drain(w.Actor(face.ServiceKey), "")
			move(state)
			c, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
			if err != nil {
				t.Fatal(err)
			}
			changes, _ := w.Drain(w.Actor(face.ServiceKey), "")
			if last := changes[len(changes)-1]; last.Correction != c.ID {
				t.Errorf("%s: the feed ends with %+v, want the correction", state, last)
			}
			if _, err := w.Acknowledge(ctx, w.Actor(face.ServiceKey), lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
				t.Errorf("%s: acknowledging: %v", state, err)
			}
			move(lantern.ActiveMember)
		}
	})
}
