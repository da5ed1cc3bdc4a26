package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// insert runs inserts of up to a hundred rows a statement on the driver itself: on its way
// through database/sql each value is looked at three times more.
func (c *sqliteConn) insert(ctx context.Context, in insertion) (total int64, returned []int64, err error) {
	err = c.conn.Raw(func(raw any) error {
		width := len(in.columns)
		for done := 0; done < in.rows(); {
			n := chunk(in.rows() - done)
			part := in.values[done*width : (done+n)*width]
			affected, err := c.insertChunk(ctx, raw, in, part, n)
			if err != nil {
				return err
			}
			total += affected
			if in.returning != "" {
				if returned, err = c.inserted(ctx, raw, in, part, int(affected) == n, returned); err != nil {
					return err
				}
			}
			done += n
		}
		return nil
	})
	return total, returned, err
}

// insertChunk inserts n rows with one statement.
func (c *sqliteConn) insertChunk(ctx context.Context, raw any, in insertion, values []any, n int) (int64, error) {
	bare := in
	bare.returning = ""
	stmt, err := c.driverStmt(ctx, raw, insertKey{in.table, bare.tail(), n}, func() string { return bare.text(n, questionMark) })
	if err != nil {
		return 0, err
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, named(values))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// inserted adds what is to be returned of the rows that went in. SQLite keeps a table of
// its own for RETURNING, which costs a third of an insert; nearly always all rows went in,
// and otherwise they are looked for.
func (c *sqliteConn) inserted(ctx context.Context, raw any, in insertion, values []any, all bool, list []int64) ([]int64, error) {
	at := slices.Index(in.columns, in.returning)
	var ids []any
	for i := at; i >= 0 && i < len(values); i += len(in.columns) {
		id, ok := values[i].(int64)
		if !ok {
			return list, fmt.Errorf("%s.%s is a %T and cannot be returned", in.table, in.returning, values[i])
		}
		if ids = append(ids, id); all {
			list = append(list, id)
		}
	}
	if all {
		return list, nil
	}
	find := func() string {
		return "SELECT " + in.returning + " FROM " + in.table + " WHERE " + in.returning + " IN (?" + strings.Repeat(",?", len(ids)-1) + ")"
	}
	stmt, err := c.driverStmt(ctx, raw, insertKey{in.table, "find", len(ids)}, find)
	if err != nil {
		return list, err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, named(ids))
	if err != nil {
		return list, err
	}
	return readInts(rows, list)
}

// insertKey names a prepared statement of an insert.
type insertKey struct {
	table, what string
	rows        int
}

// driverStmt returns a prepared statement of the driver itself.
func (c *sqliteConn) driverStmt(ctx context.Context, raw any, key insertKey, text func() string) (driver.Stmt, error) {
	if s, ok := c.inserts[key]; ok {
		return s, nil
	}
	s, err := raw.(driver.ConnPrepareContext).PrepareContext(ctx, text())
	if err == nil {
		c.inserts[key] = s
	}
	return s, err
}

func named(values []any) []driver.NamedValue {
	args := make([]driver.NamedValue, len(values))
	for i, v := range values {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return args
}

// readInts reads rows of one integer to their end and closes them.
func readInts(rows driver.Rows, list []int64) (_ []int64, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 1)
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return list, err
		}
		n, ok := row[0].(int64)
		if !ok {
			return list, fmt.Errorf("a returned value of type %T", row[0])
		}
		list = append(list, n)
	}
}
