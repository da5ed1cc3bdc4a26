package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// TaskRow is a review task as stored.
type TaskRow struct {
	Correction, Signal        lantern.ID
	Kind                      lantern.CorrectionKind
	Imminent                  bool
	Hits                      int
	Accounts, Cases, Outcomes string // JSON lists
	Opened, Masked, Purged    time.Time
	Result, Ground            string
	Person                    lantern.ID
	Reviewed                  time.Time
}

const taskColumns = `correction, signal, kind, imminent, hits, accounts, cases, outcomes, opened, masked, purged, result, ground, person, reviewed`

func (t *TaskRow) scan(row interface{ Scan(...any) error }) error {
	var opened, masked, purged, reviewed int64
	err := row.Scan(&t.Correction, &t.Signal, &t.Kind, &t.Imminent, &t.Hits, &t.Accounts, &t.Cases, &t.Outcomes,
		&opened, &masked, &purged, &t.Result, &t.Ground, &t.Person, &reviewed)
	t.Opened, t.Masked, t.Purged, t.Reviewed = FromMicros(opened), FromMicros(masked), FromMicros(purged), FromMicros(reviewed)
	return err
}

// InsertTask adds a task and reports whether it is new; one that is there already stays, for
// a tombstone comes once for each program.
func InsertTask(ctx context.Context, tx *sqldb.Tx, t TaskRow) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO tasks (`+taskColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, '', '', 0, 0) ON CONFLICT (correction) DO NOTHING`,
		t.Correction, t.Signal, t.Kind, t.Imminent, t.Hits, t.Accounts, t.Cases, t.Outcomes, Micros(t.Opened))
	return n > 0, err
}

// LoadTask returns one task.
func LoadTask(ctx context.Context, tx *sqldb.Tx, correction lantern.ID) (t TaskRow, found bool, err error) {
	err = t.scan(tx.QueryRow(ctx, `SELECT `+taskColumns+` FROM tasks WHERE correction = $1`, correction))
	if absent(err) {
		return t, false, nil
	}
	return t, err == nil, err
}

// LoadTasks returns all tasks: those that wait and were imminent, then the newest first.
func LoadTasks(ctx context.Context, tx *sqldb.Tx) ([]TaskRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+taskColumns+` FROM tasks
		ORDER BY CASE WHEN imminent AND result = '' THEN 0 ELSE 1 END, opened DESC, correction`)
	return collect(rows, err, func(t *TaskRow) error { return t.scan(rows) })
}

// CountTasks returns how many tasks wait for a ruling. One on which nothing rested does not.
func CountTasks(ctx context.Context, tx *sqldb.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM tasks
		WHERE result = '' AND (hits > 0 OR cases <> '[]' OR outcomes <> '[]')`).Scan(&n)
	return n, err
}

// SettleTask records the ruling on a task.
func SettleTask(ctx context.Context, tx *sqldb.Tx, correction lantern.ID, r lantern.TaskRuling, person lantern.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE tasks SET result = $1, ground = $2, person = $3, reviewed = $4 WHERE correction = $5`,
		r.Result, r.Ground, person, Micros(at), correction)
	return err
}

// OweAcks notes the two acknowledgements of a correction. Masked is true as soon as the
// engine followed; purged waits until the freed bytes are overwritten, and waits again if
// a further tombstone freed some.
func OweAcks(ctx context.Context, tx *sqldb.Tx, correction lantern.ID, known bool) error {
	_, err := tx.Exec(ctx, `INSERT INTO acks (correction, step, known, ready, done) VALUES ($1, $2, $3, TRUE, 0), ($1, $4, $3, FALSE, 0)
		ON CONFLICT (correction, step) DO NOTHING`, correction, lantern.AckMasked, known, lantern.AckPurged)
	return err
}

// OwesAcks reports whether the acknowledgements of a correction were noted, sent or not.
func OwesAcks(ctx context.Context, tx *sqldb.Tx, correction lantern.ID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM acks WHERE correction = $1`, correction).Scan(&n)
	return n > 0, err
}

// AckRow is an acknowledgement owed.
type AckRow struct {
	lantern.Ack
	Known bool
}

// LoadAcks returns the acknowledgements that are true here and not yet taken, or those
// that are not true yet; "masked" before "purged".
func LoadAcks(ctx context.Context, tx *sqldb.Tx, ready bool) ([]AckRow, error) {
	rows, err := tx.Query(ctx, `SELECT correction, step, known FROM acks WHERE done = 0 AND ready = $1 ORDER BY step, correction`, ready)
	return collect(rows, err, func(r *AckRow) error { return rows.Scan(&r.Correction, &r.Step, &r.Known) })
}

// ReadyAck notes that a step is true here.
func ReadyAck(ctx context.Context, tx *sqldb.Tx, a lantern.Ack) error {
	_, err := tx.Exec(ctx, `UPDATE acks SET ready = TRUE WHERE correction = $1 AND step = $2`, a.Correction, a.Step)
	return err
}

// SettleAck notes that the exchange took an acknowledgement, also on the task.
func SettleAck(ctx context.Context, tx *sqldb.Tx, a lantern.Ack, kind lantern.CorrectionKind, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE acks SET done = $1 WHERE correction = $2 AND step = $3`, Micros(at), a.Correction, a.Step)
	if err != nil {
		return err
	}
	q := `UPDATE tasks SET masked = $1 WHERE correction = $2`
	if a.Step == lantern.AckPurged {
		q = `UPDATE tasks SET purged = $1 WHERE correction = $2`
	}
	if _, err := tx.Exec(ctx, q, Micros(at), a.Correction); err != nil || kind == "" {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE tasks SET kind = $1 WHERE correction = $2`, kind, a.Correction)
	return err
}

// CountAcks returns how many acknowledgements are owed and not taken.
func CountAcks(ctx context.Context, tx *sqldb.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM acks WHERE done = 0`).Scan(&n)
	return n, err
}

// HitAccounts returns how many hits rest on a signal and the own accounts they name.
func HitAccounts(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (hits int, accounts []string, err error) {
	rows, err := tx.Query(ctx, `SELECT account FROM hits WHERE signal = $1 ORDER BY account`, signal)
	all, err := scanTexts(rows, err)
	for _, s := range all {
		if s != "" {
			accounts = append(accounts, s)
		}
	}
	return len(all), accounts, err
}

// CasesOn returns the cases that rest on a signal, and whether it is their only seed.
func CasesOn(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (cases []lantern.ID, only map[lantern.ID]bool, err error) {
	rows, err := tx.Query(ctx, `SELECT case_id, COUNT(*) FROM case_signals
		WHERE case_id IN (SELECT case_id FROM case_signals WHERE signal = $1) GROUP BY case_id ORDER BY case_id`, signal)
	only = make(map[lantern.ID]bool)
	err = eachRow(rows, err, func() error {
		var id lantern.ID
		var seeds int
		if err := rows.Scan(&id, &seeds); err != nil {
			return err
		}
		cases = append(cases, id)
		only[id] = seeds == 1
		return nil
	})
	return cases, only, err
}

// OutcomesOn returns the exchange's ids of the outcomes that named a signal.
func OutcomesOn(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT o.sent FROM outcomes o JOIN outcome_signals s ON s.outcome = o.id
		WHERE s.signal = $1 AND o.sent > 0 ORDER BY o.at, o.id`, signal)
	return scanIDs(rows, err)
}

// OverdueAcks returns how many acknowledgements are owed for longer than a correction allows:
// masked and purged are how long each step may take.
func OverdueAcks(ctx context.Context, tx *sqldb.Tx, now time.Time, masked, purged time.Duration) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM acks a JOIN tasks t ON t.correction = a.correction
		WHERE a.done = 0 AND t.opened < CASE WHEN a.step = 'masked' THEN $1 ELSE $2 END`,
		Micros(now.Add(-masked)), Micros(now.Add(-purged))).Scan(&n)
	return n, err
}
