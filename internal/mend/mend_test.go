package mend_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"lantern/internal/mend"
	"lantern/internal/sqldb"
)

// history is a schema in two steps, the second of which fills what it adds.
var history = fstest.MapFS{
	"0001_shelf.sql": {Data: []byte(`CREATE TABLE shelf (id BIGINT PRIMARY KEY, name TEXT NOT NULL);`)},
	"0002_kind.sql": {Data: []byte(`ALTER TABLE shelf ADD COLUMN kind TEXT NOT NULL DEFAULT '';
UPDATE shelf SET kind = name || '-kind';`)},
}

func open(t *testing.T, name string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// all returns the rows of the shelf.
func all(ctx context.Context, t *testing.T, db *sqldb.DB) (rows []string) {
	t.Helper()
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		found, err := tx.Query(ctx, `SELECT name || ' ' || kind FROM shelf ORDER BY id`)
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			var row string
			if err := found.Scan(&row); err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return found.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A database that is damaged when a newer program comes is of an older schema.
func TestCopyOfAnOlderSchema(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, steps := range map[string]fstest.MapFS{
		"the same": history,
		"an older": {"0001_shelf.sql": history["0001_shelf.sql"]},
		"none":     {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := open(t, "from.db"), open(t, "to.db")
			if err := from.Migrate(ctx, steps); err != nil {
				t.Fatal(err)
			}
			want := []string{"a a-kind", "b b-kind"}
			err := from.Write(ctx, func(tx *sqldb.Tx) error {
				switch len(steps) {
				case 0:
					want = nil
					return nil
				case 1:
					_, err := tx.Exec(ctx, `INSERT INTO shelf (id, name) VALUES (1, 'a'), (2, 'b')`)
					return err
				}
				_, err := tx.Exec(ctx, `INSERT INTO shelf (id, name, kind) VALUES (1, 'a', 'a-kind'), (2, 'b', 'b-kind')`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			partial, err := mend.Copy(ctx, from, to, history)
			if err != nil || len(partial) != 0 {
				t.Fatalf("got %v, %v", partial, err)
			}
			if got := all(ctx, t, to); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A row that a damage left readable and that no sound database takes is left out, and no others.
func TestCopyLeavesOutWhatIsNoRow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	from, to := open(t, "from.db"), open(t, "to.db")
	err := from.Migrate(ctx, history)
	if err == nil {
		err = from.Write(ctx, func(tx *sqldb.Tx) error {
			for _, q := range []string{`DROP TABLE shelf`, `CREATE TABLE shelf (id BIGINT PRIMARY KEY, name TEXT, kind TEXT)`,
				`INSERT INTO shelf (id, name, kind) VALUES (1, 'a', 'x'), (2, NULL, 'x'), (3, 'c', 'x')`} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	partial, err := mend.Copy(ctx, from, to, history)
	if err != nil || !slices.Equal(partial, []string{"shelf"}) {
		t.Errorf("got %v, %v", partial, err)
	}
	if got := all(ctx, t, to); !slices.Equal(got, []string{"a x", "c x"}) {
		t.Errorf("got %q", got)
	}
}
