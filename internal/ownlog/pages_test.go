package ownlog_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lantern/internal/agentstore"
	"lantern/internal/mend"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// Whatever happens to the bytes of a database, what is mended verifies, or nothing can be read of
// it. Only an act that can be read and is another than it was stays what it is, wrong.
func TestLogOutlivesDamagedBytes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newBook(ctx, t, t.TempDir())
	b.append(30)
	b.older()
	b.append(30)
	b.run(`DELETE FROM hit_entries`)
	if err := errors.Join(b.db.Scrub(ctx, "acts"), b.db.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	lost, mended := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		damaged := append([]byte(nil), whole...)
		for range rapid.IntRange(1, 2).Draw(rt, "pages") {
			at := page * rapid.IntRange(1, len(whole)/page-1).Draw(rt, "page")
			if rapid.Bool().Draw(rt, "all of it") {
				copy(damaged[at:], rapid.SliceOfN(rapid.Byte(), page, page).Draw(rt, "bytes"))
				continue
			}
			for range rapid.IntRange(1, 8).Draw(rt, "bits") {
				damaged[at+rapid.IntRange(0, page-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			}
		}
		path := filepath.Join(dir, "damaged.db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			rt.Fatal(err)
		}
		from, err := sqldb.Open(ctx, "sqlite:"+path)
		if err != nil {
			rt.Skip("nothing can be read of it")
		}
		defer func() { _ = from.Close() }()
		to, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "mended.db"))
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = to.Close() }()
		partial, err := mend.Copy(ctx, from, to, agentstore.Migrations())
		if err != nil {
			rt.Fatalf("copying: %v", err)
		}
		err = to.Write(ctx, func(tx *sqldb.Tx) error {
			m, err := ownlog.Mend(ctx, tx, partial, b.now, rand.Reader)
			if m.Entry {
				mended++
			}
			lost += int(m.Lost)
			return err
		})
		if err != nil {
			rt.Fatalf("mending: %v", err)
		}
		err = to.Read(ctx, func(tx *sqldb.Tx) error {
			_, err := ownlog.Verify(ctx, tx, nil)
			return err
		})
		if err != nil && !strings.Contains(err.Error(), "act ") {
			rt.Errorf("verifying: %v", err)
		}
	})
	if lost == 0 || mended == 0 {
		t.Errorf("%d entries were lost, %d mends told of something: nothing is shown", lost, mended)
	}
}
