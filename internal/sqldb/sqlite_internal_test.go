package sqldb

import (
	"path/filepath"
	"testing"
)

// TestConnectionHeals leaves a transaction open on every connection, as a context does that
// ends while the driver begins one: it reports a failure of what was done. Each may refuse
// the next transaction once, and not for good.
func TestConnectionHeals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	b := db.backend.(*sqliteDB)
	n := cap(b.readers)
	for range n {
		c, err := b.take(ctx, b.readers, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.exec(ctx, "BEGIN", nil); err != nil {
			t.Fatal(err)
		}
		b.readers <- c
	}
	nothing := func(*Tx) error { return nil }
	for range n {
		_ = db.Read(ctx, nothing) // may be refused
	}
	for range n {
		if err := db.Read(ctx, nothing); err != nil {
			t.Fatalf("a connection did not heal: %v", err)
		}
	}
}
