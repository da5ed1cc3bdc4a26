package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Tx is a running transaction. It belongs to the function it was given to: it must not be
// kept, and it must not be used by several goroutines at once.
type Tx struct {
	db      *DB
	session session
	rows    []*sql.Rows // handed out; closed before the transaction ends
	failed  error       // the first failure; the transaction cannot commit any more
}

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	args, err := tx.prepare(args)
	if err != nil {
		return 0, err
	}
	n, err := tx.session.exec(ctx, tx.db.rewrite.apply(query), args)
	if err != nil {
		return 0, tx.fail(ctx, err)
	}
	return n, nil
}

// Query runs a statement that returns rows. The caller should close them; the end of the
// transaction does.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	args, err := tx.prepare(args)
	if err != nil {
		return nil, err
	}
	rows, err := tx.session.query(ctx, tx.db.rewrite.apply(query), args)
	if err != nil {
		return nil, tx.fail(ctx, err)
	}
	tx.rows = append(tx.rows, rows)
	return rows, nil
}

// QueryRow runs a statement that returns at most one row. It must be scanned before the
// next statement runs. Scan returns sql.ErrNoRows if there was none.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	args, err := tx.prepare(args)
	if err != nil {
		// *sql.Row has no public way to carry an error, so an argument does.
		args = []any{refused{err}}
		query = "SELECT $1"
	}
	row := tx.session.queryRow(ctx, tx.db.rewrite.apply(query), args)
	if err := row.Err(); err != nil && tx.failed == nil {
		tx.failed = tx.db.clean(ctx, err)
	}
	return row
}

// Lock is what to append to a select of the row a write depends on: " FOR UPDATE" where
// writers run side by side, "" where there is only one.
func (tx *Tx) Lock() string {
	if tx.db.engine == PostgreSQL {
		return " FOR UPDATE"
	}
	return ""
}

// fail records the failure of a statement and returns it cleaned.
func (tx *Tx) fail(ctx context.Context, err error) error {
	err = tx.db.clean(ctx, err)
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// prepare checks and converts the arguments of a statement, the same for both engines.
func (tx *Tx) prepare(args []any) ([]any, error) {
	out := slices.Clone(args)
	return out, tx.convert(out)
}

// convert does so in place.
func (tx *Tx) convert(args []any) error {
	if tx.failed != nil {
		return fmt.Errorf("the transaction already failed: %w", tx.failed)
	}
	for i, a := range args {
		v, err := argument(a)
		if err != nil {
			tx.failed = fmt.Errorf("argument %d of a statement: %w", i+1, err)
			return tx.failed
		}
		args[i] = v
	}
	return nil
}

// argument returns a as int64, float64, bool, string, []byte or nil. Its errors never
// repeat the argument.
func argument(a any) (any, error) {
	switch v := a.(type) {
	case nil, int64, bool, float64:
		return v, nil
	case int:
		return int64(v), nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case string:
		return checkText(v)
	case time.Time:
		return nil, errors.New("a time: store microseconds as BIGINT")
	}
	if v := reflect.ValueOf(a); v.Kind() == reflect.Array && v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(b), v)
		return b, nil
	}
	v, err := driver.DefaultParameterConverter.ConvertValue(a)
	if err != nil {
		return nil, fmt.Errorf("cannot be stored: type %T", a)
	}
	switch v := v.(type) {
	case string:
		return checkText(v)
	case []byte:
		if v == nil {
			return nil, nil
		}
	case time.Time:
		return nil, errors.New("a time: store microseconds as BIGINT")
	}
	return v, nil
}

// checkText refuses text that one of the engines would not keep.
func checkText(s string) (any, error) {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return nil, errors.New("text that is not UTF-8 or holds a NUL")
	}
	return s, nil
}

// refused is an argument that carries the error found in another one.
type refused struct{ err error }

// Value makes the driver report the error.
func (r refused) Value() (driver.Value, error) { return nil, r.err }

// end closes what the transaction handed out and reports a failure met while reading.
func (tx *Tx) end(ctx context.Context) error {
	for _, r := range tx.rows {
		r.Close()
		if err := r.Err(); err != nil && tx.failed == nil {
			tx.failed = tx.db.clean(ctx, err)
		}
	}
	tx.rows = nil
	return tx.failed
}
