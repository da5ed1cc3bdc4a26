package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"lantern"
	"lantern/audit"
	"lantern/internal/backup"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/seal"
	"lantern/internal/sqldb/sqldbtest"
)

// grown is an exchange with something of everything.
func grown(t *testing.T, url string) (w *exchangetest.World, cloud, face exchangetest.Company) {
	t.Helper()
	w = exchangetest.New(t, url)
	cloud, face = w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	ctx := t.Context()
	var drafts []lantern.Draft
	for n := range 300 {
		drafts = append(drafts, w.Draft(n))
	}
	results, err := w.ShareBatch(ctx, cloud.Service, drafts)
	if err != nil {
		t.Fatal(err)
	}
	w.Drain(face.Service, "")
	for i, erase := range []bool{false, true} {
		if _, err := w.Withdraw(ctx, cloud.Submitter, results[i].Signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: erase}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: results[2].Signal, Reason: lantern.NotAbusive, Note: "zorbly"}); err != nil {
		t.Fatal(err)
	}
	return w, cloud, face
}

// parts are what a backup needs of an exchange.
func parts(c exchange.Config) backup.Config {
	return backup.Config{DB: c.DB, Sealer: c.Sealer, Signer: c.Signer, Clock: c.Clock}
}

// load restores a backup into the database at url.
func load(t *testing.T, w *exchangetest.World, url string, copied []byte) (exchange.Config, backup.Report, error) {
	t.Helper()
	c := exchangetest.Config(t, url, w.Clock)
	r, err := backup.Load(t.Context(), parts(c), bytes.NewReader(copied))
	return c, r, err
}

// TestBackupRestoresOnEitherEngine backs an exchange up while it writes, restores it on the
// other engine, backs that up and restores it on the first.
func TestBackupRestoresOnEitherEngine(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, cloud, face := grown(t, url)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := 1000; ctx.Err() == nil; n++ {
				_, _ = w.Share(ctx, cloud.Service, w.Draft(n)) // ends with the test
			}
		}()
		var first bytes.Buffer
		made, err := backup.Write(t.Context(), parts(w.Config), &first)
		stop()
		<-done
		if err != nil {
			t.Fatal(err)
		}
		other := sqldbtest.Postgres(t)
		if w.Config.DB.Engine() != "sqlite" {
			other = sqldbtest.SQLite(t)
		}
		c, got, err := load(t, w, other, first.Bytes())
		if err != nil || got != made || made.Entries == 0 {
			t.Fatalf("restored %+v, %v; made %+v", got, err, made)
		}
		x := w.Open(c)
		if err := x.Ready(t.Context()); lantern.KindOf(err) != lantern.Unavailable {
			t.Errorf("a restored exchange: got %v, want it fenced", err)
		}
		if _, err := x.AcceptRestore(t.Context(), w.Steward, lantern.Restore{Reason: "moved"}); err != nil {
			t.Fatal(err)
		}
		head := &audit.Checkpoint{Origin: "exchange.example.com/log", Size: made.Entries, Root: made.Root}
		if _, err := audit.VerifyLog(download(t, x), x.LogKey(), head); err != nil {
			t.Errorf("the restored log: %v", err)
		}
		page, err := x.Feed(t.Context(), face.Service, w.Program.ID, "", 0, 0)
		if err != nil || len(page.Changes) < 300 || page.Changes[10].Signal.Value == "" {
			t.Errorf("the restored feed has %d changes, %v", len(page.Changes), err)
		}
		var second bytes.Buffer
		again, err := backup.Write(t.Context(), parts(c), &second)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := load(t, w, sqldbtest.SQLite(t), second.Bytes()); err != nil || got != again {
			t.Errorf("restored a second time: %+v, %v; made %+v", got, err, again)
		}
		if _, _, err := load(t, w, other, second.Bytes()); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("into a database that is not empty: got %v, want a conflict", err)
		}
	})
}

// A restore that lost nothing, as a move to another engine, needs nobody's word.
func TestMoveToAnotherDatabase(t *testing.T) {
	t.Parallel()
	w, _, face := grown(t, sqldbtest.SQLite(t))
	ctx := t.Context()
	if err := w.Exchange.Close(); err != nil {
		t.Fatal(err)
	}
	w.Config.Fence = filepath.Join(t.TempDir(), "log.newest")
	if err := w.Open(w.Config).Close(); err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	if _, err := backup.Write(ctx, parts(w.Config), &copied); err != nil {
		t.Fatal(err)
	}
	c, made, err := load(t, w, sqldbtest.Postgres(t), copied.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	c.Fence = w.Config.Fence
	x := w.Open(c)
	if err := x.Ready(ctx); err != nil {
		t.Errorf("after the move: %v", err)
	}
	if _, err := x.Feed(ctx, face.Service, w.Program.ID, "", 0, 0); err != nil {
		t.Errorf("after the move: %v", err)
	}
	list, err := x.Restores(ctx, face.Service)
	if err != nil || len(list) != 1 || list[0].Lost != 0 || list[0].Entry != made.Entries {
		t.Errorf("the restores are %+v, %v", list, err)
	}
}

// TestDamagedBackupIsRefused changes, cuts and lengthens a backup and holds that nothing of
// it stays.
func TestDamagedBackupIsRefused(t *testing.T) {
	t.Parallel()
	w, _, _ := grown(t, sqldbtest.SQLite(t))
	var buf bytes.Buffer
	made, err := backup.Write(t.Context(), parts(w.Config), &buf)
	if err != nil {
		t.Fatal(err)
	}
	good := buf.Bytes()
	url := sqldbtest.SQLite(t)
	bad := map[string][]byte{
		"empty": {}, "lengthened": append(bytes.Clone(good), "more"...), "twice": append(bytes.Clone(good), good...),
		"cut by one": good[:len(good)-1], "cut in half": good[:len(good)/2],
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 24 {
		b := bytes.Clone(good)
		at := random.IntN(len(b))
		b[at] ^= 1 << (i % 8)
		bad[fmt.Sprintf("bit %d of byte %d of %d", i%8, at, len(b))] = b
	}
	for name, b := range bad {
		if _, _, err := load(t, w, url, b); lantern.KindOf(err) != lantern.Invalid && lantern.KindOf(err) != lantern.Unsupported {
			t.Errorf("%s: got %v, want it refused", name, err)
		}
	}
	strange := exchangetest.Config(t, url, w.Clock)
	strange.Sealer = seal.New(seal.NewLocalKEK([32]byte{9}))
	if _, err := backup.Load(t.Context(), parts(strange), bytes.NewReader(good)); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("another key-encryption key: got %v, want a conflict", err)
	}
	strange = exchangetest.Config(t, url, w.Clock)
	if strange.Signer, err = audit.NewSigner("exchange.example.com/log", bytes.Repeat([]byte{3}, 32)); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Load(t.Context(), parts(strange), bytes.NewReader(good)); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("another log key: got %v, want it refused", err)
	}
	if _, got, err := load(t, w, url, good); err != nil || got != made {
		t.Errorf("the good one after all that: %v", err)
	}
}

// TestBackupHoldsNoValue looks for values in the stream and for the key that opens them.
func TestBackupHoldsNoValue(t *testing.T) {
	t.Parallel()
	w, _, _ := grown(t, sqldbtest.SQLite(t))
	var copied bytes.Buffer
	if _, err := backup.Write(t.Context(), parts(w.Config), &copied); err != nil {
		t.Fatal(err)
	}
	_, _ = copied.ReadString('\n') // the name of the format
	stream, err := zstd.NewReader(&copied)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	text, err := io.ReadAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("Cloudbin")) {
		t.Fatal("the stream was not read")
	}
	kek := [32]byte{1}
	for _, secret := range [][]byte{[]byte("files.example.com"), []byte("zorbly"), kek[:]} {
		if bytes.Contains(text, secret) {
			t.Error("the backup holds something that must be sealed")
		}
	}
}
