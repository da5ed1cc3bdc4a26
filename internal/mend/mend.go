// Package mend takes what can be read out of a damaged SQLite database into a fresh one.
//
// A page that a disk broke makes one table unreadable from that page on, not the whole file.
// So each table is read from its beginning to the damage, and then from its end back to it;
// what lies between is lost, and the table is named. Whoever calls leaves out what can be had
// anew from elsewhere.
package mend

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"lantern"
	"lantern/internal/sqldb"
)

// batch is how many rows are written together.
const batch = 500

// everyTable stands for the names of all tables.
const everyTable = "every table"

// Lacks reports whether a table is among those of which [Copy] could not read every row.
func Lacks(partial []string, table string) bool {
	return slices.Contains(partial, table) || slices.Contains(partial, everyTable)
}

// Copy copies the rows of every table of migrations but those to skip from a damaged database
// into an empty one, which it migrates, and returns the tables of which not every
// row could be read, or "every table". A failure of the fresh database is an error.
func Copy(ctx context.Context, from, to *sqldb.DB, migrations fs.FS, skip ...string) (partial []string, err error) {
	versions, err := sqldb.Versions(migrations)
	if err != nil {
		return nil, err
	}
	n, err := applied(ctx, from, migrations, len(versions))
	if err != nil {
		return nil, err
	}
	// A database from before the newest steps has not the columns they add: these fill them.
	if err := to.Migrate(ctx, beginning{migrations, n}); err != nil {
		return nil, err
	}
	tables, err := sqldb.Tables(migrations, n)
	if err != nil {
		return nil, err
	}
	left := make(map[string]bool)
	for _, name := range skip {
		left[name] = true
	}
	copied := 0
	for _, t := range tables {
		if left[t.Name] {
			continue
		}
		copied++
		whole, err := copyTable(ctx, from, to, t)
		if err != nil {
			return nil, fmt.Errorf("copying table %s: %w", t.Name, err)
		}
		if !whole {
			partial = append(partial, t.Name)
		}
	}
	if copied > 1 && len(partial) == copied {
		partial = []string{everyTable} // or the list is longer than anybody reads
	}
	return partial, to.Migrate(ctx, migrations)
}

// applied returns how many migrations a damaged database holds: all, if what it says of that is
// damaged too.
func applied(ctx context.Context, db *sqldb.DB, migrations fs.FS, all int) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		n, err = tx.Applied(ctx, migrations)
		return err
	})
	if err != nil {
		return all, ctx.Err()
	}
	return n, nil
}

// beginning is the first of some migrations.
type beginning struct {
	fs.FS
	n int
}

// Glob implements [fs.GlobFS], by which migrations are found.
func (b beginning) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(b.FS, pattern)
	return names[:min(b.n, len(names))], err
}

// copyTable copies one table from both ends, and reports whether it could be read in whole.
func copyTable(ctx context.Context, from, to *sqldb.DB, t sqldb.Table) (whole bool, err error) {
	by, err := storedBy(ctx, to, t)
	if err != nil {
		return false, err
	}
	for _, order := range []string{"", " DESC"} {
		readable, err := copyRows(ctx, from, to, t, strings.Join(by, order+", ")+order)
		if err != nil {
			return false, err
		}
		if readable {
			return order == "", nil
		}
	}
	return false, nil
}

// storedBy returns the columns in whose order the rows of a table lie in its pages: their numbers,
// or its key if it is stored in the index of that.
func storedBy(ctx context.Context, db *sqldb.DB, t sqldb.Table) ([]string, error) {
	var numberless int
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = $1", t.Name).Scan(&numberless)
	})
	if err != nil || numberless == 0 {
		return []string{"rowid"}, err
	}
	return t.Key, nil
}

// copyRows copies rows in one order until the end, or the damage.
func copyRows(ctx context.Context, from, to *sqldb.DB, t sqldb.Table, order string) (readable bool, err error) {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = c.Name
	}
	var rows [][]any
	var failed error // of the fresh database
	odd := false
	flush := func() error {
		refused, err := insert(ctx, to, t.Name, columns, rows)
		rows, odd, failed = rows[:0], odd || refused, err
		return failed
	}
	read := from.Read(ctx, func(tx *sqldb.Tx) error {
		found, err := tx.Query(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+t.Name+" ORDER BY "+order)
		if err != nil {
			return err
		}
		defer found.Close() //nolint:errcheck // its error is that of Err
		for found.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := found.Scan(into...); err != nil || !sound(row) {
				odd = true
				continue
			}
			if rows = append(rows, row); len(rows) == batch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return found.Err()
	})
	if failed == nil && len(rows) > 0 {
		failed = flush()
	}
	if failed == nil {
		failed = ctx.Err()
	}
	return read == nil && !odd, failed
}

// insert inserts rows, but those that a sound database does not take, and reports whether there were any.
func insert(ctx context.Context, to *sqldb.DB, table string, columns []string, rows [][]any) (refused bool, err error) {
	err = to.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.InsertMany(ctx, table, columns, "ON CONFLICT DO NOTHING", rows)
		return err
	})
	if err == nil || lantern.KindOf(err) == lantern.Unavailable || ctx.Err() != nil {
		return false, err
	}
	if len(rows) == 1 {
		return true, nil
	}
	for i := range rows {
		one, err := insert(ctx, to, table, columns, rows[i:i+1])
		if err != nil {
			return refused, err
		}
		refused = refused || one
	}
	return refused, nil
}

// sound reports whether a row holds nothing that the engine would not have stored.
func sound(row []any) bool {
	for _, v := range row {
		if s, ok := v.(string); ok && (!utf8.ValidString(s) || strings.ContainsRune(s, 0)) {
			return false
		}
	}
	return true
}

// The stages of replacing a file: while it is being made, and when it is whole.
const (
	making = ".mending"
	made   = ".mended"
)

// Replace has fill make a fresh database at the path it is given, and puts it into the place
// of the database at path, which nobody may have open. A crash at any moment leaves the old
// one, or one that [Finish] puts into place.
func Replace(path string, fill func(fresh string) error) error {
	fresh := path + making
	if err := drop(fresh); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, path+made); err != nil {
		return err
	}
	return Finish(path)
}

// Finish puts a mended database into its place that a crash left beside it. Without one it
// does nothing. It must be called before the database at path is opened.
func Finish(path string) error {
	if _, err := os.Stat(path + made); err != nil {
		return drop(path + making) // of an attempt that broke off
	}
	// The old write-ahead log must not be taken for the fresh file's.
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	if err := os.Rename(path+made, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // it was only read
	return dir.Sync()
}

// drop removes a database that is not whole.
func drop(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}
