package exchange_test

import (
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestTrainingThatLapses follows a feed with the key of a person whose training ends and is
// renewed: without it corrections of what the member was sent come and nothing else, and
// afterwards the person must read from the beginning, for what was shared meanwhile lies
// behind the cursor.
func TestTrainingThatLapses(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		ctx := t.Context()
		red, blue := w.AddCompany("Red Files"), w.AddCompany("Blue Chat")
		w.NeedTraining()
		train := func() {
			t.Helper()
			w.Train(time.Hour, blue.Investigator)
			blue.Investigator = w.Actor(blue.InvestigatorKey)
		}
		fell, stays := w.MustShare(red.Service, w.Draft(1)), w.MustShare(red.Service, w.Draft(2))
		train()
		before, cursor := w.Drain(blue.Investigator, "")
		if len(before) != 2 {
			t.Fatalf("with training: %d changes, want 2", len(before))
		}

		w.Clock.Add(2 * time.Hour)
		meanwhile := w.MustShare(red.Service, w.Draft(3))
		if _, err := w.Withdraw(ctx, red.Service, fell, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		got, cursor := w.Drain(blue.Investigator, cursor)
		if len(got) != 1 || got[0].Signal.ID != fell || got[0].Signal.State != lantern.Withdrawn || got[0].Signal.Value != "" {
			t.Errorf("without training: got %+v, want the correction alone", got)
		}
		for _, id := range []lantern.ID{stays, meanwhile} {
			if _, err := w.Signal(ctx, blue.Investigator, id); lantern.KindOf(err) != lantern.NotFound {
				t.Errorf("without training a signal is read: %v", err)
			}
			if _, err := w.Signal(ctx, blue.Service, id); err != nil {
				t.Errorf("a service is not held up by its person's training: %v", err)
			}
		}
		if fresh, _ := w.Drain(blue.Officer, ""); len(fresh) != 3 {
			t.Errorf("a colleague with training reads %d changes, want both that stand and the correction", len(fresh))
		}

		train()
		if _, err := w.Feed(ctx, blue.Investigator, w.Program.ID, cursor, 0, 0); lantern.KindOf(err) != lantern.Resync {
			t.Errorf("renewed, with the cursor of before: %v, want that it begins anew", err)
		}
		after, _ := w.Drain(blue.Investigator, "")
		if !slices.ContainsFunc(after, func(c lantern.Change) bool { return c.Signal.ID == meanwhile && c.Signal.Value != "" }) {
			t.Errorf("renewed: what was shared meanwhile does not come; got %d changes", len(after))
		}
	})
}
