package exchange_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
)

// ward is an exchange on a SQLite file, with a fence, that can be stopped, copied and
// brought back as an operator would.
type ward struct {
	*exchangetest.World
	db, fence string
	cloud     exchangetest.Company
	face      exchangetest.Company
}

func newWard(t *testing.T) *ward {
	t.Helper()
	dir := t.TempDir()
	d := &ward{db: filepath.Join(dir, "exchange.db"), fence: filepath.Join(dir, "log.newest")}
	d.World = exchangetest.New(t, "sqlite:"+d.db)
	d.cloud, d.face = d.AddCompany("Cloudbin"), d.AddCompany("Facegram")
	d.stop()
	d.start()
	return d
}

// stop ends the exchange as a shutdown does.
func (d *ward) stop() {
	d.T.Helper()
	if err := errors.Join(d.Exchange.Close(), d.Config.DB.Close()); err != nil {
		d.T.Fatal(err)
	}
}

// start starts it on whatever is in the files.
func (d *ward) start() {
	d.T.Helper()
	d.Config = exchangetest.Config(d.T, "sqlite:"+d.db, d.Clock)
	d.Config.Fence = d.fence
	d.Exchange = d.Open(d.Config)
}

// copyTo copies one of the files.
func (d *ward) copyTo(from, to string) {
	d.T.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		d.T.Fatal(err)
	}
}

// lose shares n signals after a copy of the database was made, and goes back to the copy.
func (d *ward) lose(n, from int) {
	d.T.Helper()
	old := d.db + ".old"
	d.stop()
	d.copyTo(d.db, old)
	d.start()
	for i := range n {
		d.MustShare(d.cloud.Service, d.Draft(from+i))
	}
	d.stop()
	d.copyTo(old, d.db)
	d.start()
}

func (d *ward) accept() (lantern.Restore, error) {
	return d.AcceptRestore(d.T.Context(), d.Steward, lantern.Restore{Reason: "disk lost, backup of the night"})
}

func TestOlderDatabaseIsFenced(t *testing.T) {
	t.Parallel()
	d := newWard(t)
	ctx := t.Context()
	own := d.MustShare(d.cloud.Service, d.Draft(1))
	_, cursor := d.Drain(d.face.Service, "")
	before := d.head()
	d.lose(3, 100)

	_, e1 := d.Share(ctx, d.cloud.Service, d.Draft(2))
	_, e2 := d.Feed(ctx, d.face.Service, d.Program.ID, cursor, 0, 0)
	_, e3 := d.Checkpoint(ctx)
	_, e4 := d.Receipt(ctx, 1)
	_, e5 := d.Whoami(ctx, d.face.Service)
	_, e6 := d.Signal(ctx, d.face.Service, own)
	for i, err := range []error{d.Ready(ctx), e1, e2, e3, e4, e5, e6} {
		if lantern.KindOf(err) != lantern.Unavailable || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("behind the fence, call %d: got %v, want unavailable", i, err)
		}
	}
	if s, err := d.Signal(ctx, d.cloud.Service, own); err != nil || s.Value == "" {
		t.Errorf("behind the fence an own signal cannot be read: %v", err)
	}
	if _, err := d.AcceptRestore(ctx, d.cloud.Admin, lantern.Restore{Reason: "mine"}); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("a member accepts: got %v, want forbidden", err)
	}
	r, err := d.accept()
	if err != nil || r.Entry != before.Size || r.Lost != 3 || r.Accepted.IsZero() {
		t.Fatalf("accepting gave %+v, %v; want entry %d and 3 lost", r, err, before.Size)
	}
	if _, err := d.accept(); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("accepting twice: got %v, want a conflict", err)
	}
	if _, err := d.Feed(ctx, d.face.Service, d.Program.ID, cursor, 0, 0); lantern.KindOf(err) != lantern.Resync {
		t.Errorf("a cursor from before: got %v, want resync", err)
	}
	d.MustShare(d.cloud.Service, d.Draft(2))
	report, err := audit.VerifyLog(download(t, d.Exchange), d.LogKey(), &before)
	if err != nil || report.Leaves[audit.BackupRestored] != 1 {
		t.Errorf("the log: %v, %d restores", err, report.Leaves[audit.BackupRestored])
	}
	d.stop()
	d.start()
	if err := d.Ready(ctx); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if list, err := d.Restores(ctx, d.face.Service); err != nil || len(list) != 1 || list[0].Entry != r.Entry {
		t.Errorf("the restores are %+v, %v", list, err)
	}
}

// head is the newest checkpoint, which must be in the fence's file before it is given out.
func (d *ward) head() audit.Checkpoint {
	d.T.Helper()
	note, err := d.Checkpoint(d.T.Context())
	if err != nil {
		d.T.Fatal(err)
	}
	given, err := audit.OpenCheckpoint(note, d.LogKey())
	if err != nil {
		d.T.Fatal(err)
	}
	kept, err := os.ReadFile(d.fence)
	if err != nil {
		d.T.Fatal(err)
	}
	if c, err := audit.OpenCheckpoint(kept, d.LogKey()); err != nil || c.Size < given.Size {
		d.T.Errorf("a checkpoint of %d entries was given out, the fence's is of %d, %v", given.Size, c.Size, err)
	}
	return given
}

// A fork of the log is noticed even when it has grown past what was lost.
func TestForkOfAnySizeIsFenced(t *testing.T) {
	t.Parallel()
	d := newWard(t)
	d.stop()
	d.copyTo(d.db, d.db+".old")
	d.start()
	d.MustShare(d.cloud.Service, d.Draft(1))
	d.stop()
	d.copyTo(d.fence, d.fence+".ahead")
	d.copyTo(d.db+".old", d.db)
	if err := os.Remove(d.fence); err != nil {
		t.Fatal(err)
	}
	d.start() // an operator without a fence goes on
	d.MustShare(d.cloud.Service, d.Draft(2))
	d.MustShare(d.cloud.Service, d.Draft(3))
	d.stop()
	d.copyTo(d.fence+".ahead", d.fence)
	d.start()
	if err := d.Ready(t.Context()); lantern.KindOf(err) != lantern.Unavailable || !strings.Contains(err.Error(), "does not continue") {
		t.Errorf("a fork: got %v, want unavailable", err)
	}
}

// Each process has its own fence. One acceptance serves them all, and no later loss.
func TestAcceptanceServesOtherProcessesOnce(t *testing.T) {
	t.Parallel()
	d := newWard(t)
	ctx := t.Context()
	d.lose(9, 100)
	other := d.fence + ".other"
	d.copyTo(d.fence, other) // as a second process had it before the loss
	if _, err := d.accept(); err != nil {
		t.Fatal(err)
	}
	second := exchangetest.Config(t, "sqlite:"+d.db, d.Clock)
	second.Fence = other
	x := d.Open(second)
	if err := x.Ready(ctx); err != nil {
		t.Errorf("a second process after the acceptance: %v", err)
	}
	if err := errors.Join(x.Close(), second.DB.Close()); err != nil {
		t.Fatal(err)
	}
	d.lose(2, 200)
	if err := d.Ready(ctx); lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("after a second loss: got %v, want unavailable", err)
	}
	d.stop()
	d.copyTo(other, d.fence)
	d.start()
	if err := d.Ready(ctx); err != nil {
		t.Errorf("the second process saw nothing of the second loss: %v", err)
	}
}

func TestFenceThatCannotBeReadStopsTheStart(t *testing.T) {
	t.Parallel()
	d := newWard(t)
	d.stop()
	fresh := exchangetest.Config(t, "sqlite:"+d.db+".new", d.Clock)
	fresh.Fence = d.fence
	if _, err := exchange.New(t.Context(), fresh); lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("an empty database: got %v, want unavailable", err)
	}
	f, err := os.OpenFile(d.fence, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, "x")
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	c := exchangetest.Config(t, "sqlite:"+d.db, d.Clock)
	c.Fence = d.fence
	if _, err := exchange.New(t.Context(), c); lantern.KindOf(err) != lantern.Unsupported {
		t.Errorf("a damaged file: got %v, want unsupported", err)
	}
}

// TestSameBackupTwice goes back to one backup twice. A cursor of the life between must not
// pass for one of the second life, whose feed is another one.
func TestSameBackupTwice(t *testing.T) {
	t.Parallel()
	d := newWard(t)
	d.MustShare(d.cloud.Service, d.Draft(1))
	d.lose(3, 10)
	if _, err := d.accept(); err != nil {
		t.Fatal(err)
	}
	between := d.MustShare(d.cloud.Service, d.Draft(20))
	_, cursor := d.Drain(d.face.Service, "")
	d.stop()
	d.copyTo(d.db+".old", d.db)
	d.start()
	if _, err := d.accept(); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		if d.MustShare(d.cloud.Service, d.Draft(30+n)) == between {
			t.Fatal("an id came twice")
		}
	}
	if _, err := d.Feed(t.Context(), d.face.Service, d.Program.ID, cursor, 0, 0); lantern.KindOf(err) != lantern.Resync {
		t.Errorf("a cursor of the life between: got %v, want resync", err)
	}
}
