package exchange_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

func TestOutcomeNeedsItsPerson(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		good := func() lantern.Outcome {
			return lantern.Outcome{Program: w.Program.ID, Kind: lantern.AccountsActioned, Count: 3, Signals: []lantern.ID{id},
				Attestation: &lantern.Attestation{Person: face.Investigator.Person, Ground: "own policy", Singly: 3,
					Digest: "0000000000000000000000000000000000000000000000000000000000000000"}}
		}
		for name, c := range map[string]struct {
			by   func() (lantern.Outcome, error)
			want lantern.Kind
		}{
			"no attestation": {func() (lantern.Outcome, error) {
				o := good()
				o.Attestation = nil
				return w.RecordOutcome(t.Context(), face.Investigator, o)
			}, lantern.Invalid},
			"a service": {func() (lantern.Outcome, error) { return w.RecordOutcome(t.Context(), face.Service, good()) }, lantern.Forbidden},
			"another person's attestation": {func() (lantern.Outcome, error) {
				o := good()
				o.Attestation.Person = face.Submitter.Person
				return w.RecordOutcome(t.Context(), face.Investigator, o)
			}, lantern.Forbidden},
			"a signal never sent": {func() (lantern.Outcome, error) {
				o := good()
				o.Signals = []lantern.ID{12345}
				return w.RecordOutcome(t.Context(), face.Investigator, o)
			}, lantern.NotFound},
			"taking back what was not counted": {func() (lantern.Outcome, error) {
				o := good()
				o.Count, o.Corrects = -1, 777
				return w.RecordOutcome(t.Context(), face.Investigator, o)
			}, lantern.NotFound},
		} {
			if _, err := c.by(); lantern.KindOf(err) != c.want {
				t.Errorf("%s: got %v, want kind %s", name, err, c.want)
			}
		}
		if list, err := w.Outcomes(t.Context(), face.Service, 0, 0); err != nil || len(list) != 0 {
			t.Errorf("refused outcomes left %d entries, %v", len(list), err)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		ctx := t.Context()
		ask := lantern.Key{Actor: cloud.Submitter.Person, Scopes: []lantern.Scope{lantern.ScopeRead}}
		second, err := w.IssueKey(ctx, cloud.Admin, ask)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.IssueKey(ctx, cloud.Admin, ask); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("a third live key: got %v, want a conflict", err)
		}
		if _, err := w.Authenticate(ctx, second.ID.String()+"|"+second.Secret[len("lk_"+second.ID.String()+"_"):]); err != nil {
			t.Errorf("the other spelling of a key: %v", err)
		}
		if _, err := w.RevokeKey(ctx, cloud.Admin, second.ID); err != nil {
			t.Fatal(err)
		}
		for name, key := range map[string]string{
			"revoked": second.Secret, "empty": "", "no secret": "lk_123456789_", "foreign": "lk_123456789_abc",
			"another's secret": "lk_" + second.ID.String() + "_" + cloud.SubmitterKey[len("lk_"+second.ID.String()+"_"):],
		} {
			if _, err := w.Authenticate(ctx, key); lantern.KindOf(err) != lantern.Unauthorized {
				t.Errorf("%s key: got %v, want unauthorized", name, err)
			}
		}
		w.Clock.Add(365 * 24 * time.Hour)
		if _, err := w.Authenticate(ctx, cloud.SubmitterKey); lantern.KindOf(err) != lantern.Unauthorized {
			t.Errorf("an expired key: got %v, want unauthorized", err)
		}
	})
}

func TestFeedRefusesUselessCursors(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		_, cursor := w.Drain(face.Service, "")
		feed := func(c lantern.Cursor) error {
			_, err := w.Feed(ctx, face.Service, w.Program.ID, c, 0, 0)
			return err
		}
		if err := feed("garbage"); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("garbage: got %v, want invalid", err)
		}
		_, foreign := w.Drain(cloud.Service, "")
		if err := feed(foreign); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("another member's cursor: got %v, want invalid", err)
		}
		if _, err := w.SetPolicy(ctx, w.Steward, w.Program.ID, w.Program.Policy); err != nil {
			t.Fatal(err)
		}
		if err := feed(cursor); lantern.KindOf(err) != lantern.Resync {
			t.Errorf("after a change of policy: got %v, want resync", err)
		}
		_, cursor = w.Drain(face.Service, "")
		if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		w.MustShare(cloud.Service, w.Draft(2))
		w.Clock.Add(91 * 24 * time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if err := feed(cursor); lantern.KindOf(err) != lantern.Resync {
			t.Errorf("below the purge horizon: got %v, want resync", err)
		}
		if err := w.Leave(ctx, w.Steward, w.Program.ID, face.ID); err != nil {
			t.Fatal(err)
		}
		if err := feed(""); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("after leaving: got %v, want not found", err)
		}
	})
}

func TestSuspendedMemberGetsOnlyCorrections(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		if _, err := w.SetMemberState(ctx, w.Steward, face.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "review"}); err != nil {
			t.Fatal(err)
		}
		w.MustShare(cloud.Service, w.Draft(2))
		if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		suspended := w.Actor(face.ServiceKey)
		changes, _ := w.Drain(suspended, "")
		if len(changes) != 1 || changes[0].Signal.ID != id || changes[0].Signal.State != lantern.Withdrawn {
			t.Fatalf("a suspended member's feed shows %+v, want only the tombstone of what it was sent", changes)
		}
		if _, err := w.Acknowledge(ctx, suspended, lantern.Ack{Correction: changes[0].Correction, Step: lantern.AckPurged}); err != nil {
			t.Errorf("a suspended member acknowledges: %v", err)
		}
		if _, err := w.Share(ctx, suspended, w.Draft(3)); lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("a suspended member shares: got %v, want forbidden", err)
		}
	})
}

func TestLongPollWakes(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		_, cursor := w.Drain(face.Service, "")
		second := w.Open(exchangetest.Config(t, url, w.Clock)) // another process on the same database
		got := make(chan lantern.FeedPage, 1)
		go func() {
			page, err := second.Feed(t.Context(), face.Service, w.Program.ID, cursor, 0, 30*time.Second)
			if err != nil {
				t.Error(err)
			}
			got <- page
		}()
		id := w.MustShare(cloud.Service, w.Draft(1))
		if page := <-got; len(page.Changes) != 1 || page.Changes[0].Signal.ID != id {
			t.Errorf("the waiting read got %+v, want the shared signal", page)
		}
	})
}

// TestRequestHappensOnce repeats a request whose answer was never remembered, as after a
// crash between the act and its answer.
func TestRequestHappensOnce(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		ctx := t.Context()
		a := cloud.Admin
		a.Request = policy.Request{Key: "k-1", Digest: [32]byte{1}}
		p := lantern.Person{Label: "reviewer-9", Roles: []lantern.PersonRole{lantern.Investigator}}
		if _, err := w.CreatePerson(ctx, a, p); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := w.Idempotent(ctx, a, "k-1", [32]byte{1}); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("asking for the lost answer: got %v, want a conflict", err)
		}
		if _, err := w.CreatePerson(ctx, a, p); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("the repetition: got %v, want a conflict", err)
		}
		w.Clock.Add(25 * time.Hour)
		if _, err := w.CreatePerson(ctx, a, p); err != nil {
			t.Errorf("a day later the key is free again: %v", err)
		}
	})
}

// TestChallengeTextsAreSealed looks for what people wrote in the database.
func TestChallengeTextsAreSealed(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive, Note: "zorbly context"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, cloud.Officer, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "plim basis"}); err != nil {
			t.Fatal(err)
		}
		got, err := w.Challenge(ctx, cloud.Officer, c.ID)
		if err != nil || got.Note != "zorbly context" || got.Answer != "plim basis" {
			t.Errorf("the sharer reads note and answer wrongly, %v", err)
		}
		var clear int
		err = w.Config.DB.Read(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM challenge WHERE note = $1 OR answer = $2`, []byte("zorbly context"), []byte("plim basis")).Scan(&clear)
		})
		if err != nil || clear != 0 {
			t.Errorf("%d challenges hold their texts in the clear, %v", clear, err)
		}
		if _, err := w.Withdraw(ctx, cloud.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnRequest, Erase: true}); err != nil {
			t.Fatal(err)
		}
		if got, err = w.Challenge(ctx, cloud.Officer, c.ID); err != nil || got.Note != "" || got.Answer != "" {
			t.Errorf("after erasure the texts are still there, %v", err)
		}
	})
}
