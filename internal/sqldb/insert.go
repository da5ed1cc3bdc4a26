package sqldb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// maxRows bounds the rows of one insert statement: beyond it SQLite gains nothing and
// PostgreSQL's limit of 65,535 arguments comes near.
const maxRows = 100

// InsertMany inserts rows into table with as few statements as is cheap and returns how
// many were inserted. suffix follows the values, for example "ON CONFLICT DO NOTHING".
// Table, columns and suffix are program text, never input. Every row must have one value
// per column.
func (tx *Tx) InsertMany(ctx context.Context, table string, columns []string, suffix string, rows [][]any) (int64, error) {
	var total int64
	for done := 0; done < len(rows); {
		n := chunk(len(rows) - done)
		args := make([]any, 0, n*len(columns))
		for i, row := range rows[done : done+n] {
			if len(row) != len(columns) {
				return total, fmt.Errorf("inserting into %s: row %d has %d values for %d columns", table, done+i, len(row), len(columns))
			}
			args = append(args, row...)
		}
		affected, err := tx.Exec(ctx, insertText(table, columns, suffix, n), args...)
		if err != nil {
			return total, fmt.Errorf("inserting into %s: %w", table, err)
		}
		total += affected
		done += n
	}
	return total, nil
}

// chunk returns how many of n rows the next statement takes: 100, or else the largest
// power of two, so that few different statements are ever prepared.
func chunk(n int) int {
	if n >= maxRows {
		return maxRows
	}
	size := 1
	for size*2 <= n {
		size *= 2
	}
	return size
}

// insertText writes the insert statement for n rows.
func insertText(table string, columns []string, suffix string, n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
	for i := range n * len(columns) {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteByte(')')
	if suffix != "" {
		b.WriteString(" " + suffix)
	}
	return b.String()
}
