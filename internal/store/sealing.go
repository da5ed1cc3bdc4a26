package store

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// Sealing is which key-encryption key is in force.
type Sealing struct {
	KEK    string // its id
	Secret []byte // of the keyed indexes, wrapped under it
	Begun  time.Time
	Done   time.Time
}

// ReadSealing reads which key-encryption key is in force.
func ReadSealing(ctx context.Context, tx *sqldb.Tx) (Sealing, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT kek, secret, begun_at, done_at FROM sealing WHERE id = 1`), "the key in force", func(s scanner) (v Sealing, err error) {
		var begun, done int64
		err = s.Scan(&v.KEK, &v.Secret, &begun, &done)
		v.Begun, v.Done = fromMicros(begun), fromMicros(done)
		return v, err
	})
}

// InitSealing notes which key-encryption key is in force unless that is known.
func InitSealing(ctx context.Context, tx *sqldb.Tx, v Sealing) error {
	_, err := tx.Exec(ctx, `INSERT INTO sealing (id, kek, secret, begun_at, done_at) VALUES (1, $1, $2, 0, 0) ON CONFLICT (id) DO NOTHING`, v.KEK, v.Secret)
	return err
}

// PutSealing writes which key-encryption key is in force.
func PutSealing(ctx context.Context, tx *sqldb.Tx, v Sealing) error {
	_, err := tx.Exec(ctx, `UPDATE sealing SET kek = $1, secret = $2, begun_at = $3, done_at = $4 WHERE id = 1`,
		v.KEK, v.Secret, micros(v.Begun), micros(v.Done))
	return err
}

// Wrapping is a table that holds wrapped data keys, in a column of that name.
type Wrapping struct{ table, id string }

// Wrappings lists all of them.
func Wrappings() []Wrapping { return []Wrapping{{"secret", "signal_id"}, {"webhook_endpoint", "id"}} }

// Table is its name.
func (w Wrapping) Table() string { return w.table }

// WrappedRow is a wrapped data key and where it stands.
type WrappedRow struct {
	Member, ID lantern.ID
	Wrapped    []byte
}

// After reads wrapped keys in the order of their places.
func (w Wrapping) After(ctx context.Context, tx *sqldb.Tx, after WrappedRow, limit int) ([]WrappedRow, error) {
	rows, err := tx.Query(ctx, `SELECT member_id, `+w.id+`, wrapped FROM `+w.table+`
		WHERE (`+w.id+`, member_id) > ($1, $2) ORDER BY `+w.id+`, member_id LIMIT $3`, after.ID, after.Member, limit)
	return all(rows, err, "wrapped keys", func(s scanner) (r WrappedRow, err error) {
		return r, s.Scan(&r.Member, &r.ID, &r.Wrapped)
	})
}

// Count counts the wrapped keys.
func (w Wrapping) Count(ctx context.Context, tx *sqldb.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+w.table).Scan(&n)
	return n, err
}

// Put writes a key that was wrapped anew. It changes nothing if the key was erased.
func (w Wrapping) Put(ctx context.Context, tx *sqldb.Tx, r WrappedRow) error {
	if _, err := tx.Exec(ctx, `UPDATE `+w.table+` SET wrapped = $3 WHERE member_id = $1 AND `+w.id+` = $2`, r.Member, r.ID, r.Wrapped); err != nil {
		return fmt.Errorf("writing a wrapped key: %w", err)
	}
	return nil
}
