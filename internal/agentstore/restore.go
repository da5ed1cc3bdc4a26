package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// BarredRow is a signal that an older exchange must not bring back.
type BarredRow struct {
	State lantern.SignalState // Suspended or Withdrawn
	Since time.Time
}

// BarAll bars every signal that is suspended or fell, but not one that fell and came back:
// an earlier restore undid its fall and its owner reshaped it. One that is barred already
// is barred anew: its owner may have reshaped it in what was lost.
func BarAll(ctx context.Context, tx *sqldb.Tx, since time.Time) error {
	for _, q := range []string{
		`INSERT INTO barred (signal, state, since, member) SELECT f.signal, 'withdrawn', $1, 0 FROM fallen f
			WHERE NOT EXISTS (SELECT 1 FROM replica r WHERE r.signal = f.signal AND r.state = 'active')
			ON CONFLICT (signal) DO UPDATE SET state = excluded.state, since = excluded.since, member = 0`,
		`INSERT INTO barred (signal, state, since, member) SELECT signal, 'suspended', $1, 0 FROM replica WHERE state = 'suspended'
			ON CONFLICT (signal) DO UPDATE SET state = excluded.state, since = excluded.since, member = 0`,
		`INSERT INTO barred (signal, state, since, member) SELECT DISTINCT signal, 'suspended', $1, 0 FROM placement WHERE state = 'suspended'
			ON CONFLICT (signal) DO UPDATE SET state = excluded.state, since = excluded.since, member = 0`,
	} {
		if _, err := tx.Exec(ctx, q, Micros(since)); err != nil {
			return err
		}
	}
	return nil
}

// LoadBarred returns those of the signals that are barred.
func LoadBarred(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]BarredRow, error) {
	barred := make(map[lantern.ID]BarredRow)
	if any, err := some(ctx, tx, `SELECT COUNT(*) FROM (SELECT 1 FROM barred LIMIT 1) b`); err != nil || !any {
		return barred, err
	}
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT signal, state, since FROM barred WHERE signal IN `+list(1, len(args)), args...)
		return eachRow(rows, err, func() error {
			var id lantern.ID
			var b BarredRow
			var since int64
			if err := rows.Scan(&id, &b.State, &since); err != nil {
				return err
			}
			b.Since = FromMicros(since)
			barred[id] = b
			return nil
		})
	})
	return barred, err
}

// ShowBarred notes that the exchange shows a barred signal as active.
func ShowBarred(ctx context.Context, tx *sqldb.Tx, signal, member lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE barred SET member = $1 WHERE signal = $2`, member, signal)
	return err
}

// Unbar lets a signal be what the exchange says.
func Unbar(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM barred WHERE signal = $1`, signal)
	return err
}

// HeldBack returns how many barred signals the exchange shows as active, and those of them
// that are a member's own.
func HeldBack(ctx context.Context, tx *sqldb.Tx, own lantern.ID) (n int, redo []lantern.ID, err error) {
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM barred WHERE member <> 0`).Scan(&n); err != nil {
		return 0, nil, err
	}
	rows, err := tx.Query(ctx, `SELECT signal FROM barred WHERE member = $1 AND member <> 0 ORDER BY signal LIMIT $2`, own, lantern.MaxRedo)
	redo, err = scanIDs(rows, err)
	return n, redo, err
}

// StartFeedsAgain has every feed read from its beginning.
func StartFeedsAgain(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE programs SET cursor = '', seq = 0, loaded = FALSE, generation = generation + 1`)
	return err
}

// OweAcksAgain has every acknowledgement sent once more. One of a correction that the
// exchange does not know any more is settled by its saying so.
func OweAcksAgain(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE acks SET known = FALSE, done = 0`)
	return err
}
