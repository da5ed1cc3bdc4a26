package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// engines runs a benchmark on both.
func engines(b *testing.B, fn func(b *testing.B, db *sqldb.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, open(b, sqldbtest.SQLite(b))) })
	b.Run("postgres", func(b *testing.B) { fn(b, open(b, sqldbtest.Postgres(b))) })
}

// BenchmarkRead is one transaction with one lookup by key.
func BenchmarkRead(b *testing.B) {
	engines(b, func(b *testing.B, db *sqldb.DB) {
		fill(b, db, 1000)
		i := 0
		for b.Loop() {
			i++
			err := db.Read(b.Context(), func(tx *sqldb.Tx) error {
				var name string
				return tx.QueryRow(b.Context(), "SELECT name FROM thing WHERE id = $1", i%1000).Scan(&name)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLookup is one lookup in a running transaction: the statement alone.
func BenchmarkLookup(b *testing.B) {
	engines(b, func(b *testing.B, db *sqldb.DB) {
		fill(b, db, 1000)
		err := db.Read(b.Context(), func(tx *sqldb.Tx) error {
			i := 0
			for b.Loop() {
				i++
				var name string
				if err := tx.QueryRow(b.Context(), "SELECT name FROM thing WHERE id = $1", i%1000).Scan(&name); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkWrite is one transaction with one insert, to stable storage.
func BenchmarkWrite(b *testing.B) {
	engines(b, func(b *testing.B, db *sqldb.DB) {
		i := 0
		for b.Loop() {
			i++
			err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(b.Context(), "INSERT INTO thing (id, name) VALUES ($1, $2)", i, "name")
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkInsertMany is 100 rows in a running transaction; divide by 100 for one.
func BenchmarkInsertMany(b *testing.B) {
	engines(b, func(b *testing.B, db *sqldb.DB) {
		err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
			rows := make([][]any, 100)
			i := 0
			for b.Loop() {
				for n := range rows {
					i++
					rows[n] = []any{int64(i), "name", []byte("a body of some length"), false}
				}
				if _, err := tx.InsertMany(b.Context(), "thing", []string{"id", "name", "body", "held"}, "", rows); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

func fill(b *testing.B, db *sqldb.DB, n int) {
	b.Helper()
	err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
		rows := make([][]any, n)
		for i := range rows {
			rows[i] = []any{i, "name"}
		}
		_, err := tx.InsertMany(b.Context(), "thing", []string{"id", "name"}, "", rows)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPlaceholders compares the forms SQLite knows for a multi-row insert of four
// columns; the time of one row should not grow with the rows of the statement.
func BenchmarkPlaceholders(b *testing.B) {
	forms := map[string]func(i int) string{
		"dollar":   func(i int) string { return fmt.Sprintf("$%d", i) },
		"numbered": func(i int) string { return fmt.Sprintf("?%d", i) },
		"plain":    func(int) string { return "?" },
	}
	for _, form := range []string{"dollar", "numbered", "plain"} {
		for _, rows := range []int{10, 100, 1000} {
			for _, prepared := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%d/prepared=%t", form, rows, prepared), func(b *testing.B) {
					placeholders(b, forms[form], rows, prepared)
				})
			}
		}
	}
}

func placeholders(b *testing.B, form func(int) string, rows int, prepared bool) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "x.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	var values []string
	for i := range rows {
		values = append(values, fmt.Sprintf("(%s, %s, %s, %s)", form(4*i+1), form(4*i+2), form(4*i+3), form(4*i+4)))
	}
	query := "INSERT INTO x (a, b, c, d) VALUES " + strings.Join(values, ", ")
	if _, err := conn.ExecContext(ctx, "CREATE TABLE x (a, b, c, d)"); err != nil {
		b.Fatal(err)
	}
	args := make([]any, 4*rows)
	for i := range args {
		args[i] = int64(i)
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		b.Fatal(err)
	}
	stmt, err := conn.PrepareContext(ctx, query)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if prepared {
			_, err = stmt.ExecContext(ctx, args...)
		} else {
			_, err = conn.ExecContext(ctx, query, args...)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}
