package exchange_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/store"
)

// TestFeedEqualsPolicy does random acts and holds what every member's feed shows from the
// beginning to what policy.See says of every signal: the SQL of the feed repeats the rule
// and must not drift from it.
func TestFeedEqualsPolicy(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		names := []string{"Cloudbin", "Facegram", "Chatter", "Pixelplay"}
		var members []exchangetest.Company
		for _, n := range names {
			members = append(members, w.AddCompany(n))
		}
		signals := map[lantern.ID]lantern.ID{} // signal → owner
		next := 0
		rapid.Check(t, func(r *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(r, "acts") {
				next++
				act(t, w, members, signals, next, r)
			}
			for i := range members {
				compareFeed(t, w, members[i], signals)
			}
		})
	})
}

// act does one random thing; refusals are part of the game.
func act(t *testing.T, w *exchangetest.World, members []exchangetest.Company, signals map[lantern.ID]lantern.ID, n int, r *rapid.T) {
	ctx := t.Context()
	m := members[rapid.IntRange(0, len(members)-1).Draw(r, "member")]
	ids := make([]lantern.ID, 0, len(signals))
	for id := range signals {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	some := lantern.ID(1)
	if len(ids) > 0 {
		some = ids[rapid.IntRange(0, len(ids)-1).Draw(r, "signal")]
	}
	switch rapid.IntRange(0, 7).Draw(r, "act") {
	case 0, 1:
		d := w.Draft(n)
		d.Imminent = rapid.Bool().Draw(r, "imminent")
		if res, err := w.Share(ctx, w.Actor(m.ServiceKey), d); err == nil {
			signals[res.Signal] = m.ID
		}
	case 2:
		_, _ = w.Feed(ctx, w.Actor(m.ServiceKey), w.Program.ID, "", 0, 0) // a suspended or departed member is refused
	case 3:
		_, _ = w.OpenChallenge(ctx, w.Actor(m.InvestigatorKey), lantern.Challenge{Signal: some, Reason: lantern.NotAbusive}) // may be refused
	case 4:
		_, _ = w.Withdraw(ctx, w.Actor(m.SubmitterKey), some, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated, Erase: n%2 == 0}) // may be refused
	case 5:
		list, err := w.Challenges(ctx, w.Actor(m.OfficerKey))
		if err == nil && len(list) > 0 {
			v := rapid.SampledFrom([]lantern.Verdict{lantern.Uphold, lantern.Dispute, lantern.Reject}).Draw(r, "verdict")
			_, _ = w.Decide(ctx, w.Actor(m.OfficerKey), list[len(list)-1].ID, lantern.Decision{Verdict: v, Reason: "drawn"}) // may be refused
		}
	case 6:
		s := rapid.SampledFrom([]lantern.MemberState{lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left}).Draw(r, "state")
		if _, err := w.SetMemberState(ctx, w.Steward, m.ID, lantern.StateChange{State: s, Reason: "drawn"}); err != nil {
			t.Fatal(err)
		}
	case 7:
		d := rapid.SampledFrom([]lantern.Direction{lantern.Both, lantern.ContributeOnly, lantern.ReceiveOnly}).Draw(r, "direction")
		w.Join(m, w.Program, d)
		w.Clock.Add(time.Minute)
	}
}

// compareFeed reads a member's feed from the beginning and asks the policy about every
// signal there is.
func compareFeed(t *testing.T, w *exchangetest.World, m exchangetest.Company, signals map[lantern.ID]lantern.ID) {
	t.Helper()
	a := w.Actor(m.ServiceKey)
	want := map[lantern.ID]policy.Sight{}
	err := w.Config.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		b, joined, err := store.ReadMembership(t.Context(), tx, w.Program.ID, m.ID)
		if err != nil {
			return err
		}
		for id, owner := range signals {
			row, _, err := store.ReadSignal(t.Context(), tx, id)
			if err != nil {
				return err
			}
			sent, err := store.WasSent(t.Context(), tx, id, m.ID)
			if err != nil {
				return err
			}
			want[id] = policy.See(policy.Viewed{Reader: m.ID, State: a.MemberState, Joined: joined && b.Left.IsZero(),
				Direction: b.Direction, Owner: owner, Signal: row.State, Sent: sent})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	changes, _ := w.Drain(a, "")
	got := map[lantern.ID]policy.Sight{}
	for _, c := range changes {
		got[c.Signal.ID] = policy.Tombstone
		if c.Signal.State == lantern.Active {
			got[c.Signal.ID] = policy.Whole
		}
		if (c.Signal.Value != "") != (c.Signal.State == lantern.Active) {
			t.Fatalf("signal %s is %s and its value is shown: %v", c.Signal.ID, c.Signal.State, c.Signal.Value != "")
		}
	}
	for id, sight := range want {
		if got[id] != sight {
			t.Fatalf("%s (%s) sees %s of signal %s of member %s; the policy says %s", m.Name, a.MemberState, sightName(got[id]), id, signals[id], sightName(sight))
		}
	}
}

func sightName(s policy.Sight) string {
	return fmt.Sprint([]string{"nothing", "a tombstone", "the whole"}[s])
}
