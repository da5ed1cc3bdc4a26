package sqldb_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"lantern"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/sqltext"
)

// ledger is a schema in two steps.
var ledger = fstest.MapFS{
	"0001_head.sql": {Data: []byte(`
CREATE TABLE head ( -- local
	id BIGINT PRIMARY KEY, seq BIGINT NOT NULL);
INSERT INTO head (id, seq) VALUES (1, 0), (2, 0);`)},
	"0002_entry.sql": {Data: []byte(`
-- An entry; this remark names BYTEA and ends in a semicolon;
CREATE TABLE entry ( -- distributed by seq
	seq BIGINT PRIMARY KEY, writer TEXT NOT NULL DEFAULT 'BIGINT; -- none', weight DOUBLE PRECISION, raw BYTEA);
/* the last one */`)},
	"README": {Data: []byte("not a migration")},
}

func TestMigrate(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := openLedger(t, url), t.Context()
		if err := db.Migrate(ctx, ledger); err != nil {
			t.Errorf("a second time: %v", err)
		}
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO entry (seq, weight, raw) VALUES ($1, $2, $3)", 1, 0.5, []byte{}); err != nil {
				return err
			}
			var writer string
			var weight float64
			var raw []byte
			if err := tx.QueryRow(ctx, "SELECT writer, weight, raw FROM entry").Scan(&writer, &weight, &raw); err != nil {
				return err
			}
			if writer != "BIGINT; -- none" || weight != 0.5 || len(raw) != 0 {
				t.Errorf("got %q, %v, %v", writer, weight, raw)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO entry (seq) VALUES ('eleven')")
			return err
		})
		if err == nil {
			t.Error("text was stored in a BIGINT column")
		}
	})
}

func TestMigrateConcurrently(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				db, err := sqldb.Open(t.Context(), url)
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				if err := db.Migrate(t.Context(), ledger); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	})
}

func TestMigrateRefuses(t *testing.T) {
	edited := fstest.MapFS{"0001_head.sql": {Data: []byte("CREATE TABLE other (id BIGINT PRIMARY KEY)")}, "0002_entry.sql": ledger["0002_entry.sql"]}
	broken := fstest.MapFS{"0001_head.sql": ledger["0001_head.sql"], "0002_entry.sql": ledger["0002_entry.sql"],
		"0003_broken.sql": {Data: []byte("CREATE TABLE good (id BIGINT PRIMARY KEY);\nCREATE TABLE bad (id BIGINT PRIMARY KEY, id BIGINT);")}}
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := openLedger(t, url), t.Context()
		older := fstest.MapFS{"0001_head.sql": ledger["0001_head.sql"]}
		if err := db.Migrate(ctx, older); lantern.KindOf(err) != lantern.Unsupported || !strings.Contains(err.Error(), "newer binary") {
			t.Errorf("an older binary: got %v, want an Unsupported error", err)
		}
		if err := db.Migrate(ctx, edited); lantern.KindOf(err) != lantern.Unsupported {
			t.Errorf("an edited migration: got %v, want an Unsupported error", err)
		}
		if err := db.Migrate(ctx, broken); err == nil || !strings.Contains(err.Error(), "0003_broken.sql, statement 2") {
			t.Errorf("a broken migration: got %v, want its name and statement", err)
		}
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			var n int
			return tx.QueryRow(ctx, "SELECT count(*) FROM good").Scan(&n)
		})
		if err == nil {
			t.Error("half of a broken migration was kept")
		}
		if err := db.Migrate(ctx, ledger); err != nil {
			t.Errorf("after all this: %v", err)
		}
	})
}

func TestMigrationNames(t *testing.T) {
	t.Parallel()
	db := open(t, sqldbtest.SQLite(t))
	one := &fstest.MapFile{Data: []byte("SELECT 1")}
	for _, fsys := range []fstest.MapFS{{"first.sql": one}, {"0000_zero.sql": one}, {"01_a.sql": one, "01_b.sql": one}, {"10_a.sql": one, "9_b.sql": one}} {
		if err := db.Migrate(t.Context(), fsys); err == nil {
			t.Errorf("%v: bad names were accepted", fsys)
		}
	}
}

// The schemas of these tests keep the rules they check.
func TestOwnSchemas(t *testing.T) {
	t.Parallel()
	for _, fsys := range []fstest.MapFS{thing, ledger, secret} {
		for name, f := range fsys {
			for _, breach := range sqltext.CheckPortable(string(f.Data)) {
				if strings.HasSuffix(name, ".sql") {
					t.Errorf("%s: %s", name, breach)
				}
			}
		}
	}
}
