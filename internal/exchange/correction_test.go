package exchange_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
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

// TestFeedIsReadBeyondAPurge reads a feed in pages from the beginning after old tombstones
// were purged behind it, and once more when they are purged on the way.
func TestFeedIsReadBeyondAPurge(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		read := func(from lantern.Cursor) (lantern.FeedPage, error) {
			return w.Feed(ctx, face.Service, w.Program.ID, from, 1, 0)
		}
		purge := func(n int) {
			t.Helper()
			id := w.MustShare(cloud.Service, w.Draft(n))
			if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
				t.Fatal(err)
			}
			w.Clock.Add(91 * 24 * time.Hour)
			if err := w.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 3 {
			w.MustShare(cloud.Service, w.Draft(n))
		}
		purge(3)
		page, err := read("")
		for n := 1; n < 3 && err == nil; n++ {
			page, err = read(page.Next)
		}
		if err != nil || len(page.Changes) != 1 {
			t.Fatalf("the third page after a purge: %d changes, %v; want one", len(page.Changes), err)
		}
		page, err = read("")
		if err != nil {
			t.Fatal(err)
		}
		purge(4)
		if _, err := read(page.Next); lantern.KindOf(err) != lantern.Resync {
			t.Errorf("a cursor from before a purge: got %v, want resync", err)
		}
	})
}

// TestDerivedSignalRestsOnRoots challenges, restores and renews a derived signal around the
// fall of its root.
func TestDerivedSignalRestsOnRoots(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		root := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		derived := w.Draft(2)
		derived.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: root}}
		child := w.MustShare(face.Service, derived)
		state := func(when string, want lantern.SignalState) {
			t.Helper()
			if s, err := w.Signal(ctx, face.Submitter, child); err != nil || s.State != want {
				t.Errorf("%s the derived signal is %s, %v; want %s", when, s.State, err, want)
			}
		}
		reject := func() {
			t.Helper()
			c, err := w.OpenChallenge(ctx, cloud.Investigator, lantern.Challenge{Signal: child, Reason: lantern.NotAbusive})
			if err == nil {
				_, err = w.Decide(ctx, face.Officer, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "it stands"})
			}
			if err == nil && root != 0 {
				_, err = w.Withdraw(ctx, cloud.Submitter, root, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
				root = 0
			}
			if err == nil {
				_, err = w.Decide(ctx, game.Officer, c.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "it stands"})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		fell := root
		reject()
		state("after its root fell and a challenge of it was rejected", lantern.Suspended)
		basis := lantern.Basis{Policy: "own evidence", ReviewedBy: lantern.ByHuman, At: w.Clock.Now()}
		if _, err := w.Renew(ctx, face.Submitter, child, lantern.Renewal{Basis: basis}); err != nil {
			t.Fatal(err)
		}
		state("reaffirmed", lantern.Active)
		reject()
		state("reaffirmed, challenged and restored", lantern.Active)
		if _, err := w.Withdraw(ctx, cloud.Submitter, fell, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: true}); err != nil {
			t.Fatal(err)
		}
		state("reaffirmed, and its former root erased,", lantern.Active)
		late := w.Draft(3)
		late.Links = derived.Links
		if _, err := w.Share(ctx, face.Service, late); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("sharing what is derived from a fallen signal: got %v, want a conflict", err)
		}
	})
}

// TestNobodyWasSentASignalBeforeItWasThere reads two pages within the minute in which they
// make one range of the ledger.
func TestNobodyWasSentASignalBeforeItWasThere(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		w.MustShare(cloud.Service, w.Draft(1))
		_, cursor := w.Drain(face.Service, "")
		w.Clock.Add(20 * time.Second) // the next page is read while the range of the first still grows
		id := w.MustShare(cloud.Service, w.Draft(2))
		w.Drain(face.Service, cursor)
		s, err := w.Signal(t.Context(), cloud.Submitter, id)
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Withdraw(t.Context(), cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		if err != nil || len(c.Recipients) != 1 {
			t.Fatalf("withdrawn: %+v, %v; want one recipient", c, err)
		}
		if sent := c.Recipients[0].Sent; sent.Before(s.Created) {
			t.Errorf("sent %v, and shared only %v", sent, s.Created)
		}
	})
}

// TestUpheldChallengeOfAnExpiredSignal lets a signal expire while it is challenged: who acted
// on it must hear that the challenge was right.
func TestUpheldChallengeOfAnExpiredSignal(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		short := w.Draft(1)
		short.Expires = w.Clock.Now().Add(time.Hour)
		id := w.MustShare(cloud.Service, short)
		w.Drain(game.Service, "")
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(2 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, cloud.Officer, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "a mistake"}); err != nil {
			t.Fatal(err)
		}
		list, err := w.Corrections(ctx, game.Investigator, lantern.CorrectionFilter{})
		if err != nil || len(list) != 1 || list[0].Kind != lantern.CorrectionUpheld {
			t.Errorf("a member that was sent it has corrections %+v, %v; want one", list, err)
		}
	})
}

// TestCorrectionPages reads lists of corrections two at a time: together the pages are the
// whole list, and each filter leaves exactly what it says.
func TestCorrectionPages(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		var signals, all, owed []lantern.ID
		for i := range 7 {
			signals = append(signals, w.MustShare(cloud.Service, w.Draft(i)))
		}
		w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		for i, s := range signals {
			if i%3 != 1 { // some are opened in the same moment
				w.Clock.Add(time.Second)
			}
			c, err := w.Withdraw(ctx, cloud.Submitter, s, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
			if err != nil {
				t.Fatal(err)
			}
			if all = append(all, c.ID); i%2 == 0 {
				owed = append(owed, c.ID)
			} else if _, err := w.Acknowledge(ctx, face.Service, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Acknowledge(ctx, game.Service, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
				t.Fatal(err)
			}
		}
		want := func(what string, a policy.Actor, f lantern.CorrectionFilter, want ...lantern.ID) {
			t.Helper()
			var got []lantern.ID
			var last time.Time
			for f.Limit = 2; ; {
				page, err := w.Corrections(ctx, a, f)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for _, c := range page {
					got = append(got, c.ID)
					if f.After = c.ID; c.Opened.Before(last) {
						t.Errorf("%s: a correction comes after a younger one", what)
					}
					last = c.Opened
				}
				if len(page) < f.Limit {
					break
				}
			}
			slices.Sort(got)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%s: %d corrections, want %d", what, len(got), len(want))
			}
		}
		none := lantern.CorrectionFilter{}
		want("the steward's", w.Steward, none, all...)
		want("the sharer's", cloud.Service, none, all...)
		want("a recipient's", face.Service, none, all...)
		want("what a recipient owes", face.Service, lantern.CorrectionFilter{Waiting: true}, owed...)
		want("what one owes that did all", game.Service, lantern.CorrectionFilter{Waiting: true})
		want("what the sharer owes", cloud.Service, lantern.CorrectionFilter{Waiting: true})
		want("what a stranger sees", w.AddCompany("Chatter").Service, none)
		want("late at once", w.Steward, lantern.CorrectionFilter{Overdue: true})
		w.Clock.Add(lantern.MaskWithin + time.Hour)
		want("late", w.Steward, lantern.CorrectionFilter{Overdue: true}, owed...)
		want("late of one that did all", game.Service, lantern.CorrectionFilter{Overdue: true})
		want("late and owed", face.Service, lantern.CorrectionFilter{Overdue: true, Waiting: true}, owed...)
	})
}

// TestNobodyLearnsOfASignalByTheWay shows a signal to a member that is in one of its two
// programs and came after the signal it is linked to was suspended.
func TestNobodyLearnsOfASignalByTheWay(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		other := w.AddProgram("payments")
		w.Join(cloud, other, lantern.Both)
		doubted := w.MustShare(cloud.Service, w.Draft(1))
		d := w.Draft(2)
		d.Programs = append(d.Programs, other.ID)
		d.Links = []lantern.Link{{Kind: lantern.SameAccount, Signal: doubted}}
		id := w.MustShare(cloud.Service, d)
		if _, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: doubted, Reason: lantern.NotAbusive}); err != nil {
			t.Fatal(err)
		}
		changes, _ := w.Drain(game.Service, "")
		if len(changes) != 1 || len(changes[0].Signal.Links) != 0 {
			t.Errorf("the feed shows %+v, want one signal without links", changes)
		}
		s, err := w.Signal(ctx, game.Service, id)
		if err != nil || len(s.Links) != 0 || len(s.Programs) != 1 {
			t.Errorf("the signal by its id: links %v, programs %v, %v; want no link and the common program", s.Links, s.Programs, err)
		}
	})
}

// TestLogTellsOfEveryChallenge withdraws a signal with two open challenges: the log must tell
// what became of both.
func TestLogTellsOfEveryChallenge(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		for _, who := range []exchangetest.Company{face, game} {
			if _, err := w.OpenChallenge(ctx, who.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		decided := 0
		for n := int64(0); ; n++ {
			o, err := w.Opening(ctx, w.Steward, n)
			if lantern.KindOf(err) == lantern.NotFound {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if o.Kind == "decide" {
				decided++
			}
		}
		if decided != 2 {
			t.Errorf("the log tells of %d decisions, want 2", decided)
		}
	})
}

// TestAttestedAcknowledgement has a person acknowledge for a client that cannot, and a
// service for one that can: map, overdue list and log tell which is which.
func TestAttestedAcknowledgement(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		c, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		if err != nil {
			t.Fatal(err)
		}
		late := func(when string, want ...lantern.ID) {
			t.Helper()
			var got []lantern.ID
			list, err := w.Corrections(ctx, w.Steward, lantern.CorrectionFilter{Overdue: true})
			for _, c := range list {
				for _, r := range c.Recipients {
					if r.Overdue {
						got = append(got, r.Member)
					}
				}
			}
			slices.Sort(want)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v are overdue, %v; want %v", when, got, err, want)
			}
		}
		late("at once")
		w.Clock.Add(time.Minute)
		if _, err := w.Acknowledge(ctx, face.Service, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Minute)
		late("after two minutes", game.ID)
		untrained := game.Investigator
		untrained.Trained = time.Time{}
		if _, err := w.Acknowledge(ctx, untrained, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("an attestation without training: got %v, want forbidden", err)
		}
		if _, err := w.Acknowledge(ctx, game.Service, lantern.Ack{Correction: c.ID, Step: lantern.AckMasked}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(8 * time.Minute)
		if _, err := w.Acknowledge(ctx, game.Investigator, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
			t.Fatal(err)
		}
		late("after both")
		got, err := w.Correction(ctx, w.Steward, c.ID)
		want := lantern.Progress{Recipients: 2, Masked: 2, Purged: 2, Attested: 1, Median: 330}
		if err != nil || got.Progress == nil || *got.Progress != want {
			t.Fatalf("the steward's map: %+v, %v; want %+v", got.Progress, err, want)
		}
		for _, r := range got.Recipients {
			how := [2]lantern.AckHow{lantern.AckByAgent, lantern.AckByAgent}
			if r.Member == game.ID {
				how[1] = lantern.AckAttested
			}
			if [2]lantern.AckHow{r.MaskedHow, r.PurgedHow} != how {
				t.Errorf("member %s: masked by %s, purged by %s; want %v", r.Member, r.MaskedHow, r.PurgedHow, how)
			}
		}
		if own, err := w.Correction(ctx, face.Investigator, c.ID); err != nil || own.Progress != nil || len(own.Recipients) != 1 {
			t.Errorf("a recipient is shown %+v, %v; want its own row only", own, err)
		}
		told := 0
		for n := int64(0); ; n++ {
			o, err := w.Opening(ctx, w.Steward, n)
			if lantern.KindOf(err) == lantern.NotFound {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if o.Kind == "acknowledge" && strings.Contains(string(o.Facts), `"reason":"attested"`) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("the log tells of %d attestations, want one", told)
		}
	})
}

// TestClearance has a sharer look again and find nothing wrong: everybody who was sent the
// earlier opinion gets a correction, and what is said instead stands beside it.
func TestClearance(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		_, cursor := w.Drain(face.Service, "")
		if _, err := w.OpenChallenge(ctx, game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive}); err != nil {
			t.Fatal(err)
		}
		d := w.Draft(1)
		d.Status = lantern.NonViolating
		r, err := w.Share(ctx, cloud.Service, d)
		if err != nil || r.Status != lantern.Cleared || r.Signal == id {
			t.Fatalf("clearing gave %+v, %v; want another signal, cleared", r, err)
		}
		changes, _ := w.Drain(face.Service, cursor)
		if len(changes) != 2 || changes[0].Correction == 0 || changes[1].Signal.Status != lantern.NonViolating || changes[1].Signal.State != lantern.Active {
			t.Fatalf("the feed shows %+v, want a tombstone with its correction and the cleared opinion", changes)
		}
		c, err := w.Acknowledge(ctx, face.Service, lantern.Ack{Correction: changes[0].Correction, Step: lantern.AckPurged})
		if err != nil || c.Kind != lantern.CorrectionCleared {
			t.Errorf("acknowledging gave %+v, %v", c, err)
		}
		if r, err = w.Share(ctx, cloud.Service, d); err != nil || r.Status != lantern.Unchanged {
			t.Errorf("clearing again gave %+v, %v; want unchanged", r, err)
		}
		if _, err = w.Share(ctx, cloud.Service, w.Draft(1)); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("taking back a clearance that settled a challenge: got %v, want a conflict", err)
		}
	})
}

// TestWrongTagsAreSettledByOtherTags amends a signal with other tags after members said that
// they are wrong.
func TestWrongTagsAreSettledByOtherTags(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		for _, r := range []lantern.Reaction{lantern.WrongTags, lantern.Helpful} {
			if _, err := w.React(ctx, face.Service, lantern.Feedback{Signal: id, Reaction: r}); err != nil {
				t.Fatal(err)
			}
		}
		d := w.Draft(1)
		shown := func(when string, want int) {
			t.Helper()
			if r, err := w.Share(ctx, cloud.Service, d); err != nil || r.Status != lantern.Updated {
				t.Fatalf("amending gave %+v, %v", r, err)
			}
			changes, _ := w.Drain(face.Service, "")
			got := changes[0].Signal.Reactions
			if got[lantern.WrongTags] != want || got[lantern.Helpful] != 1 {
				t.Errorf("%s the reactions are %v, want %d of wrong tags and one helpful", when, got, want)
			}
		}
		d.Severity = lantern.Critical
		shown("with the same tags", 1)
		d.Tags = []lantern.Tag{"grooming"}
		shown("with other tags", 0)
	})
}

// TestSecondPersonReleasesAHeldSignal shares a value again that fell to a challenge: it goes
// out when another person of the member looked.
func TestSecondPersonReleasesAHeldSignal(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		id := w.MustShare(cloud.Submitter, w.Draft(1))
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err == nil {
			_, err = w.Decide(ctx, cloud.Officer, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "a mistake"})
		}
		if err != nil {
			t.Fatal(err)
		}
		held, err := w.Share(ctx, cloud.Submitter, w.Draft(1))
		if err != nil || held.Status != lantern.HeldBack {
			t.Fatalf("sharing it again gave %+v, %v; want held", held, err)
		}
		fresh := lantern.Renewal{Basis: lantern.Basis{Policy: "new evidence", ReviewedBy: lantern.ByHuman, At: w.Clock.Now()}}
		if _, err := w.Renew(ctx, cloud.Submitter, held.Signal, fresh); lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("released by who shared it: got %v, want forbidden", err)
		}
		second := cloud.Submitter
		second.Person, second.Key = cloud.Investigator.Person, cloud.Investigator.Key
		stale := fresh
		stale.Basis.At = w.Clock.Now().Add(-time.Hour)
		if _, err := w.Renew(ctx, second, held.Signal, stale); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("released on a review from before it was held: got %v, want invalid", err)
		}
		s, err := w.Renew(ctx, second, held.Signal, fresh)
		if err != nil || s.State != lantern.Active {
			t.Fatalf("released by a second person: %s, %v; want active", s.State, err)
		}
		changes, _ := w.Drain(face.Service, "")
		if last := changes[len(changes)-1].Signal; last.ID != held.Signal || last.State != lantern.Active {
			t.Errorf("the feed ends with %+v, want the released signal", last)
		}
	})
}

// TestReaffirmedSignalDisputes reaffirms a suspended signal on whose value another member says
// the opposite: both are disputed again, and the other's feed entry moves.
func TestReaffirmedSignalDisputes(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		root := w.MustShare(cloud.Service, w.Draft(1))
		d := w.Draft(2)
		d.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: root}}
		child := w.MustShare(cloud.Service, d)
		opposite := w.Draft(2)
		opposite.Status = lantern.NonViolating
		other := w.MustShare(face.Service, opposite)
		if _, err := w.Withdraw(ctx, cloud.Submitter, root, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		_, cursor := w.Drain(game.Service, "")
		basis := lantern.Basis{Policy: "own evidence", ReviewedBy: lantern.ByHuman, At: w.Clock.Now()}
		if _, err := w.Renew(ctx, cloud.Submitter, child, lantern.Renewal{Basis: basis}); err != nil {
			t.Fatal(err)
		}
		changes, _ := w.Drain(game.Service, cursor)
		if len(changes) != 2 || !changes[0].Signal.Disputed || !changes[1].Signal.Disputed || changes[1].Signal.ID != other {
			t.Errorf("the feed goes on with %+v, want both signals, disputed", changes)
		}
	})
}
