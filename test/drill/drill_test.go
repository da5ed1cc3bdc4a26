// Package drill rehearses bad days with a whole exchange: a disk that fills up, a clock
// that steps, a correction that not everybody is there for; and a day of five companies in
// processes of their own, whose time and lines a drill has in its hand. The drill of a lost disk and a restored backup is a script,
// cmd/lantern/testdata/script/restore.txtar, because people play a part in it; what agents do
// then is rehearsed in package agent.
package drill

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange/exchangetest"
)

// TestDiskFillsUp bounds the database file until writes fail: reads go on, nothing that was
// acknowledged is lost, and once there is room everything goes on.
func TestDiskFillsUp(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "exchange.db")
	w := exchangetest.New(t, url)
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	ctx := t.Context()
	reopen := func(suffix string) {
		t.Helper()
		if err := errors.Join(w.Exchange.Close(), w.Config.DB.Close()); err != nil {
			t.Fatal(err)
		}
		w.Config = exchangetest.Config(t, url+suffix, w.Clock)
		w.Exchange = w.Open(w.Config)
	}
	reopen("?max_page_count=160") // 640 KiB
	_, cursor := w.Drain(face.Service, "")
	var kept []lantern.ID
	var err error
	for n := 0; err == nil && n < 5000; n++ {
		var r lantern.ShareResult
		if r, err = w.Share(ctx, cloud.Service, w.Draft(n)); err == nil {
			kept = append(kept, r.Signal)
		}
	}
	if lantern.KindOf(err) != lantern.Unavailable || len(kept) < 10 {
		t.Fatalf("after %d shares: got %v, want unavailable", len(kept), err)
	}
	full := len(kept)
	for _, id := range kept {
		if s, err := w.Signal(ctx, cloud.Service, id); err != nil || s.Value == "" {
			t.Fatalf("with a full disk an own signal cannot be read: %v", err)
		}
	}
	note, err := w.Checkpoint(ctx)
	if err != nil {
		t.Errorf("with a full disk there is no checkpoint: %v", err)
	}
	seen, err := audit.OpenCheckpoint(note, w.LogKey())
	if err != nil {
		t.Fatal(err)
	}
	// A page that cannot be logged is not handed out.
	for range 50 {
		if _, err = w.Feed(ctx, face.Service, w.Program.ID, cursor, 1, 0); err != nil {
			break
		}
	}
	if err != nil && lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("with a full disk a feed: got %v, want unavailable", err)
	}

	reopen("") // room again
	w.MustShare(cloud.Service, w.Draft(10_000))
	changes, _ := w.Drain(face.Service, "")
	have := map[lantern.ID]bool{}
	for _, c := range changes {
		have[c.Signal.ID] = true
	}
	for _, id := range kept {
		if !have[id] {
			t.Errorf("signal %s was acknowledged and is lost", id)
		}
	}
	if len(changes) != full+1 {
		t.Errorf("the feed has %d signals, want the %d acknowledged and one more", len(changes), full)
	}
	newest, err := w.Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(newest, w.LogKey())
	if err != nil {
		t.Fatal(err)
	}
	proof, err := w.Consistency(ctx, seen.Size, head.Size)
	if err == nil {
		err = audit.VerifyConsistency(proof, seen.Size, seen.Root, head.Size, head.Root)
	}
	if err != nil {
		t.Errorf("the log does not continue: %v", err)
	}
}

// TestClockStepsAnHour moves the clock an hour forth and back while signals are shared,
// corrected and read: no time in a feed runs backwards, nothing is hidden and nothing ends
// early or late by more than the step.
func TestClockStepsAnHour(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, "sqlite:"+filepath.Join(t.TempDir(), "exchange.db"))
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	ctx := t.Context()
	var cursor lantern.Cursor
	var last time.Time
	var seq int64
	read := func() {
		t.Helper()
		changes, next := w.Drain(face.Service, cursor)
		cursor = next
		for _, c := range changes {
			if !c.Time.After(last) || c.Seq <= seq {
				t.Errorf("change %d of %v follows change %d of %v", c.Seq, c.Time, seq, last)
			}
			last, seq = c.Time, c.Seq
		}
	}
	var ids []lantern.ID
	for n, step := range []time.Duration{time.Hour, -time.Hour, -time.Hour, time.Hour, 2 * time.Hour, -2 * time.Hour, 0} {
		ids = append(ids, w.MustShare(cloud.Service, w.Draft(n)))
		read()
		w.Clock.Add(step)
		if n > 0 {
			if _, err := w.Withdraw(ctx, cloud.Submitter, ids[n-1], lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}); err != nil {
				t.Errorf("after a step of %v: %v", step, err)
			}
		}
		if err := w.Sweep(ctx); err != nil {
			t.Errorf("sweeping after a step of %v: %v", step, err)
		}
		read()
	}
	if s, err := w.Signal(ctx, cloud.Service, ids[len(ids)-1]); err != nil || s.State != lantern.Active {
		t.Errorf("the last signal is %s, %v", s.State, err)
	}
	if want := int64(len(ids) + len(ids) - 1); seq != want {
		t.Errorf("the feed is at %d, want %d", seq, want)
	}
	if w.Actor(face.ServiceKey).Member != face.ID {
		t.Error("a key ended early")
	}
}
