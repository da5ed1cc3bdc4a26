package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/fstest"

	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// thing is a small schema in the portable subset.
var thing = fstest.MapFS{"0001_thing.sql": {Data: []byte(`
-- A thing; its comment holds a ; and a 'quote.
CREATE TABLE thing ( -- distributed by id
	id   BIGINT PRIMARY KEY,
	name TEXT NOT NULL,
	body BYTEA,
	held BOOLEAN NOT NULL DEFAULT FALSE, -- BYTEA in a comment stays
	UNIQUE (id, name)
);
CREATE INDEX thing_name ON thing (name);
`)}}

// open opens and migrates the database at url for one test.
func open(t testing.TB, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), thing); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestRoundTrip(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := open(t, url), t.Context()
		type id int64
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			rows := make([][]any, 237)
			for i := range rows {
				rows[i] = []any{id(i), "name", [4]byte{1, 2, 3, byte(i)}, i%2 == 1}
			}
			n, err := tx.InsertMany(ctx, "thing", []string{"id", "name", "body", "held"}, "ON CONFLICT (id) DO NOTHING", rows)
			if n != 237 {
				t.Errorf("inserted %d rows, want 237", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Read(ctx, func(tx *sqldb.Tx) error {
			var got id
			var body []byte
			var held bool
			err := tx.QueryRow(ctx, "SELECT id, body, held FROM thing WHERE name = $2 AND id = $1", id(201), "name").Scan(&got, &body, &held)
			if err != nil {
				return err
			}
			if got != 201 || string(body) != "\x01\x02\x03\xc9" || !held {
				t.Errorf("got %d %x %t", got, body, held)
			}
			err = tx.QueryRow(ctx, "SELECT id FROM thing WHERE id = $1", 999).Scan(&got)
			if !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("a missing row: got %v, want sql.ErrNoRows", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestRollback(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := open(t, url), t.Context()
		boom := errors.New("boom")
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES ($1, $2)", 1, "a"); err != nil {
				return err
			}
			return boom
		})
		if err != boom {
			t.Errorf("got %v, want the function's own error", err)
		}
		if n := count(ctx, t, db); n != 0 {
			t.Errorf("%d rows were kept, want 0", n)
		}
	})
}

// count returns how many things there are.
func count(ctx context.Context, t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	err := db.Read(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow(ctx, "SELECT count(*) FROM thing").Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
