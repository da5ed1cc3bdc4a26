package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// insert runs inserts of up to a hundred rows a statement on the driver itself: on its way
// through database/sql each value is looked at three times more.
func (c *sqliteConn) insert(ctx context.Context, in insertion) (total int64, returned []int64, err error) {
	width := len(in.columns)
	args := make([]driver.NamedValue, maxRows*width)
	for done := 0; done < in.rows(); {
		n := chunk(in.rows() - done)
		for i, v := range in.values[done*width : (done+n)*width] {
			args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
		}
		err := c.conn.Raw(func(raw any) error {
			stmt, err := c.insertStmt(ctx, raw, in, n)
			if err != nil {
				return err
			}
			if in.returning == "" {
				result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, args[:n*width])
				if err != nil {
					return err
				}
				affected, err := result.RowsAffected()
				total += affected
				return err
			}
			rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, args[:n*width])
			if err != nil {
				return err
			}
			returned, err = readInts(rows, returned)
			return err
		})
		if err != nil {
			return total, returned, err
		}
		done += n
	}
	if in.returning != "" {
		total = int64(len(returned))
	}
	return total, returned, nil
}

// insertKey names a prepared insert.
type insertKey struct {
	table, tail string
	rows        int
}

// insertStmt returns the prepared insert of n rows.
func (c *sqliteConn) insertStmt(ctx context.Context, raw any, in insertion, n int) (driver.Stmt, error) {
	key := insertKey{in.table, in.tail(), n}
	if s, ok := c.inserts[key]; ok {
		return s, nil
	}
	s, err := raw.(driver.ConnPrepareContext).PrepareContext(ctx, in.text(n, questionMark))
	if err == nil {
		c.inserts[key] = s
	}
	return s, err
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
