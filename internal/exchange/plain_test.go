package exchange_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/store"
)

// TestPlainRowsEqualFeedRows holds what is read by stretches of tables to what the one statement
// that looks each entry up says: ids that lie close and far apart, out of the order of
// their places, of two processes; entries that moved, fell or lost their key meanwhile.
func TestPlainRowsEqualFeedRows(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		red, blue := scatter(t, w, url)
		ctx := t.Context()
		var memory store.PlainRows // the same for all
		random := rand.New(rand.NewPCG(1, 2))
		most := 0
		err := w.Config.DB.Read(ctx, func(tx *sqldb.Tx) error {
			head, _, err := store.ReadHead(ctx, tx, w.Program.ID, false)
			if err != nil {
				return err
			}
			for n := range 60 {
				f := store.FeedRange{Program: w.Program.ID, Reader: []lantern.ID{red.ID, blue.ID}[n%2], Reads: n%7 != 6, Limit: math.MaxInt32,
					Direction: []lantern.Direction{lantern.Both, lantern.ReceiveOnly, lantern.ContributeOnly}[n%3]}
				if f.Upto = head.Seq; n > 5 {
					f.After = random.Int64N(head.Seq)
					f.Upto = f.After + random.Int64N(head.Seq-f.After+1)
				}
				want, err := store.FeedRows(ctx, tx, f)
				if err != nil {
					return err
				}
				want = slices.DeleteFunc(want, func(r store.FeedRow) bool { return r.Special || r.State != lantern.Active })
				got, err := memory.Read(ctx, tx, f)
				if err != nil {
					return err
				}
				if len(got) != len(want) {
					t.Fatalf("%+v: %d rows, want %d", f, len(got), len(want))
				}
				for i := range got {
					if !reflect.DeepEqual(got[i], want[i]) {
						t.Fatalf("%+v: place %d holds signal %s of place %d, or other parts", f, want[i].Seq, got[i].ID, got[i].Seq)
					}
				}
				most = max(most, len(got))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if most < 500 {
			t.Errorf("at most %d rows were compared: the feed does not hold what the test is about", most)
		}
	})
}

// scatter fills a feed with what [TestPlainRowsEqualFeedRows] is about.
func scatter(t *testing.T, w *exchangetest.World, url string) (red, blue exchangetest.Company) {
	t.Helper()
	red, blue = w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	other := w.AddProgram("other")
	w.Join(red, other, lantern.Both)
	second := w.Open(exchangetest.Config(t, url, w.Clock)) // another process on the same database
	ctx := t.Context()
	var ids []lantern.ID
	batch := func(n int, in func(i int) lantern.ID) {
		drafts := make([]lantern.Draft, n)
		for i := range drafts {
			drafts[i] = w.Draft(len(ids) + i)
			drafts[i].Programs = []lantern.ID{in(i)}
			drafts[i].Note = []string{"", "seen in a public album"}[i%2]
		}
		results, err := w.ShareBatch(ctx, red.Service, drafts)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			ids = append(ids, r.Signal)
		}
	}
	here := func(int) lantern.ID { return w.Program.ID }
	batch(300, here)
	for range 3 { // one of twenty here, so ids lie far apart
		batch(1000, func(i int) lantern.ID {
			if i%20 == 0 {
				return w.Program.ID
			}
			return other.ID
		})
	}
	var callers sync.WaitGroup
	for i, x := range []*exchange.Exchange{w.Exchange, second, w.Exchange, second} {
		callers.Go(func() {
			for n := range 15 {
				by := []exchangetest.Company{red, blue}[i%2]
				if _, err := x.Share(ctx, by.Service, w.Draft(100_000+100*i+n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	batch(100, here)
	for _, id := range []lantern.ID{ids[10], ids[11], ids[320], ids[3350]} {
		if _, err := w.React(ctx, blue.Service, lantern.Feedback{Signal: id, Reaction: lantern.Seen}); lantern.KindOf(err) == lantern.NotFound {
			w.Drain(blue.Service, "") // it was not sent yet
			if _, err := w.React(ctx, blue.Service, lantern.Feedback{Signal: id, Reaction: lantern.Seen}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, erase := range []bool{false, true} {
		if _, err := w.Withdraw(ctx, red.Submitter, ids[20+i], lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: erase}); err != nil {
			t.Fatal(err)
		}
	}
	return red, blue
}
