package store

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// ChallengeRow is a challenge with what its rules need to know of the signal.
type ChallengeRow struct {
	lantern.Challenge
	Owner lantern.ID // the sharer

	SealedNote   []byte // under the signal's key, so that they die with it
	SealedAnswer []byte
}

const challengeColumns = `c.id, c.signal_id, c.owner_id, c.member_id, c.person_id, c.reason, c.note, c.answer, c.imminent, c.state, c.opened_at, c.deadline_at, c.decided_at`

func scanChallenge(s scanner) (c ChallengeRow, err error) {
	var opened, deadline, decided int64
	err = s.Scan(&c.ID, &c.Signal, &c.Owner, &c.Member, &c.Person, &c.Reason, &c.SealedNote, &c.SealedAnswer, &c.Imminent, &c.State, &opened, &deadline, &decided)
	c.Opened, c.Deadline, c.Decided = fromMicros(opened), fromMicros(deadline), fromMicros(decided)
	return c, err
}

// InsertChallenge stores a new challenge.
func InsertChallenge(ctx context.Context, tx *sqldb.Tx, c ChallengeRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO challenge (id, signal_id, owner_id, member_id, person_id, reason, note, imminent, state, opened_at, deadline_at, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`,
		c.ID, c.Signal, c.Owner, c.Member, c.Person, string(c.Reason), c.SealedNote, c.Imminent, string(c.State), micros(c.Opened), micros(c.Deadline))
	return err
}

// UpdateChallenge writes a challenge's step.
func UpdateChallenge(ctx context.Context, tx *sqldb.Tx, c ChallengeRow) error {
	_, err := tx.Exec(ctx, `UPDATE challenge SET state = $2, deadline_at = $3, decided_at = $4, answer = $5 WHERE id = $1`,
		c.ID, string(c.State), micros(c.Deadline), micros(c.Decided), c.SealedAnswer)
	return err
}

// ReadChallenge reads one challenge.
func ReadChallenge(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (ChallengeRow, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+challengeColumns+` FROM challenge c WHERE c.id = $1`, id), "a challenge", scanChallenge)
}

// Undecided reads the undecided challenges of a signal.
func Undecided(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]ChallengeRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+challengeColumns+` FROM challenge c WHERE c.signal_id = $1 AND c.decided_at = 0 ORDER BY c.opened_at`, signal)
	return all(rows, err, "challenges", scanChallenge)
}

// Challengers reads which members ever challenged a signal.
func Challengers(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT member_id FROM challenge WHERE signal_id = $1 ORDER BY member_id`, signal)
	return all(rows, err, "challengers", func(s scanner) (id lantern.ID, err error) { return id, s.Scan(&id) })
}

// CountUndecided counts a member's own undecided challenges.
func CountUndecided(ctx context.Context, tx *sqldb.Tx, member lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM challenge WHERE member_id = $1 AND decided_at = 0`, member).Scan(&n)
	return n, err
}

// challengeParty selects the challenges a member ($1) opened or must answer and, if $2 is 1, may
// decide: every disputed one in a program it is in, of a signal that it never challenged itself.
const challengeParty = ` (c.member_id = $1 OR c.owner_id = $1 OR ($2 = 1 AND c.state = 'disputed' AND EXISTS (
	SELECT 1 FROM placement p JOIN membership b ON b.program_id = p.program_id AND b.member_id = $1 AND b.left_at = 0
	WHERE p.signal_id = c.signal_id AND NOT p.narrowed)
	AND NOT EXISTS (SELECT 1 FROM challenge o WHERE o.signal_id = c.signal_id AND o.member_id = $1))) `

// calm is 0 for challenges that are imminent and undecided, which come first, and 1 for others.
const calm = ` CASE WHEN c.imminent AND c.decided_at = 0 THEN 0 ELSE 1 END `

// ChallengePlace is where a challenge stood in the list of [ChallengesFor]. It is kept by who
// reads on: once the challenge is decided it stands elsewhere.
type ChallengePlace struct {
	Calm, Opened int64 // Opened in microseconds
	ID           lantern.ID
}

// Place is where c stands.
func (c *ChallengeRow) Place() ChallengePlace {
	p := ChallengePlace{Calm: 1, Opened: micros(c.Opened), ID: c.ID}
	if c.Imminent && c.Decided.IsZero() {
		p.Calm = 0
	}
	return p
}

// ChallengesFor reads a page of the challenges that a member has a part in, as a decider too
// if disputes is set: those behind a place, the zero place for the first.
func ChallengesFor(ctx context.Context, tx *sqldb.Tx, member lantern.ID, disputes bool, after ChallengePlace, limit int) ([]ChallengeRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+challengeColumns+` FROM challenge c WHERE`+challengeParty+`
		AND (`+calm+`> $3 OR `+calm+`= $3 AND (c.opened_at > $4 OR c.opened_at = $4 AND c.id > $5))
		ORDER BY`+calm+`, c.opened_at, c.id LIMIT $6`, member, flag(disputes), after.Calm, after.Opened, after.ID, limit)
	return all(rows, err, "challenges", scanChallenge)
}

// ChallengeFor reads one of those.
func ChallengeFor(ctx context.Context, tx *sqldb.Tx, member lantern.ID, disputes bool, id lantern.ID) (ChallengeRow, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+challengeColumns+` FROM challenge c WHERE`+challengeParty+`AND c.id = $3`, member, flag(disputes), id),
		"a challenge", scanChallenge)
}

// Untold reads the undecided challenges of imminent signals whose deadline passed and of
// which nobody was told since a time.
func Untold(ctx context.Context, tx *sqldb.Tx, now, since time.Time) ([]ChallengeRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+challengeColumns+` FROM challenge c
		WHERE c.imminent AND c.decided_at = 0 AND c.deadline_at <= $1 AND c.told_at <= $2 ORDER BY c.id`, micros(now), micros(since))
	return all(rows, err, "overdue challenges", scanChallenge)
}

// SetTold notes when those concerned were told that a challenge is overdue.
func SetTold(ctx context.Context, tx *sqldb.Tx, c ChallengeRow, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE challenge SET told_at = $2 WHERE id = $1`, c.ID, micros(at))
	return err
}

// AddMarker notes that a value fell to an upheld challenge.
func AddMarker(ctx context.Context, tx *sqldb.Tx, t lantern.SignalType, mark []byte, expires time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO marker (type, mark, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (type, mark) DO UPDATE SET expires_at = excluded.expires_at`, string(t), mark, micros(expires))
	return err
}

// AnyMarker reports whether any mark is in force.
func AnyMarker(ctx context.Context, tx *sqldb.Tx, now time.Time) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM marker WHERE expires_at > $1 LIMIT 1) m`, micros(now)).Scan(&n)
	return n > 0, err
}

// Marked reports which of the marks are in force.
func Marked(ctx context.Context, tx *sqldb.Tx, marks [][]byte, now time.Time) (map[string]bool, error) {
	found := map[string]bool{}
	for start := 0; start < len(marks); start += insertRows {
		chunk := marks[start:min(start+insertRows, len(marks))]
		list := []any{micros(now)}
		for _, m := range chunk {
			list = append(list, m)
		}
		rows, err := tx.Query(ctx, `SELECT mark FROM marker WHERE expires_at > $1 AND mark IN (`+places(2, len(chunk))+`)`, list...)
		got, err := all(rows, err, "markers", func(s scanner) (m []byte, err error) { return m, s.Scan(&m) })
		if err != nil {
			return nil, err
		}
		for _, m := range got {
			found[string(m)] = true
		}
	}
	return found, nil
}
