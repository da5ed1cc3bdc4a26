package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// LoadDismissed returns which of the marks a person dismissed.
func LoadDismissed(ctx context.Context, tx *sqldb.Tx, marks [][]byte) (map[string]bool, error) {
	found := make(map[string]bool)
	err := inChunks(marks, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT mark FROM dismissed WHERE mark IN `+list(1, len(args)), args...)
		return eachRow(rows, err, func() error {
			var m []byte
			if err := rows.Scan(&m); err != nil {
				return err
			}
			found[string(m)] = true
			return nil
		})
	})
	return found, err
}

// AnyDismissed reports whether any mark of a dismissed hit is kept.
func AnyDismissed(ctx context.Context, tx *sqldb.Tx) (bool, error) {
	return some(ctx, tx, `SELECT COUNT(*) FROM (SELECT 1 FROM dismissed LIMIT 1) d`)
}

// some reports whether a counting query finds something.
func some(ctx context.Context, tx *sqldb.Tx, query string, args ...any) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, query, args...).Scan(&n)
	return n > 0, err
}

// OldDismissed returns hits that were decided so before a time, of signals that stand or
// fell; at most limit.
func OldDismissed(ctx context.Context, tx *sqldb.Tx, decision lantern.HitDecision, before time.Time, limit int) ([]HitRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+hitColumns+` FROM hits WHERE decision = $1 AND decided > 0 AND decided <= $2 ORDER BY decided LIMIT $3`,
		decision, Micros(before), limit)
	return collect(rows, err, func(h *HitRow) error { return h.scan(rows) })
}

// CountDismissed returns how many hits were decided so before a time.
func CountDismissed(ctx context.Context, tx *sqldb.Tx, decision lantern.HitDecision, before time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM hits WHERE decision = $1 AND decided > 0 AND decided <= $2`, decision, Micros(before)).Scan(&n)
	return n, err
}

// DismissHit deletes a hit and keeps its mark, which is nil once its signal fell.
func DismissHit(ctx context.Context, tx *sqldb.Tx, h HitRow, mark []byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM hits WHERE id = $1`, h.ID); err != nil || mark == nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO dismissed (signal, mark) VALUES ($1, $2) ON CONFLICT (signal, mark) DO NOTHING`, h.Signal, mark)
	return err
}

// DropDismissed forgets the marks of signals that are gone.
func DropDismissed(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM dismissed WHERE signal IN `+list(1, len(args)), args...)
		return err
	})
}

// SaveRefuted marks a value that fell, to be in force once the exchange said that it fell to
// a challenge. One that is in force stays so.
func SaveRefuted(ctx context.Context, tx *sqldb.Tx, mark []byte, correction lantern.ID, challenged bool, at, expires time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO refuted (mark, correction, challenged, at, expires) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (mark) DO UPDATE SET correction = excluded.correction, challenged = excluded.challenged, at = excluded.at, expires = excluded.expires
		WHERE refuted.correction <> 0`, mark, correction, challenged, Micros(at), Micros(expires))
	return err
}

// SettleRefuted takes the exchange's word for why a signal fell: its mark comes in force if
// that was a challenge, or an erasure while it was challenged, and else goes; gone says that
// one did.
func SettleRefuted(ctx context.Context, tx *sqldb.Tx, correction lantern.ID, kind lantern.CorrectionKind) (gone bool, err error) {
	_, err = tx.Exec(ctx, `UPDATE refuted SET correction = 0 WHERE correction = $1 AND ($2 OR challenged AND $3)`,
		correction, kind == lantern.CorrectionUpheld, kind == lantern.CorrectionErased)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM refuted WHERE correction = $1`, correction)
	return n > 0, err
}

// AnyRefuted reports whether any value's mark is in force.
func AnyRefuted(ctx context.Context, tx *sqldb.Tx, now time.Time) (bool, error) {
	return some(ctx, tx, `SELECT COUNT(*) FROM (SELECT 1 FROM refuted WHERE correction = 0 AND expires > $1 LIMIT 1) r`, Micros(now))
}

// LoadRefuted returns when the values of those marks fell that are in force.
func LoadRefuted(ctx context.Context, tx *sqldb.Tx, marks [][]byte, now time.Time) (map[string]time.Time, error) {
	fell := make(map[string]time.Time)
	err := inChunks(marks, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT mark, at FROM refuted WHERE correction = 0 AND expires > $1 AND mark IN `+list(2, len(args)),
			append([]any{Micros(now)}, args...)...)
		return eachRow(rows, err, func() error {
			var mark []byte
			var at int64
			if err := rows.Scan(&mark, &at); err != nil {
				return err
			}
			fell[string(mark)] = FromMicros(at)
			return nil
		})
	})
	return fell, err
}

// DropRefuted deletes marks past their time.
func DropRefuted(ctx context.Context, tx *sqldb.Tx, now time.Time) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM refuted WHERE expires <= $1`, Micros(now))
}

// CountRefuted returns how many marks are past their time.
func CountRefuted(ctx context.Context, tx *sqldb.Tx, now time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM refuted WHERE expires <= $1`, Micros(now)).Scan(&n)
	return n, err
}

// NoteEntry notes that the newest entry of the agent's own log records a decision on a hit.
func NoteEntry(ctx context.Context, tx *sqldb.Tx, hit lantern.ID) error {
	_, err := tx.Exec(ctx, `INSERT INTO hit_entries (hit, entry) SELECT $1, size - 1 FROM log_head WHERE id = 1
		ON CONFLICT (hit, entry) DO NOTHING`, hit)
	return err
}

// TakeEntries returns the numbers and openings of the log entries on a hit, and forgets that
// they belong to it.
func TakeEntries(ctx context.Context, tx *sqldb.Tx, hit lantern.ID) (openings map[int64]string, err error) {
	openings = make(map[int64]string)
	rows, err := tx.Query(ctx, `SELECT l.number, l.opening FROM hit_entries e JOIN log_leaves l ON l.number = e.entry WHERE e.hit = $1`, hit)
	err = eachRow(rows, err, func() error {
		var n int64
		var text string
		if err := rows.Scan(&n, &text); err != nil {
			return err
		}
		openings[n] = text
		return nil
	})
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM hit_entries WHERE hit = $1`, hit)
	return openings, err
}

// SaveOpening replaces the opening of a log entry by one that verifies against the same leaf.
func SaveOpening(ctx context.Context, tx *sqldb.Tx, number int64, opening string) error {
	_, err := tx.Exec(ctx, `UPDATE log_leaves SET opening = $1 WHERE number = $2`, opening, number)
	return err
}
