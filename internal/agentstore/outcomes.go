package agentstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// OutcomeRow is an outcome sent or being sent.
type OutcomeRow struct {
	ID     lantern.ID // the agent's own, and the idempotency key
	CaseID lantern.ID
	Task   lantern.ID // the correction it answers, if any
	Person lantern.ID
	Body   lantern.Outcome
	Sent   lantern.ID // the exchange's id, 0 until it answered
	At     time.Time
}

const outcomeColumns = `id, case_id, task, person, body, sent, at`

func (o *OutcomeRow) scan(row interface{ Scan(...any) error }) error {
	var body string
	var at int64
	if err := row.Scan(&o.ID, &o.CaseID, &o.Task, &o.Person, &body, &o.Sent, &at); err != nil {
		return err
	}
	o.At = FromMicros(at)
	if err := json.Unmarshal([]byte(body), &o.Body); err != nil {
		return fmt.Errorf("reading an outcome: %w", err)
	}
	return nil
}

// InsertOutcome notes an outcome before it is sent.
func InsertOutcome(ctx context.Context, tx *sqldb.Tx, o OutcomeRow) error {
	body, err := json.Marshal(o.Body)
	if err != nil {
		return fmt.Errorf("writing an outcome: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO outcomes (id, case_id, task, kind, person, body, sent, at)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7)`, o.ID, o.CaseID, o.Task, o.Body.Kind, o.Person, string(body), Micros(o.At))
	if err != nil {
		return err
	}
	rows := make([][]any, len(o.Body.Signals))
	for i, s := range o.Body.Signals {
		rows[i] = []any{o.ID, s}
	}
	_, err = tx.InsertMany(ctx, "outcome_signals", []string{"outcome", "signal"}, "ON CONFLICT DO NOTHING", rows)
	return err
}

// PendingOutcome returns the outcome of that case, task and kind whose answer never came.
func PendingOutcome(ctx context.Context, tx *sqldb.Tx, caseID, task lantern.ID, kind lantern.OutcomeKind) (o OutcomeRow, found bool, err error) {
	err = o.scan(tx.QueryRow(ctx, `SELECT `+outcomeColumns+` FROM outcomes
		WHERE case_id = $1 AND task = $2 AND kind = $3 AND sent = 0 ORDER BY at, id LIMIT 1`, caseID, task, kind))
	if absent(err) {
		return o, false, nil
	}
	return o, err == nil, err
}

// UnsentOutcomes returns how many outcomes of a case wait for the exchange's answer.
func UnsentOutcomes(ctx context.Context, tx *sqldb.Tx, caseID lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM outcomes WHERE case_id = $1 AND sent = 0`, caseID).Scan(&n)
	return n, err
}

// SentOutcome returns an outcome by the exchange's id.
func SentOutcome(ctx context.Context, tx *sqldb.Tx, sent lantern.ID) (o OutcomeRow, found bool, err error) {
	err = o.scan(tx.QueryRow(ctx, `SELECT `+outcomeColumns+` FROM outcomes WHERE sent = $1`, sent))
	if absent(err) {
		return o, false, nil
	}
	return o, err == nil, err
}

// Answered reports whether a task's outcome that takes back another one was sent.
func Answered(ctx context.Context, tx *sqldb.Tx, task lantern.ID) (map[lantern.ID]bool, error) {
	rows, err := tx.Query(ctx, `SELECT `+outcomeColumns+` FROM outcomes WHERE task = $1 AND sent > 0`, task)
	done := make(map[lantern.ID]bool)
	err = eachRow(rows, err, func() error {
		var o OutcomeRow
		if err := o.scan(rows); err != nil {
			return err
		}
		done[o.Body.Corrects] = true
		return nil
	})
	return done, err
}

// SettleOutcome notes the exchange's answer. The tokens served only to be sent.
func SettleOutcome(ctx context.Context, tx *sqldb.Tx, id lantern.ID, sent lantern.Outcome) error {
	sent.Tokens = nil
	body, err := json.Marshal(sent)
	if err != nil {
		return fmt.Errorf("writing an outcome: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE outcomes SET sent = $1, body = $2 WHERE id = $3`, sent.ID, string(body), id)
	return err
}

// DropOutcome forgets an outcome the exchange refused, and uncounts its accounts.
func DropOutcome(ctx context.Context, tx *sqldb.Tx, id lantern.ID) error {
	for _, q := range []string{
		`DELETE FROM counted WHERE outcome = $1`,
		`DELETE FROM outcome_signals WHERE outcome = $1`,
		`DELETE FROM outcomes WHERE id = $1`,
	} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return err
		}
	}
	return nil
}

// CountAccounts counts, for an outcome of a kind, the accounts of a case with a decision
// that no outcome of the kind counted in that case, as many as one outcome may name.
func CountAccounts(ctx context.Context, tx *sqldb.Tx, caseID, outcome lantern.ID, kind lantern.OutcomeKind, d lantern.HitDecision) error {
	_, err := tx.Exec(ctx, `INSERT INTO counted (kind, account, case_id, outcome)
		SELECT $2, account, case_id, $3 FROM candidates WHERE case_id = $1`+standing+` AND decision = $4
		AND NOT EXISTS (SELECT 1 FROM counted n WHERE n.kind = $2 AND n.account = candidates.account AND n.case_id = $1)
		ORDER BY account LIMIT $5`, caseID, kind, outcome, d, lantern.MaxTokens)
	return err
}

// EachCounted calls each for the candidates an outcome counted, in the order of their accounts.
func EachCounted(ctx context.Context, tx *sqldb.Tx, caseID, outcome lantern.ID, each func(lantern.CaseAccount) error) error {
	rows, err := tx.Query(ctx, `SELECT c.account, c.link, c.via, c.round, c.decision, c.reason, c.bulk, c.person, c.decided
		FROM candidates c JOIN counted n ON n.account = c.account AND n.case_id = c.case_id
		WHERE c.case_id = $1 AND n.outcome = $2 ORDER BY c.account`, caseID, outcome)
	if err != nil {
		return err
	}
	return scanCandidates(rows, each)
}
