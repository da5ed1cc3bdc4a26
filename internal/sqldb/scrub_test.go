package sqldb_test

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"lantern"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// secret is a table whose rows must be erasable.
var secret = fstest.MapFS{"1_secret.sql": {Data: []byte(`
CREATE TABLE secret ( -- distributed by id
	id BIGINT PRIMARY KEY, wrapped BYTEA NOT NULL, UNIQUE (id, wrapped));
CREATE INDEX secret_wrapped ON secret (wrapped);`)}}

const (
	secrets    = 1000
	secretSize = 48
)

func TestScrubSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testScrub(t, "sqlite:"+filepath.Join(dir, "test.db"), dir)
}

// The cluster is the test's own, so that its whole data directory can be searched and
// nobody else's transactions hold the log.
func TestScrubPostgres(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]string{
		"advised": nil,
		// What a server has that nobody configured: old segments are renamed for later use.
		"default": {"wal_recycle = on", "min_wal_size = 80MB", "max_wal_size = 1GB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sqldbtest.OwnCluster(t, options...)
			testScrub(t, c.URL, c.Dir)
		})
	}
}

// testScrub stores secrets in the database at url, deletes them in two halves and looks
// for them in every file under dir.
func testScrub(t *testing.T, url, dir string) {
	ctx := t.Context()
	db, err := sqldb.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(ctx, secret); err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, secrets*secretSize)
	rand.Read(raw)
	rows := make([][]any, secrets)
	for i := range rows {
		// Scattered ids make pages split in the middle, as random ids do.
		rows[i] = []any{int64(i) * 7919 % secrets, raw[i*secretSize : (i+1)*secretSize]}
	}
	exec := func(query string) {
		t.Helper()
		err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, query); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	for part := range 10 {
		err = db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.InsertMany(ctx, "secret", []string{"id", "wrapped"}, "", rows[part*100:part*100+100])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if db.Engine() == sqldb.PostgreSQL {
		analyze(t, url)
	}
	if n := carve(t, dir, raw); n != secrets {
		t.Errorf("before erasure %d of %d secrets are found: the carver is no good", n, secrets)
	}
	exec("DELETE FROM secret WHERE id % 2 = 0")
	t.Logf("half deleted, not scrubbed: %d found", carve(t, dir, raw))
	if err := db.Scrub(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("half deleted, log scrubbed: %d found", carve(t, dir, raw))
	if err := db.Scrub(ctx, "secret"); err != nil {
		t.Fatal(err)
	}
	if n := carve(t, dir, raw); n != secrets/2 {
		t.Errorf("half of the secrets deleted and scrubbed: %d found, want %d", n, secrets/2)
	}
	exec("DELETE FROM secret")
	if err := db.Scrub(ctx, "secret"); err != nil {
		t.Fatal(err)
	}
	if n := carve(t, dir, raw); n != 0 {
		t.Errorf("all secrets deleted and scrubbed: %d found, want none", n)
	}
}

// analyze makes the server sample the stored values.
func analyze(t *testing.T, url string) {
	t.Helper()
	if err := sqldbtest.AdminExec(url, "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// carve counts the secrets that any file under dir holds. A part of one counts: 16 bytes
// from its middle are enough.
func carve(t *testing.T, dir string, raw []byte) int {
	t.Helper()
	marks := make(map[[16]byte]int)
	for i := range secrets {
		marks[[16]byte(raw[i*secretSize+16:])] = i
	}
	found := make(map[int]bool)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			if os.IsNotExist(err) {
				return nil // a file the server removed meanwhile
			}
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		for i := 0; i+16 <= len(b); i++ {
			if n, ok := marks[[16]byte(b[i:])]; ok && !found[n] {
				found[n] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// The role an operator gives the exchange is no superuser: without the documented grants
// a scrub must say so, and with them it must work.
func TestScrubAsPlainRole(t *testing.T) {
	t.Parallel()
	c := sqldbtest.OwnCluster(t)
	admin := func(query string) {
		t.Helper()
		if err := sqldbtest.AdminExec(c.URL, query); err != nil {
			t.Fatal(err)
		}
	}
	admin("CREATE ROLE plain LOGIN")
	admin("CREATE DATABASE plain OWNER plain TEMPLATE template0")
	admin("GRANT pg_monitor, pg_checkpoint TO plain")
	super := strings.Replace(c.URL, "/postgres?", "/plain?", 1)
	inside := func(query string) {
		t.Helper()
		if err := sqldbtest.AdminExec(super, query); err != nil {
			t.Fatal(err)
		}
	}
	db, ctx := open(t, strings.Replace(super, "postgres@", "plain@", 1)), t.Context()
	refuses := func(what string, tables ...string) {
		t.Helper()
		err := db.Scrub(ctx, tables...)
		if lantern.KindOf(err) != lantern.Unsupported || !strings.Contains(err.Error(), "GRANT pg_monitor") {
			t.Errorf("%s: got %v, want an Unsupported error that names the grants", what, err)
		}
	}
	refuses("may not switch the log")
	inside("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO plain")
	if err := db.Scrub(ctx, "thing"); err != nil {
		t.Errorf("with the grants: %v", err)
	}
	inside("REVOKE pg_checkpoint FROM plain")
	refuses("may not checkpoint", "thing")
	inside("GRANT pg_checkpoint TO plain")
	inside("ALTER DATABASE plain OWNER TO postgres")
	inside("ALTER TABLE thing OWNER TO postgres")
	refuses("another owner's table", "thing")
}
