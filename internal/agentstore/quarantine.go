package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// QuarantineRow is a signal whose matches become no hits, or once did not.
type QuarantineRow struct {
	Signal   lantern.ID
	Cause    lantern.QuarantineCause
	Since    time.Time
	Matches  int // since then, kept or not
	Missed   int // of these not kept
	Released time.Time
	Hourly   int // hits an hour it may make since it was released
}

const quarantineColumns = `signal, cause, since, matches, missed, released, hourly`

func (q *QuarantineRow) scan(row interface{ Scan(...any) error }) error {
	var since, released int64
	err := row.Scan(&q.Signal, &q.Cause, &since, &q.Matches, &q.Missed, &released, &q.Hourly)
	q.Since, q.Released = FromMicros(since), FromMicros(released)
	return err
}

// In reports whether the signal is in quarantine at present.
func (q *QuarantineRow) In() bool { return q != nil && q.Released.IsZero() }

// LoadQuarantine returns the rows of those signals that have one.
func LoadQuarantine(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]*QuarantineRow, error) {
	all := make(map[lantern.ID]*QuarantineRow)
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT `+quarantineColumns+` FROM quarantine WHERE signal IN `+list(1, len(args)), args...)
		return eachRow(rows, err, func() error {
			var q QuarantineRow
			if err := q.scan(rows); err != nil {
				return err
			}
			all[q.Signal] = &q
			return nil
		})
	})
	return all, err
}

// ListQuarantine returns the quarantined signals that are active here, the first first. One
// that is suspended is not shown: nobody can see what it matched.
func ListQuarantine(ctx context.Context, tx *sqldb.Tx) ([]QuarantineRow, error) {
	rows, err := tx.Query(ctx, `SELECT q.signal, q.cause, q.since, q.matches, q.missed, q.released, q.hourly
		FROM quarantine q JOIN replica r ON r.signal = q.signal WHERE q.released = 0 AND r.state = $1 ORDER BY q.since, q.signal`, lantern.Active)
	return collect(rows, err, func(q *QuarantineRow) error { return q.scan(rows) })
}

// LoadUnmatched returns the signals that are not matched until a person, or a later review,
// lets them: they say again what fell to a challenge.
func LoadUnmatched(ctx context.Context, tx *sqldb.Tx) (map[lantern.ID]bool, error) {
	rows, err := tx.Query(ctx, `SELECT signal FROM quarantine WHERE released = 0 AND cause = $1`, lantern.CauseFellBefore)
	ids, err := scanIDs(rows, err)
	unmatched := make(map[lantern.ID]bool, len(ids))
	for _, id := range ids {
		unmatched[id] = true
	}
	return unmatched, err
}

// SaveQuarantine adds or replaces a row.
func SaveQuarantine(ctx context.Context, tx *sqldb.Tx, q QuarantineRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO quarantine (`+quarantineColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (signal) DO UPDATE SET cause = excluded.cause, since = excluded.since, matches = excluded.matches,
		missed = excluded.missed, released = excluded.released, hourly = excluded.hourly`,
		q.Signal, q.Cause, Micros(q.Since), q.Matches, q.Missed, Micros(q.Released), q.Hourly)
	return err
}

// CountQuarantine returns how many signals that are active here are in quarantine.
func CountQuarantine(ctx context.Context, tx *sqldb.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM quarantine q
		WHERE q.released = 0 AND EXISTS (SELECT 1 FROM replica r WHERE r.signal = q.signal AND r.state = $1)`, lantern.Active).Scan(&n)
	return n, err
}

// DropQuarantine forgets signals that are gone.
func DropQuarantine(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM quarantine WHERE signal IN `+list(1, len(args)), args...)
		return err
	})
}

// CountFound returns how many hits each of the signals has that were found after from and
// not after to, whatever became of them.
func CountFound(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, from, to time.Time) (map[lantern.ID]int, error) {
	counts := make(map[lantern.ID]int)
	err := inChunks(signals, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT signal, COUNT(*) FROM hits WHERE found > $1 AND found <= $2 AND signal IN `+list(3, len(args))+` GROUP BY signal`,
			append([]any{Micros(from), Micros(to)}, args...)...)
		return eachRow(rows, err, func() error {
			var id lantern.ID
			var n int
			if err := rows.Scan(&id, &n); err != nil {
				return err
			}
			counts[id] = n
			return nil
		})
	})
	return counts, err
}

// countQuarantined has the state as a literal: only so is the index of these hits used, which
// holds all that is asked for.
const countQuarantined = `SELECT COUNT(*) FROM hits WHERE signal = $1 AND state = '` + string(lantern.HitQuarantined) + `'`

// CountQuarantined returns how many hits of a signal lie in quarantine.
func CountQuarantined(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, countQuarantined, signal).Scan(&n)
	return n, err
}

// QuarantinedRefs returns how many references, and how many accounts, the hits of a signal
// name that lie in quarantine.
func QuarantinedRefs(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (refs, accounts int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(DISTINCT ref), COUNT(DISTINCT CASE WHEN account = '' THEN NULL ELSE account END)
		FROM hits WHERE signal = $1 AND state = $2`, signal, lantern.HitQuarantined).Scan(&refs, &accounts)
	return refs, accounts, err
}

// SampleQuarantined returns hits of a signal that lie in quarantine, drawn over all of them:
// ids are random, so those with the lowest are a fair sample, and the same one every time.
func SampleQuarantined(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, n int) ([]HitRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+hitColumns+` FROM hits WHERE signal = $1 AND state = $2 ORDER BY id LIMIT $3`, signal, lantern.HitQuarantined, n)
	return collect(rows, err, func(h *HitRow) error { return h.scan(rows) })
}

// QuarantineHits moves the hits of a signal that are in a state, and were found after a
// time, into quarantine.
func QuarantineHits(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, from lantern.HitState, after time.Time) (int64, error) {
	return tx.Exec(ctx, `UPDATE hits SET state = $1 WHERE signal = $2 AND state = $3 AND found > $4`,
		lantern.HitQuarantined, signal, from, Micros(after))
}

// DropQuarantined deletes the hits of signals that lie in quarantine.
func DropQuarantined(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM hits WHERE state = $1 AND signal IN `+list(2, len(args)), append([]any{lantern.HitQuarantined}, args...)...)
		return err
	})
}

// IncidentsOf returns the incidents that hits of a signal belong to.
func IncidentsOf(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT incident FROM hits WHERE signal = $1 AND incident <> 0`, signal)
	return scanIDs(rows, err)
}
