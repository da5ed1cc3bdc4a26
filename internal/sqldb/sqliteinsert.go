package sqldb

import (
	"context"
	"database/sql/driver"
)

// insert runs inserts of up to a hundred rows a statement on the driver itself: on its way
// through database/sql each value is looked at three times more.
func (c *sqliteConn) insert(ctx context.Context, in insertion) (total int64, err error) {
	width := len(in.columns)
	args := make([]driver.NamedValue, min(in.rows(), maxRows)*width)
	err = c.conn.Raw(func(raw any) error {
		for done := 0; done < in.rows(); {
			n := chunk(in.rows() - done)
			for i, v := range in.values[done*width : (done+n)*width] {
				args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
			}
			stmt, err := c.insertStmt(ctx, raw, in, n)
			if err != nil {
				return err
			}
			result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, args[:n*width])
			if err != nil {
				return err
			}
			affected, err := result.RowsAffected()
			if err != nil {
				return err
			}
			total += affected
			done += n
		}
		return nil
	})
	return total, err
}

// insertKey names a prepared insert.
type insertKey struct {
	table, suffix string
	rows          int
}

// insertStmt returns the prepared insert of n rows.
func (c *sqliteConn) insertStmt(ctx context.Context, raw any, in insertion, n int) (driver.Stmt, error) {
	key := insertKey{in.table, in.suffix, n}
	if s, ok := c.inserts[key]; ok {
		return s, nil
	}
	s, err := raw.(driver.ConnPrepareContext).PrepareContext(ctx, in.text(n, questionMark))
	if err == nil {
		c.inserts[key] = s
	}
	return s, err
}
