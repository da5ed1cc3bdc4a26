package exchange_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestUnfounded holds what has no whole basis until it has one, and then lets it out as any
// other share; what a challenge marked stays held whatever the basis.
func TestUnfounded(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := exchangetest.New(t, url), t.Context()
		red, blue := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		bare := w.Draft(1)
		bare.Basis = lantern.Basis{}
		if _, err := w.Share(ctx, red.Service, bare); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("a share without a basis: %v, want it refused", err)
		}
		share := func(what string, d lantern.Draft, want lantern.ShareStatus, state lantern.SignalState) lantern.ID {
			t.Helper()
			r, err := w.ShareUnfounded(ctx, red.Service, d)
			if err != nil || r.Status != want {
				t.Fatalf("%s: %+v %v, want %s", what, r, err, want)
			}
			s, err := w.Signal(ctx, red.Service, r.Signal)
			if err != nil || s.State != state {
				t.Fatalf("%s is %s (%v), want %s", what, s.State, err, state)
			}
			return r.Signal
		}
		id := share("what has no basis", bare, lantern.HeldBack, lantern.Held)
		share("the same again", bare, lantern.HeldBack, lantern.Held)
		half := bare
		half.Basis.Policy = "child safety 2.1"
		share("half of one", half, lantern.Updated, lantern.Held)
		if changes, _ := w.Drain(blue.Service, ""); len(changes) != 0 {
			t.Errorf("another member is shown %d changes of what is held", len(changes))
		}
		other := bare
		other.Basis.ReviewedBy = lantern.ByHuman
		if got := share("the other half", other, lantern.Updated, lantern.Active); got != id {
			t.Errorf("it became signal %s", got)
		}
		changes, _ := w.Drain(blue.Service, "")
		if len(changes) != 1 || changes[0].Signal.Basis.Policy != "child safety 2.1" || changes[0].Signal.Basis.ReviewedBy != lantern.ByHuman {
			t.Errorf("another member is shown %+v", changes)
		}
		if list, err := w.Corrections(ctx, blue.Service, lantern.CorrectionFilter{}); err != nil || len(list) != 0 {
			t.Errorf("corrections: %v, %v", list, err)
		}
		share("an edit without a basis keeps the one that is there", bare, lantern.Unchanged, lantern.Active)

		// A person of the member who did not share it may complete it as well.
		second := w.Draft(2)
		second.Basis = lantern.Basis{}
		held := share("a second one", second, lantern.HeldBack, lantern.Held)
		w.Clock.Add(time.Minute)
		basis := lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, At: w.Clock.Now()}
		if s, err := w.Renew(ctx, red.Submitter, held, lantern.Renewal{Basis: basis, Expires: w.Clock.Now().AddDate(0, 1, 0)}); err != nil || s.State != lantern.Active {
			t.Errorf("renewed by a person: %s, %v", s.State, err)
		}

		// A challenge was upheld: the basis does not make up for a second person.
		wrong := w.MustShare(red.Service, w.Draft(3))
		w.Drain(blue.Service, "")
		c, err := w.OpenChallenge(ctx, blue.Investigator, lantern.Challenge{Signal: wrong, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, red.Submitter, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "looked again"}); err != nil {
			t.Fatal(err)
		}
		again := w.Draft(3)
		again.Basis = lantern.Basis{}
		share("a marked value without a basis", again, lantern.HeldBack, lantern.Held)
		share("and with one", w.Draft(3), lantern.Updated, lantern.Held)

		// In one batch, each by itself; where they stand is told to their member alone.
		whole, lacking := w.Draft(5), w.Draft(6)
		lacking.Basis = lantern.Basis{}
		results, err := w.ShareUnfoundedBatch(ctx, red.Service, []lantern.Draft{whole, lacking})
		if err != nil || results[0].Status != lantern.Created || results[1].Status != lantern.HeldBack {
			t.Fatalf("a batch: %+v %v", results, err)
		}
		for _, c := range []struct {
			of   exchangetest.Company
			want int
		}{{red, 2}, {blue, 0}} {
			states, err := w.StatesOf(ctx, c.of.Service, results[0].Signal, results[1].Signal, 77)
			if err != nil || len(states) != c.want || c.want > 0 && (states[results[0].Signal] != lantern.Active || states[results[1].Signal] != lantern.Held) {
				t.Errorf("states for member %s: %v %v", c.of.ID, states, err)
			}
		}

		// Free text is looked through for personal data.
		bad := w.Draft(4)
		bad.Basis.Policy = "write to someone@example.com"
		if _, err := w.ShareUnfounded(ctx, red.Service, bad); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("a mail address in the policy: %v", err)
		}
	})
}

// TestForeignResubmissionKeepsAPersonsReview: what a person reviewed is not lowered to a machine's
// review by a client that submits it again, and the rest of the submission is carried out.
func TestForeignResubmissionKeepsAPersonsReview(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := exchangetest.New(t, url), t.Context()
		red := w.AddCompany("Cloudbin")
		for n, c := range []struct{ was, given, want lantern.ReviewedBy }{
			{lantern.ByHuman, lantern.ByMachine, lantern.ByHuman},
			{lantern.ByBoth, lantern.ByMachine, lantern.ByBoth},
			{lantern.ByMachine, lantern.ByHuman, lantern.ByHuman},
			{lantern.ByMachine, lantern.ByMachine, lantern.ByMachine},
			{lantern.ByBoth, lantern.ByHuman, lantern.ByHuman},
		} {
			d := w.Draft(n)
			d.Basis.ReviewedBy = c.was
			id := w.MustShare(red.Service, d)
			d.Basis = lantern.Basis{Policy: "child safety 2.2", ReviewedBy: c.given, Action: "submitted again", At: w.Clock.Now().Add(time.Minute)}
			d.Confidence = 12
			r, err := w.ShareUnfounded(ctx, red.Service, d)
			if err != nil || r.Signal != id || r.Status != lantern.Updated {
				t.Fatalf("%s, then %s: %+v %v", c.was, c.given, r, err)
			}
			s, err := w.Signal(ctx, red.Service, id)
			if err != nil || s.Basis.ReviewedBy != c.want || s.Basis.Policy != "child safety 2.2" || s.Confidence != 12 || s.State != lantern.Active {
				t.Errorf("%s, then %s: %+v %v, want %s and the rest as submitted", c.was, c.given, s.Basis, err, c.want)
			}
			if kept := s.Basis.Action != "submitted again"; kept != (c.given == lantern.ByMachine && c.was != lantern.ByMachine) {
				t.Errorf("%s, then %s: the action is %q", c.was, c.given, s.Basis.Action)
			}
		}
	})
}
