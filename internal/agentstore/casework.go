package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// SetCaseOwner says who has a case in hand.
func SetCaseOwner(ctx context.Context, tx *sqldb.Tx, id, person lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE cases SET owner = $1 WHERE id = $2`, person, id)
	return err
}

// SetCaseState closes a case at a time, or reopens it: then the time is zero.
func SetCaseState(ctx context.Context, tx *sqldb.Tx, id lantern.ID, closed time.Time, why lantern.CloseReason) error {
	_, err := tx.Exec(ctx, `UPDATE cases SET closed = $1, ended = $2 WHERE id = $3`, Micros(closed), why, id)
	return err
}

// TextRow is a note or task as stored.
type TextRow struct {
	ID      lantern.ID
	Case    lantern.ID
	Task    bool
	Person  lantern.ID
	Sealed  []byte
	Wrapped []byte
	At      time.Time
	Due     time.Time
	Done    time.Time
	DoneBy  lantern.ID
}

const textColumns = `id, case_id, task, person, sealed, wrapped, at, due, done, done_by`

func (t *TextRow) scan(row interface{ Scan(...any) error }) error {
	var at, due, done int64
	err := row.Scan(&t.ID, &t.Case, &t.Task, &t.Person, &t.Sealed, &t.Wrapped, &at, &due, &done, &t.DoneBy)
	t.At, t.Due, t.Done = FromMicros(at), FromMicros(due), FromMicros(done)
	return err
}

// InsertText adds a note or task.
func InsertText(ctx context.Context, tx *sqldb.Tx, t TextRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO case_texts (`+textColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)`,
		t.ID, t.Case, t.Task, t.Person, t.Sealed, t.Wrapped, Micros(t.At), Micros(t.Due))
	return err
}

// LoadTexts returns the notes, or the tasks, of a case in their order.
func LoadTexts(ctx context.Context, tx *sqldb.Tx, id lantern.ID, tasks bool) ([]TextRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+textColumns+` FROM case_texts WHERE case_id = $1 AND task = $2 ORDER BY at, id`, id, tasks)
	return collect(rows, err, func(t *TextRow) error { return t.scan(rows) })
}

// LoadCaseTask returns one task of a case.
func LoadCaseTask(ctx context.Context, tx *sqldb.Tx, id, task lantern.ID) (t TextRow, found bool, err error) {
	err = t.scan(tx.QueryRow(ctx, `SELECT `+textColumns+` FROM case_texts WHERE id = $1 AND case_id = $2 AND task`, task, id))
	if absent(err) {
		return t, false, nil
	}
	return t, err == nil, err
}

// FinishTask notes who did a task, and when.
func FinishTask(ctx context.Context, tx *sqldb.Tx, task, person lantern.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE case_texts SET done = $1, done_by = $2 WHERE id = $3`, Micros(at), person, task)
	return err
}

// countTexts returns how many notes a case has, and how many tasks that are not done.
func countTexts(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (notes, tasks int, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN task THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN task AND done = 0 THEN 1 ELSE 0 END), 0)
		FROM case_texts WHERE case_id = $1`, id).Scan(&notes, &tasks)
	return notes, tasks, err
}

// AddCaseEvent adds to a case's timeline and gives the event its number.
func AddCaseEvent(ctx context.Context, tx *sqldb.Tx, id lantern.ID, e lantern.CaseEvent) error {
	_, err := tx.Exec(ctx, `INSERT INTO case_events (case_id, number, kind, person, object, count, word, at)
		SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM case_events WHERE case_id = $1`,
		id, e.Kind, e.Person, e.Object, e.Count, e.Word, Micros(e.At))
	return err
}

// RaiseCaseEvent adds to the count of an event that is there already; otherwise it adds it.
func RaiseCaseEvent(ctx context.Context, tx *sqldb.Tx, id lantern.ID, e lantern.CaseEvent) error {
	n, err := tx.Exec(ctx, `UPDATE case_events SET count = count + $1, word = CASE WHEN word = $2 THEN word ELSE '' END
		WHERE case_id = $3 AND kind = $4 AND object = $5`, e.Count, e.Word, id, e.Kind, e.Object)
	if err != nil || n > 0 {
		return err
	}
	return AddCaseEvent(ctx, tx, id, e)
}

// CaseEventsAfter returns a page of a case's timeline.
func CaseEventsAfter(ctx context.Context, tx *sqldb.Tx, id lantern.ID, after, limit int) ([]lantern.CaseEvent, error) {
	rows, err := tx.Query(ctx, `SELECT number, kind, person, object, count, word, at FROM case_events
		WHERE case_id = $1 AND number > $2 ORDER BY number LIMIT $3`, id, after, limit)
	return collect(rows, err, func(e *lantern.CaseEvent) error {
		var at int64
		err := rows.Scan(&e.Number, &e.Kind, &e.Person, &e.Object, &e.Count, &e.Word, &at)
		e.At = FromMicros(at)
		return err
	})
}

// ProposalRow is a proposal as stored.
type ProposalRow struct {
	lantern.Proposal
	Local lantern.ID // the agent's own id of the outcome
}

const proposalColumns = `id, case_id, outcome, bulk, kind, ground, decision, count, singly, in_bulk, digest, person, at, state, second, answered`

func (p *ProposalRow) scan(row interface{ Scan(...any) error }) error {
	var at, answered int64
	err := row.Scan(&p.ID, &p.Case, &p.Local, &p.Bulk, &p.Outcome, &p.Ground, &p.Decision, &p.Count, &p.Singly, &p.InBulk, &p.Digest,
		&p.Person, &at, &p.State, &p.Second, &answered)
	p.At, p.Answered = FromMicros(at), FromMicros(answered)
	p.Expires = p.At.Add(lantern.ProposalLife)
	return err
}

// InsertProposal adds a proposal that waits.
func InsertProposal(ctx context.Context, tx *sqldb.Tx, p ProposalRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO proposals (`+proposalColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 0)`,
		p.ID, p.Case, p.Local, p.Bulk, p.Outcome, p.Ground, p.Decision, p.Count, p.Singly, p.InBulk, p.Digest, p.Person, Micros(p.At), p.State)
	return err
}

// LoadProposal returns one proposal.
func LoadProposal(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (p ProposalRow, found bool, err error) {
	err = p.scan(tx.QueryRow(ctx, `SELECT `+proposalColumns+` FROM proposals WHERE id = $1`, id))
	if absent(err) {
		return p, false, nil
	}
	return p, err == nil, err
}

// ProposalFor returns the newest proposal of an outcome by the agent's own id, or of an
// act in bulk.
func ProposalFor(ctx context.Context, tx *sqldb.Tx, outcome, bulk lantern.ID) (p ProposalRow, found bool, err error) {
	err = p.scan(tx.QueryRow(ctx, `SELECT `+proposalColumns+` FROM proposals WHERE outcome = $1 AND bulk = $2 ORDER BY at DESC, id DESC LIMIT 1`, outcome, bulk))
	if absent(err) {
		return p, false, nil
	}
	return p, err == nil, err
}

// LoadProposals returns the proposals in some state, the oldest first; "" is any.
func LoadProposals(ctx context.Context, tx *sqldb.Tx, state lantern.ProposalState, limit int) ([]ProposalRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+proposalColumns+` FROM proposals WHERE state = $1 OR $1 = '' ORDER BY at, id LIMIT $2`, state, limit)
	return collect(rows, err, func(p *ProposalRow) error { return p.scan(rows) })
}

// ProposalsOf returns how many proposals of a case wait, or were approved and not carried out.
func ProposalsOf(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM proposals WHERE case_id = $1 AND state IN ($2, $3)`,
		id, lantern.ProposalWaits, lantern.ProposalApproved).Scan(&n)
	return n, err
}

// OldProposals returns the proposals that wait since before a time.
func OldProposals(ctx context.Context, tx *sqldb.Tx, before time.Time) ([]ProposalRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+proposalColumns+` FROM proposals WHERE state = $1 AND at <= $2 ORDER BY at, id`,
		lantern.ProposalWaits, Micros(before))
	return collect(rows, err, func(p *ProposalRow) error { return p.scan(rows) })
}

// AnswerProposal moves a proposal to a state. second is who did, 0 for the agent itself,
// which leaves who answered before.
func AnswerProposal(ctx context.Context, tx *sqldb.Tx, id lantern.ID, state lantern.ProposalState, second lantern.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE proposals SET state = $1, second = CASE WHEN $2 = 0 THEN second ELSE $2 END,
		answered = CASE WHEN $2 = 0 THEN answered ELSE $3 END WHERE id = $4`, state, second, Micros(at), id)
	return err
}
