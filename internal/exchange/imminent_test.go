package exchange_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// The lane brings what is imminent and every correction, and nothing else.
func TestImminentLane(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		urgent := w.Draft(2)
		urgent.Imminent = true
		calm, id := w.MustShare(cloud.Service, w.Draft(1)), w.MustShare(cloud.Service, urgent)
		lane := lantern.FeedFilter{Imminent: true}
		page, err := w.FilteredFeed(ctx, face.Service, w.Program.ID, lane, "", 0, 0)
		if err != nil || len(page.Changes) != 1 || page.Changes[0].Signal.ID != id || page.More {
			t.Fatalf("got %+v, %v; want the imminent one", page, err)
		}
		if _, err := w.Feed(ctx, face.Service, w.Program.ID, page.Next, 0, 0); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("the cursor of the lane on the whole feed: got %v, want invalid", err)
		}
		w.Drain(face.Service, "") // the calm one is sent now, so its correction is owed
		if _, err := w.Withdraw(ctx, cloud.Submitter, calm, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		page, err = w.FilteredFeed(ctx, face.Service, w.Program.ID, lane, page.Next, 0, 0)
		if err != nil || len(page.Changes) != 1 || page.Changes[0].Signal.ID != calm || page.Changes[0].Correction == 0 {
			t.Errorf("got %+v, %v; want the correction", page, err)
		}
	})
}

// An imminent signal wakes every reader who waits, on the lane and on the whole feed.
func TestImminentWakesEveryone(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud := w.AddCompany("Cloudbin")
	var readers []exchangetest.Company
	for _, name := range []string{"Facegram", "Pixelplay", "Chatter", "Payhub"} {
		readers = append(readers, w.AddCompany(name))
	}
	woken := make(chan error, 2*len(readers))
	for _, c := range readers {
		for _, f := range []lantern.FeedFilter{{}, {Imminent: true}} {
			page, err := w.FilteredFeed(t.Context(), c.Service, w.Program.ID, f, "", 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				page, err := w.FilteredFeed(t.Context(), c.Service, w.Program.ID, f, page.Next, 0, lantern.MaxWait)
				if err == nil && len(page.Changes) != 1 {
					err = lantern.Errorf(lantern.Invalid, "%s got %d changes, want 1", c.Name, len(page.Changes))
				}
				woken <- err
			}()
		}
	}
	urgent := w.Draft(1)
	urgent.Imminent = true
	w.MustShare(cloud.Service, urgent)
	late := time.After(lantern.MaxWait / 2)
	for range cap(woken) {
		select {
		case err := <-woken:
			if err != nil {
				t.Error(err)
			}
		case <-late:
			t.Fatal("a reader was not woken")
		}
	}
}
