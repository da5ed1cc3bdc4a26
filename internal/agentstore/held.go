package agentstore

import (
	"context"

	"lantern"
	"lantern/internal/sqldb"
)

// HeldRow is a match of a suspended signal, sealed.
type HeldRow struct {
	Signal lantern.ID
	Mark   []byte // keyed digest of signal, reference and way of matching
	Sealed []byte
}

// HeldKey is the wrapped key of a signal's held matches.
type HeldKey struct {
	Wrapped []byte
	Missed  int // matches beyond the bound, of which nothing is kept
}

// LoadHeldKey returns the key of a signal's held matches; found is false if it has none.
func LoadHeldKey(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (k HeldKey, found bool, err error) {
	err = tx.QueryRow(ctx, `SELECT wrapped, missed FROM held_secret WHERE signal = $1`, signal).Scan(&k.Wrapped, &k.Missed)
	if absent(err) {
		return k, false, nil
	}
	return k, err == nil, err
}

// SaveHeldKey adds the key of a signal's held matches.
func SaveHeldKey(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, wrapped []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO held_secret (signal, wrapped, missed) VALUES ($1, $2, 0)`, signal, wrapped)
	return err
}

// MissHeld counts a match of which nothing is kept.
func MissHeld(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE held_secret SET missed = missed + 1 WHERE signal = $1`, signal)
	return err
}

// InsertHeld adds a held match; one that is there stays as it is.
func InsertHeld(ctx context.Context, tx *sqldb.Tx, h HeldRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO held (signal, mark, sealed) VALUES ($1, $2, $3) ON CONFLICT (signal, mark) DO NOTHING`, h.Signal, h.Mark, h.Sealed)
	return err
}

// CountHeld returns how many matches of a signal are held.
func CountHeld(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM held WHERE signal = $1`, signal).Scan(&n)
	return n, err
}

// CountAllHeld returns how many matches are held, whatever their signals.
func CountAllHeld(ctx context.Context, tx *sqldb.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM held`).Scan(&n)
	return n, err
}

// LoadHeld returns the held matches of a signal.
func LoadHeld(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]HeldRow, error) {
	rows, err := tx.Query(ctx, `SELECT signal, mark, sealed FROM held WHERE signal = $1`, signal)
	return collect(rows, err, func(h *HeldRow) error { return rows.Scan(&h.Signal, &h.Mark, &h.Sealed) })
}

// DropHeld deletes the held matches of signals with their keys, and reports how many there
// were.
func DropHeld(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) (int64, error) {
	var all int64
	err := inChunks(signals, func(args []any) error {
		for _, q := range []string{`DELETE FROM held_secret WHERE signal IN `, `DELETE FROM held WHERE signal IN `} {
			n, err := tx.Exec(ctx, q+list(1, len(args)), args...)
			if err != nil {
				return err
			}
			all += n
		}
		return nil
	})
	return all, err
}
