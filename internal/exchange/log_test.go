package exchange_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// download copies the whole log into a file system, as an auditor would.
func download(t *testing.T, x *exchange.Exchange) fstest.MapFS {
	t.Helper()
	note, err := x.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(note, x.LogKey())
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{audit.CheckpointPath: {Data: note}}
	fetch := func(path string) {
		data, err := x.Tile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = &fstest.MapFile{Data: data}
	}
	for id := range audit.Tiles(0, head.Size) {
		fetch(id.Path())
		if id.Level == 0 {
			fetch(audit.EntriesPath(id.N, id.Width))
		}
	}
	return files
}

func TestLogVerifiesAndShowsEveryAct(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		var drafts []lantern.Draft
		for n := range 600 {
			drafts = append(drafts, w.Draft(n))
		}
		results, err := w.ShareBatch(ctx, cloud.Service, drafts)
		if err != nil {
			t.Fatal(err)
		}
		w.Drain(face.Service, "")
		report, err := audit.VerifyLog(download(t, w.Exchange), w.LogKey(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Leaves[audit.Share] != 600 || report.Leaves[audit.Disclose] != 1 {
			t.Errorf("the log holds %v, want 600 shares and one disclosure", report.Leaves)
		}
		w.MustShare(cloud.Service, w.Draft(1000))
		seen := report.Checkpoint()
		if _, err := audit.VerifyLog(download(t, w.Exchange), w.LogKey(), &seen); err != nil {
			t.Errorf("the grown log against the earlier checkpoint: %v", err)
		}

		text, err := w.Receipt(ctx, results[5].Leaf)
		if err != nil {
			t.Fatal(err)
		}
		receipt, _, err := audit.VerifyProof(text, w.LogKey())
		if err != nil {
			t.Fatal(err)
		}
		checkOpening(t, w, cloud, results[5], receipt.Leaf)
	})
}

// checkOpening opens a share's log entry as its owner, then erases the signal and opens
// the entry again.
func checkOpening(t *testing.T, w *exchangetest.World, cloud exchangetest.Company, r lantern.ShareResult, leaf audit.Leaf) {
	t.Helper()
	ctx := t.Context()
	o, err := w.Opening(ctx, cloud.Submitter, r.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	var person struct{ Value string }
	if err := json.Unmarshal(o.Person, &person); err != nil || person.Value == "" {
		t.Errorf("the owner's opening does not show what was shared: %v", err)
	}
	if err := opening(t, o).Verify(leaf); err != nil {
		t.Errorf("the opening against the leaf: %v", err)
	}
	if _, err := w.Withdraw(ctx, cloud.Submitter, r.Signal, lantern.Withdrawal{Reason: lantern.WithdrawnRequest, Erase: true}); err != nil {
		t.Fatal(err)
	}
	o, err = w.Opening(ctx, cloud.Submitter, r.Leaf)
	if err != nil || o.Person != nil || o.PersonSalt != nil {
		t.Errorf("after erasure the opening still shows a person part, %v", err)
	}
	if err := opening(t, o).Verify(leaf); err != nil {
		t.Errorf("the facts after erasure against the leaf: %v", err)
	}
}

// opening turns the wire form back into what verifies.
func opening(t *testing.T, o lantern.Opening) audit.Opening {
	t.Helper()
	kind, err := audit.ParseKind(o.Kind)
	if err != nil {
		t.Fatal(err)
	}
	a := audit.Opening{Record: audit.Record{Kind: kind, Time: o.Time, Person: o.Person, Facts: o.Facts}}
	copy(a.PersonSalt[:], o.PersonSalt)
	copy(a.FactsSalt[:], o.FactsSalt)
	copy(a.PersonCommit[:], o.PersonCommit)
	return a
}

// TestTwoProcessesLeaveNoGap writes through two exchanges on one database at once.
func TestTwoProcessesLeaveNoGap(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		second := w.Open(exchangetest.Config(t, url, w.Clock))
		const writers, each = 8, 25
		var wg sync.WaitGroup
		errs := make(chan error, writers*each)
		for n := range writers {
			x := w.Exchange
			if n%2 == 1 {
				x = second
			}
			wg.Go(func() {
				for i := range each {
					_, err := x.Share(t.Context(), cloud.Service, w.Draft(n*1000+i))
					errs <- err
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		changes, _ := w.Drain(face.Service, "")
		last := lantern.Change{}
		for i, c := range changes {
			if c.Seq != int64(i+1) || c.Time.Before(last.Time) {
				t.Fatalf("change %d has seq %d; want no gap and no time running backwards", i, c.Seq)
			}
			last = c
		}
		if len(changes) != writers*each {
			t.Errorf("the feed shows %d changes, want %d", len(changes), writers*each)
		}
		report, err := audit.VerifyLog(download(t, second), w.LogKey(), nil)
		if err != nil || report.Leaves[audit.Share] != writers*each {
			t.Errorf("the log: %v shares, %v", report.Leaves[audit.Share], err)
		}
	})
}

// TestBadActHarmsNoNeighbour commits good and failing acts in one group.
func TestBadActHarmsNoNeighbour(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		var wg sync.WaitGroup
		errs := make([]error, 60)
		for n := range errs {
			d := w.Draft(n)
			if n%3 == 0 {
				d.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: 4711}}
			}
			wg.Go(func() { _, errs[n] = w.Share(t.Context(), cloud.Service, d) })
		}
		wg.Wait()
		for n, err := range errs {
			var e *lantern.Error
			switch {
			case n%3 != 0 && err != nil:
				t.Errorf("good share %d: %v", n, err)
			case n%3 == 0 && (!errors.As(err, &e) || e.Field != "/links/0/signal"):
				t.Errorf("bad share %d: got %v, want its link refused", n, err)
			}
		}
		list, err := w.Signals(t.Context(), cloud.Submitter, exchange.SignalFilter{})
		if err != nil || len(list) != 40 {
			t.Errorf("%d signals are stored, %v; want 40", len(list), fmt.Sprint(err))
		}
	})
}
