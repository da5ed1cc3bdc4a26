package sqldb_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/sqldb"
)

// TestFullDisk fills a database that may not grow: callers are told that it is full, in words
// without the engine's, and what was there can be read.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "full.db")+"?max_page_count=64")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	ctx := t.Context()
	if err := db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE heap (n BIGINT PRIMARY KEY, b BYTEA NOT NULL)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for n := int64(0); err == nil && n < 1000; n++ {
		err = db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO heap (n, b) VALUES ($1, $2)`, n, make([]byte, 8192))
			return err
		})
	}
	var e *lantern.Error
	if !errors.As(err, &e) || e.Kind != lantern.Unavailable || e.Reason != "the database's disk is full" || !strings.HasPrefix(e.Fix, "free space") {
		t.Fatalf("got %v", err)
	}
	if told := e.Error(); strings.Contains(told, "sqlite") || strings.Contains(told, "/") {
		t.Errorf("a caller is told %q", told)
	}
	if !strings.Contains(err.Error(), "sqlite: ") {
		t.Errorf("the log is told %q, without what the engine said", err)
	}
	var n int
	err = db.Read(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow(ctx, `SELECT COUNT(*) FROM heap`).Scan(&n) })
	if err != nil || n == 0 {
		t.Errorf("read %d rows of a full database: %v", n, err)
	}
}
