package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// maxStatements bounds the prepared statements of a SQLite connection.
const maxStatements = 500

// sqliteConn is one SQLite connection with its prepared statements: preparing costs more
// than running most statements.
type sqliteConn struct {
	conn    *sql.Conn
	stmts   map[string]*sqliteStmt
	inserts map[insertKey]driver.Stmt // of the driver itself
}

// sqliteStmt is a prepared statement and the rows last read from it.
type sqliteStmt struct {
	*sql.Stmt
	open *sql.Rows
}

// busy says whether rows of s are still being read: SQLite cannot run it twice at once.
func (s *sqliteStmt) busy() bool {
	if s.open == nil {
		return false
	}
	if _, err := s.open.Columns(); err != nil {
		s.open = nil // closed rows have no columns
		return false
	}
	return true
}

// stmt returns the prepared form of query, or nil if it must run unprepared.
func (c *sqliteConn) stmt(ctx context.Context, query string) (*sqliteStmt, error) {
	s, ok := c.stmts[query]
	if !ok {
		p, err := c.conn.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		s = &sqliteStmt{Stmt: p}
		c.stmts[query] = s
	}
	if s.busy() {
		return nil, nil
	}
	return s, nil
}

// exec runs a statement without rows.
func (c *sqliteConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	var r sql.Result
	if s != nil {
		r, err = s.ExecContext(ctx, args...)
	} else {
		r, err = c.conn.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// query runs a statement with rows.
func (c *sqliteConn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.conn.QueryContext(ctx, query, args...)
	}
	rows, err := s.QueryContext(ctx, args...)
	if err == nil {
		s.open = rows
	}
	return rows, err
}

// queryRow runs a statement with one row.
func (c *sqliteConn) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	if s, err := c.stmt(ctx, query); err == nil && s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return c.conn.QueryRowContext(ctx, query, args...) // reports the same error, if any
}

// trim forgets the prepared statements when they are too many. It must not be called
// while rows are open.
func (c *sqliteConn) trim() {
	if len(c.stmts) <= maxStatements {
		return
	}
	for _, s := range c.stmts {
		s.Close() //nolint:errcheck // a statement that fails to close is forgotten
	}
	clear(c.stmts)
}

// close closes the connection.
func (c *sqliteConn) close() {
	for _, s := range c.stmts {
		s.Close() //nolint:errcheck // a statement that fails to close is forgotten
	}
	for _, s := range c.inserts {
		s.Close() //nolint:errcheck // likewise
	}
	c.conn.Close() //nolint:errcheck // there is nobody to tell
}

// sqliteTx is a transaction on a connection, which goes home at its end.
type sqliteTx struct {
	*sqliteConn
	home chan *sqliteConn
}

// commit makes the transaction durable. It cannot be cancelled: its result must be known.
func (t *sqliteTx) commit() error {
	if _, err := t.exec(context.Background(), "COMMIT", nil); err != nil {
		return err // rollback follows
	}
	t.home <- t.sqliteConn
	return nil
}

// rollback undoes the transaction. A connection that cannot roll back is replaced.
func (t *sqliteTx) rollback() {
	var autocommit bool
	_, err := t.exec(context.Background(), "ROLLBACK", nil)
	if err != nil {
		// The engine rolls back by itself after some errors; then it can begin again.
		_, err = t.exec(context.Background(), "BEGIN", nil)
		if err == nil {
			_, err = t.exec(context.Background(), "ROLLBACK", nil)
		}
		autocommit = err == nil
	} else {
		autocommit = true
	}
	if !autocommit {
		t.close()
		t.home <- nil
		return
	}
	t.home <- t.sqliteConn
}
