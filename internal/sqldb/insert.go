package sqldb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// maxRows bounds the rows of one insert statement with a placeholder for each value: beyond
// it SQLite gains nothing and PostgreSQL's limit of 65,535 arguments comes near.
const maxRows = 100

// insertion is what to insert, with as many values as rows times columns.
type insertion struct {
	table   string
	columns []string
	suffix  string // follows the values; may be ""
	values  []any
}

func (in insertion) rows() int { return len(in.values) / len(in.columns) }

// InsertMany inserts rows into table in the form that is fastest on the engine and returns
// how many were inserted. suffix follows the values, for example "ON CONFLICT DO NOTHING".
// Table, columns and suffix are program text, never input. Every row must have one value
// per column.
func (tx *Tx) InsertMany(ctx context.Context, table string, columns []string, suffix string, rows [][]any) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	in := insertion{table: table, columns: columns, suffix: suffix}
	in.values = make([]any, 0, len(rows)*len(in.columns))
	for i, row := range rows {
		if len(row) != len(in.columns) {
			return 0, fmt.Errorf("inserting into %s: row %d has %d values for %d columns", in.table, i, len(row), len(in.columns))
		}
		in.values = append(in.values, row...)
	}
	if err := tx.convert(in.values); err != nil {
		return 0, err
	}
	n, err := tx.session.insert(ctx, in)
	if err != nil {
		return 0, fmt.Errorf("inserting into %s: %w", in.table, tx.fail(ctx, err))
	}
	return n, nil
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

// text writes the insert statement for n rows; placeholder gives the one of the i-th
// value, from 1 on.
func (in insertion) text(n int, placeholder func(i int) string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + in.table + " (" + strings.Join(in.columns, ", ") + ") VALUES ")
	for i := range n * len(in.columns) {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(in.columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString(placeholder(i + 1))
	}
	b.WriteByte(')')
	if in.suffix != "" {
		b.WriteString(" " + in.suffix)
	}
	return b.String()
}

func dollar(i int) string { return "$" + strconv.Itoa(i) }

func questionMark(int) string { return "?" }
