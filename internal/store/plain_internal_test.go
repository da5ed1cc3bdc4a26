package store

import (
	"fmt"
	"strings"
	"testing"

	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// TestPlainRowsReadByID asks the engines how they would read a stretch: along the primary key.
// With another index each window would read a whole table, and only a large one would tell.
func TestPlainRowsReadByID(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, err := sqldb.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() }) //nolint:errcheck // the test is over
		if err := db.Migrate(t.Context(), Migrations()); err != nil {
			t.Fatal(err)
		}
		signals, secrets := partsOf(between)
		for _, q := range []struct{ name, query string }{{"signal", signals}, {"secret", secrets}} {
			explain, want := "EXPLAIN ", q.name+"_next_pkey" // the name it was made under
			if db.Engine() == sqldb.SQLite {
				explain, want = "EXPLAIN QUERY PLAN ", "USING PRIMARY KEY"
			}
			var plan strings.Builder
			err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				rows, err := tx.Query(t.Context(), explain+q.query, 1, 2)
				if err != nil {
					return err
				}
				defer rows.Close()
				columns, err := rows.Columns()
				if err != nil {
					return err
				}
				for rows.Next() {
					line := make([]any, len(columns))
					for i := range line {
						line[i] = new(any)
					}
					if err := rows.Scan(line...); err != nil {
						return err
					}
					fmt.Fprintln(&plan, *line[len(line)-1].(*any))
				}
				return rows.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(plan.String(), want) {
				t.Errorf("%s is not read by %s:\n%s", q.name, want, plan.String())
			}
		}
	})
}
