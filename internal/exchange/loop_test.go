package exchange_test

import (
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestLoop walks the whole of the product's loop: share, follow, answer, report, challenge,
// correct, acknowledge.
func TestLoop(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()

		id := w.MustShare(cloud.Service, w.Draft(1))
		changes, cursor := w.Drain(face.Service, "")
		if len(changes) != 1 || changes[0].Signal.ID != id || !strings.HasSuffix(changes[0].Signal.Value, "/f/1") {
			t.Fatalf("the feed shows %d changes, want the one shared signal with its value", len(changes))
		}

		if _, err := w.React(ctx, face.Service, lantern.Feedback{Signal: id, Reaction: lantern.Helpful}); err != nil {
			t.Fatal(err)
		}
		changes, cursor = w.Drain(face.Service, cursor)
		if len(changes) != 1 || changes[0].Signal.Reactions[lantern.Helpful] != 1 {
			t.Fatalf("after a reaction the feed shows %+v, want the signal with one helpful", changes)
		}

		o := lantern.Outcome{Program: w.Program.ID, Kind: lantern.AccountsActioned, Count: 12, Signals: []lantern.ID{id},
			Attestation: &lantern.Attestation{Person: face.Investigator.Person, Ground: "child safety", Singly: 12, Digest: strings.Repeat("ab", 32)}}
		first, err := w.RecordOutcome(ctx, face.Investigator, o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.RecordOutcome(ctx, face.Investigator, o)
		if err != nil || again.ID != first.ID {
			t.Fatalf("the same decision list counted twice: got %v, %v; want the first entry", again.ID, err)
		}
		totals, err := w.OutcomeTotals(ctx, cloud.Submitter, id)
		if err != nil || totals.Members.String() != "<5" || totals.Counts[lantern.AccountsActioned].String() != "10–14" {
			t.Fatalf("the owner sees %+v, %v; want 10 to 14 accounts of fewer than five members", totals, err)
		}

		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.IdentifierReused})
		if err != nil {
			t.Fatal(err)
		}
		changes, cursor = w.Drain(face.Service, cursor)
		if len(changes) != 1 || changes[0].Signal.State != lantern.Suspended || changes[0].Signal.Value != "" {
			t.Fatalf("after a challenge the feed shows %+v, want a suspended signal without value", changes)
		}
		if late, _ := w.Drain(game.Service, ""); len(late) != 0 {
			t.Fatalf("a member that was never sent the signal learns of its suspension: %+v", late)
		}

		if _, err := w.Decide(ctx, cloud.Officer, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "handed on"}); err != nil {
			t.Fatal(err)
		}
		changes, _ = w.Drain(face.Service, cursor)
		if len(changes) != 1 || changes[0].Signal.State != lantern.Withdrawn || changes[0].Correction == 0 {
			t.Fatalf("after the decision the feed shows %+v, want a withdrawn signal with its correction", changes)
		}
		for _, step := range []lantern.AckStep{lantern.AckMasked, lantern.AckPurged, lantern.AckPurged} {
			if _, err := w.Acknowledge(ctx, face.Service, lantern.Ack{Correction: changes[0].Correction, Step: step}); err != nil {
				t.Fatal(err)
			}
		}
		list, err := w.Corrections(ctx, cloud.Submitter, lantern.CorrectionFilter{})
		if err != nil || len(list) != 1 || len(list[0].Recipients) != 1 || list[0].Recipients[0].Purged.IsZero() {
			t.Fatalf("the owner sees %+v, %v; want one correction purged by its one recipient", list, err)
		}

		for n := range 2 {
			r, err := w.Share(ctx, cloud.Service, w.Draft(1))
			if err != nil || r.Status != lantern.HeldBack {
				t.Fatalf("re-share %d of a value that fell to a challenge: got %v, %v; want held", n, r.Status, err)
			}
		}
	})
}

func TestChallengeIsDisputedAndRejected(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		_, cursor := w.Drain(face.Service, "")
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, game.Officer, c.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "too early"}); lantern.KindOf(err) != lantern.Conflict {
			t.Fatalf("an officer deciding before the sharer answered: got %v, want a conflict", err)
		}
		w.Clock.Add(73 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, face.Officer, c.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "own case"}); lantern.KindOf(err) == "" {
			t.Fatalf("the challenger's own officer deciding: got %v, want a refusal", err)
		}
		got, err := w.Decide(ctx, game.Officer, c.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "the basis holds"})
		if err != nil || got.State != lantern.ChallengeRejected {
			t.Fatalf("the third member's officer rejects: got %v, %v", got.State, err)
		}
		changes, _ := w.Drain(face.Service, cursor)
		if len(changes) != 1 || changes[0].Signal.State != lantern.Active || changes[0].Signal.Value == "" {
			t.Fatalf("after rejection the feed shows %+v, want the signal whole again", changes)
		}
	})
}

func TestWhoChallengedASignalIsNoThirdParty(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game, mail := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay"), w.AddCompany("Postbox")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		byFace, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		byGame, err := w.OpenChallenge(ctx, game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(73 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		uphold := lantern.Decision{Verdict: lantern.Uphold, Reason: "we said so ourselves"}
		if _, err := w.Decide(ctx, game.Officer, byFace.ID, uphold); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("an officer of another challenger of the signal decides: got %v, want not found", err)
		}
		if _, err := w.Challenge(ctx, game.Officer, byFace.ID); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("an officer of another challenger of the signal reads what it may not decide: got %v, want not found", err)
		}
		reject := lantern.Decision{Verdict: lantern.Reject, Reason: "the basis holds"}
		if _, err := w.Decide(ctx, mail.Officer, byGame.ID, reject); err != nil {
			t.Fatalf("an officer of a member that challenged nothing: %v", err)
		}
		if _, err := w.Decide(ctx, game.Officer, byFace.ID, uphold); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("an officer decides on what its own member was refused: got %v, want not found", err)
		}
	})
}

func TestShareTwice(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		before, err := w.Signal(ctx, cloud.Submitter, id)
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Hour)
		d := w.Draft(1)
		d.Value = "HTTPS://FILES.example.com:443/f/1#top"
		r, err := w.Share(ctx, cloud.Service, d)
		if err != nil || r.Status != lantern.Unchanged || r.Signal != id {
			t.Fatalf("an identical re-share: got %+v, %v; want unchanged", r, err)
		}
		d.Severity = lantern.Critical
		if r, err = w.Share(ctx, cloud.Service, d); err != nil || r.Status != lantern.Updated || r.Signal != id {
			t.Fatalf("a different opinion: got %+v, %v; want updated", r, err)
		}
		after, err := w.Signal(ctx, cloud.Submitter, id)
		if err != nil || !after.Expires.Equal(before.Expires) || after.Severity != lantern.Critical {
			t.Fatalf("after the update: severity %v, expiry moved %v, %v", after.Severity, !after.Expires.Equal(before.Expires), err)
		}
		if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		if r, err = w.Share(ctx, cloud.Service, d); err != nil || r.Status != lantern.Created || r.Signal == id {
			t.Fatalf("sharing again after withdrawal: got %+v, %v; want a signal of its own", r, err)
		}
	})
}

func TestBatchAnswersEachItem(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		bad, noTag, twice := w.Draft(2), w.Draft(3), w.Draft(1)
		bad.Value = "not a url at all"
		noTag.Tags = []lantern.Tag{"unheard-of"}
		twice.Note = "another opinion on the first value"
		got, err := w.ShareBatch(t.Context(), cloud.Service, []lantern.Draft{w.Draft(1), bad, noTag, twice, w.Draft(4)})
		if err != nil {
			t.Fatal(err)
		}
		want := []lantern.ShareStatus{lantern.Created, lantern.Refused, lantern.Refused, lantern.Updated, lantern.Created}
		for i := range want {
			if got[i].Status != want[i] {
				t.Errorf("item %d: got %s, want %s", i, got[i].Status, want[i])
			}
		}
		if p := got[1].Problem; p == nil || p.Pointer != "/value" || strings.Contains(p.Reason+p.Fix, "not a url at all") {
			t.Errorf("the bad value's problem names %+v", p)
		}
		if p := got[2].Problem; p == nil || p.Pointer != "/tags/0" || p.Kind != lantern.Forbidden {
			t.Errorf("the unknown tag's problem is %+v", p)
		}
	})
}

func TestDisputedShowsToEveryone(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		w.MustShare(cloud.Service, w.Draft(1))
		_, cursor := w.Drain(game.Service, "")
		d := w.Draft(1)
		d.Status = lantern.NonViolating
		other := w.MustShare(face.Service, d)
		changes, cursor := w.Drain(game.Service, cursor)
		if len(changes) != 2 || !changes[0].Signal.Disputed || !changes[1].Signal.Disputed || changes[0].Value != changes[1].Value {
			t.Fatalf("opposing opinions: got %+v, want both signals disputed on one value", changes)
		}
		if _, err := w.Withdraw(t.Context(), face.Submitter, other, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}); err != nil {
			t.Fatal(err)
		}
		changes, _ = w.Drain(game.Service, cursor)
		for _, c := range changes {
			if c.Signal.Disputed {
				t.Errorf("after the withdrawal signal %s is still disputed", c.Signal.ID)
			}
		}
		if len(changes) != 2 {
			t.Errorf("after the withdrawal the feed shows %d changes, want the tombstone and the settled signal", len(changes))
		}
	})
}

func TestDerivedSignalFallsWithItsOnlyRoot(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		root := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		d := w.Draft(2)
		d.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: root}}
		child := w.MustShare(face.Service, d)
		shown, _ := w.Drain(cloud.Service, "")
		if last := shown[len(shown)-1].Signal; len(last.Links) != 1 || last.Links[0] != d.Links[0] {
			t.Errorf("the feed shows the derived signal with links %v, want the one to its root", last.Links)
		}
		if _, err := w.Withdraw(ctx, cloud.Submitter, root, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		s, err := w.Signal(ctx, face.Submitter, child)
		if err != nil || s.State != lantern.Suspended {
			t.Fatalf("the derived signal is %v, %v; want suspended", s.State, err)
		}
		s, err = w.Renew(ctx, face.Submitter, child, lantern.Renewal{Basis: lantern.Basis{Policy: "own evidence", ReviewedBy: lantern.ByHuman, At: w.Clock.Now()}})
		if err != nil || s.State != lantern.Active {
			t.Fatalf("after reaffirmation it is %v, %v; want active", s.State, err)
		}
	})
}
