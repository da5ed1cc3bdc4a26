package exchange_test

import (
	"fmt"
	"maps"
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
// and must not drift from it. Beside it a plain table keeps what was handed to whom, and the
// ledger of the store must say the same.
func TestFeedEqualsPolicy(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		g := &game{World: exchangetest.New(t, url), signals: map[lantern.ID]lantern.ID{},
			sent: map[lantern.ID]map[lantern.ID]bool{}, cursors: map[lantern.ID]lantern.Cursor{}}
		for _, n := range []string{"Cloudbin", "Facegram", "Chatter", "Pixelplay"} {
			g.members = append(g.members, g.AddCompany(n))
		}
		g.other = g.AddProgram("payments")
		for i, m := range g.members {
			if i != 2 { // who is in one program only loses what is taken out of it
				g.Join(m, g.other, lantern.Both)
			}
		}
		rapid.Check(t, func(r *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(r, "acts") {
				g.next++
				g.act(r)
			}
			g.compareLedger(t)
			if g.next%3 == 0 {
				m := g.members[rapid.IntRange(0, len(g.members)-1).Draw(r, "reader")]
				compareFeed(t, g, m)
			}
			g.compareLedger(t)
		})
	})
}

// game is a world with what a plain observer remembers of it.
type game struct {
	*exchangetest.World
	other   lantern.Program
	members []exchangetest.Company
	signals map[lantern.ID]lantern.ID          // signal → owner
	sent    map[lantern.ID]map[lantern.ID]bool // signal → members it was handed to
	cursors map[lantern.ID]lantern.Cursor      // member → where its own follower stands
	next    int
}

// handed remembers what a read handed to a member.
func (g *game) handed(m lantern.ID, s lantern.Signal) {
	if s.State != lantern.Active || s.Member == m {
		return
	}
	if g.sent[s.ID] == nil {
		g.sent[s.ID] = map[lantern.ID]bool{}
	}
	g.sent[s.ID][m] = true
}

// read reads a page and remembers it; a suspended or departed member is refused.
func (g *game) read(m exchangetest.Company, f lantern.FeedFilter, cursor lantern.Cursor, limit int) (lantern.FeedPage, error) {
	return g.readIn(g.Program.ID, m, f, cursor, limit)
}

func (g *game) readIn(program lantern.ID, m exchangetest.Company, f lantern.FeedFilter, cursor lantern.Cursor, limit int) (lantern.FeedPage, error) {
	page, err := g.FilteredFeed(g.T.Context(), g.Actor(m.ServiceKey), program, f, cursor, limit, 0)
	for _, c := range page.Changes {
		g.handed(m.ID, c.Signal)
	}
	return page, err
}

// compareLedger holds the ledger to what was remembered.
func (g *game) compareLedger(t *testing.T) {
	t.Helper()
	err := g.Config.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		for id := range g.signals {
			list, err := store.Recipients(t.Context(), tx, id)
			if err != nil {
				return err
			}
			got := map[lantern.ID]bool{}
			for _, r := range list {
				got[r.Member] = true
			}
			for _, m := range g.members {
				was, err := store.WasSent(t.Context(), tx, id, m.ID)
				if err != nil {
					return err
				}
				if want := g.sent[id][m.ID]; was != want || got[m.ID] != want {
					t.Fatalf("signal %s was sent to %s: %v; the ledger says %v and lists it: %v", id, m.Name, want, was, got[m.ID])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// act does one random thing; refusals are part of the game.
func (g *game) act(r *rapid.T) {
	ctx, t := g.T.Context(), g.T
	m := g.members[rapid.IntRange(0, len(g.members)-1).Draw(r, "member")]
	ids := slices.Sorted(maps.Keys(g.signals))
	some := lantern.ID(1)
	if len(ids) > 0 {
		some = ids[rapid.IntRange(0, len(ids)-1).Draw(r, "signal")]
	}
	switch rapid.IntRange(0, 16).Draw(r, "act") {
	case 0, 1, 2:
		d := g.Draft(g.next)
		if rapid.Bool().Draw(r, "shared by several") {
			d = g.Draft(rapid.IntRange(1, 4).Draw(r, "value"))
			d.Status = rapid.SampledFrom([]lantern.Status{lantern.Violating, lantern.NonViolating}).Draw(r, "status")
		}
		d.Imminent = rapid.Bool().Draw(r, "imminent")
		if rapid.Bool().Draw(r, "shared to both") {
			d.Programs = append(d.Programs, g.other.ID)
		}
		if res, err := g.Share(ctx, g.Actor(m.ServiceKey), d); err == nil {
			g.signals[res.Signal] = m.ID
		}
	case 3, 4:
		page, err := g.read(m, lantern.FeedFilter{}, g.cursors[m.ID], rapid.IntRange(1, 4).Draw(r, "limit"))
		switch {
		case err == nil:
			g.cursors[m.ID] = page.Next
		case lantern.KindOf(err) == lantern.Resync:
			delete(g.cursors, m.ID)
		}
	case 5:
		_, _ = g.read(m, lantern.FeedFilter{}, "", rapid.IntRange(1, 20).Draw(r, "limit")) // may be refused
	case 6:
		_, _ = g.read(m, lantern.FeedFilter{Imminent: true}, "", 5) // may be refused
	case 7:
		if s, err := g.Signal(ctx, g.Actor(m.ServiceKey), some); err == nil {
			g.handed(m.ID, s)
		}
	case 8:
		_, _ = g.OpenChallenge(ctx, g.Actor(m.InvestigatorKey), lantern.Challenge{Signal: some, Reason: lantern.NotAbusive}) // may be refused
	case 9:
		_, _ = g.Withdraw(ctx, g.Actor(m.SubmitterKey), some, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated, Erase: g.next%2 == 0}) // may be refused
	case 10:
		list, err := g.ChallengesOf(g.Actor(m.OfficerKey))
		if err == nil && len(list) > 0 {
			v := rapid.SampledFrom([]lantern.Verdict{lantern.Uphold, lantern.Dispute, lantern.Reject}).Draw(r, "verdict")
			_, _ = g.Decide(ctx, g.Actor(m.OfficerKey), list[len(list)-1].ID, lantern.Decision{Verdict: v, Reason: "drawn"}) // may be refused
		}
	case 11:
		s := rapid.SampledFrom([]lantern.MemberState{lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left}).Draw(r, "state")
		if _, err := g.SetMemberState(ctx, g.Steward, m.ID, lantern.StateChange{State: s, Reason: "drawn"}); err != nil {
			t.Fatal(err)
		}
	case 12:
		d := rapid.SampledFrom([]lantern.Direction{lantern.Both, lantern.ContributeOnly, lantern.ReceiveOnly}).Draw(r, "direction")
		g.Join(m, g.Program, d)
		g.Clock.Add(time.Minute)
	case 13:
		_, _ = g.React(ctx, g.Actor(m.ServiceKey), lantern.Feedback{Signal: some, Reaction: lantern.Helpful}) // may be refused
	case 14, 15:
		from := rapid.SampledFrom([]lantern.ID{g.Program.ID, g.other.ID}).Draw(r, "program")
		for _, o := range g.members {
			if o.ID == g.signals[some] {
				_, _ = g.Narrow(ctx, g.Actor(o.SubmitterKey), some, lantern.Narrowing{Program: from}) // may be refused
			}
		}
	case 16:
		_, _ = g.readIn(g.other.ID, m, lantern.FeedFilter{}, "", 20) // may be refused
	}
}

// Who read past a signal while it was suspended was not sent it, also after it was restored.
func TestReadingPastSuspended(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		red, blue, green, yellow := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Chatter"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		id := w.MustShare(red.Service, w.Draft(1))
		w.Drain(blue.Service, "")
		c, err := w.OpenChallenge(ctx, blue.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		w.MustShare(red.Service, w.Draft(2))
		w.Drain(yellow.Service, "") // past the suspended one
		for _, d := range []struct {
			by exchangetest.Company
			v  lantern.Verdict
		}{{red, lantern.Dispute}, {green, lantern.Reject}} {
			by := d.by.Submitter
			if d.v == lantern.Reject {
				by = d.by.Officer
			}
			if _, err := w.Decide(ctx, by, c.ID, lantern.Decision{Verdict: d.v, Reason: "looked at again"}); err != nil {
				t.Fatal(err)
			}
		}
		err = w.Config.DB.Read(ctx, func(tx *sqldb.Tx) error {
			list, err := store.Recipients(ctx, tx, id)
			if err == nil && (len(list) != 1 || list[0].Member != blue.ID) {
				t.Errorf("the restored signal has recipients %v, want the one that was sent it", list)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// compareFeed reads a member's feed from the beginning and asks the policy about every
// signal there is.
func compareFeed(t *testing.T, w *game, m exchangetest.Company) {
	t.Helper()
	a, signals := w.Actor(m.ServiceKey), w.signals
	want, narrowed := map[lantern.ID]policy.Sight{}, map[lantern.ID]bool{}
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
			places, err := store.EveryPlacementOf(t.Context(), tx, id)
			if err != nil {
				return err
			}
			for _, p := range places {
				if p.Program == w.Program.ID {
					narrowed[id] = policy.Shown(row.State, p.Narrowed) == lantern.Narrowed
					want[id] = policy.See(policy.Viewed{Reader: m.ID, Reads: policy.MemberReads(a.MemberState), Joined: joined && b.Left.IsZero(),
						Direction: b.Direction, Owner: owner, Signal: row.State, Sent: sent, Narrowed: p.Narrowed})
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	changes, _ := w.Drain(a, "")
	got := map[lantern.ID]policy.Sight{}
	for _, c := range changes {
		w.handed(m.ID, c.Signal)
		got[c.Signal.ID] = policy.Tombstone
		if c.Signal.State == lantern.Active {
			got[c.Signal.ID] = policy.Whole
		}
		if (c.Signal.State == lantern.Narrowed) != narrowed[c.Signal.ID] {
			t.Fatalf("signal %s is shown as %s; taken out of the program: %v", c.Signal.ID, c.Signal.State, narrowed[c.Signal.ID])
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
