package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

const outcomeColumns = `o.id, o.member_id, o.program_id, o.kind, o.count, o.counted, o.attestation, o.corrects_id, o.at`

func scanOutcome(s scanner) (o lantern.Outcome, err error) {
	var attestation string
	var at int64
	if err = s.Scan(&o.ID, &o.Member, &o.Program, &o.Kind, &o.Count, &o.Counted, &attestation, &o.Corrects, &at); err != nil {
		return o, err
	}
	o.At = fromMicros(at)
	return o, json.Unmarshal([]byte(attestation), &o.Attestation)
}

// credits is what an entry adds to the sum of each signal it names.
type credits map[lantern.ID]int

// EnterOutcome stores a ledger entry with what it adds to the sums: of its member, which is
// returned, and of each contributing signal. tokens are the accounts it counts, or takes out
// of the outcome it corrects, if they are known by tokens.
func EnterOutcome(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome, tokens [][]byte) (counted int, err error) {
	root := micros(o.At)
	if o.Corrects != 0 {
		if err := tx.QueryRow(ctx, `SELECT root_at FROM outcome WHERE id = $1`, o.Corrects).Scan(&root); err != nil {
			return 0, fmt.Errorf("reading what an outcome corrects: %w", err)
		}
	}
	counted = o.Count
	by := credits{}
	for _, s := range o.Signals {
		by[s] = o.Count
	}
	if len(tokens) > 0 {
		sign := 1
		if o.Count < 0 {
			sign = -1
			if err := dropTokens(ctx, tx, o, tokens); err != nil {
				return 0, err
			}
		}
		// Before they are entered, or after they were dropped: those that stand otherwise.
		n, standing, err := known(ctx, tx, o, tokens)
		if err != nil {
			return 0, err
		}
		counted -= sign * n
		for _, s := range o.Signals {
			by[s] -= sign * standing[s]
		}
		if o.Count > 0 {
			if err := insertTokens(ctx, tx, o, tokens); err != nil {
				return 0, err
			}
		}
	}
	o.Counted = counted
	return counted, insertOutcome(ctx, tx, o, by, root)
}

// TakenBack says which accounts a negative entry takes out of the outcome it corrects, and
// from which signals: the accounts it names, else any. If that outcome was a stated count
// there are none, and the signals are those that the entry names. An account that the outcome
// does not count is NotFound.
func TakenBack(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome, tokens [][]byte) (signals []lantern.ID, taken [][]byte, err error) {
	rows, err := tx.Query(ctx, `SELECT token FROM outcome_token WHERE outcome_id = $1 ORDER BY token`, o.Corrects)
	have, err := all(rows, err, "tokens", func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
	if err != nil {
		return nil, nil, err
	}
	in := make(map[string]bool, len(have))
	for _, h := range have {
		in[string(h)] = true
	}
	for i, h := range tokens {
		if !in[string(h)] {
			return nil, nil, &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/tokens/%d", i), Reason: "the corrected outcome counts no such account"}
		}
	}
	if len(have) == 0 {
		return o.Signals, nil, nil
	}
	if len(tokens) == 0 {
		tokens = have[:min(len(have), -o.Count)]
	}
	signals, err = OutcomeSignals(ctx, tx, o.Corrects)
	return signals, tokens, err
}

// insertOutcome stores an entry and the signals that contributed.
func insertOutcome(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome, by credits, root int64) error {
	attestation, err := json.Marshal(o.Attestation)
	if err != nil {
		return fmt.Errorf("encoding an attestation: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO outcome (id, member_id, program_id, kind, count, counted, attestation, digest, corrects_id, at, root_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		o.ID, o.Member, o.Program, string(o.Kind), o.Count, o.Counted, string(attestation), digest(o), o.Corrects, micros(o.At), root); err != nil {
		return err
	}
	rows := make([][]any, len(o.Signals))
	for i, s := range o.Signals {
		rows[i] = []any{s, o.ID, by[s]}
	}
	_, err = tx.InsertMany(ctx, "outcome_signal", []string{"signal_id", "outcome_id", "counted"}, "ON CONFLICT DO NOTHING", rows)
	return err
}

// insertTokens stores the tokens of the accounts an outcome counts.
func insertTokens(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome, tokens [][]byte) error {
	rows := make([][]any, len(tokens))
	for i, t := range tokens {
		rows[i] = []any{o.Member, o.Program, string(o.Kind), t, o.ID}
	}
	_, err := tx.InsertMany(ctx, "outcome_token", []string{"member_id", "program_id", "kind", "token", "outcome_id"}, "", rows)
	return err
}

// tokenRows bounds the tokens of one statement.
const tokenRows = 500

// eachTokens runs fn for pieces of a list of tokens, as arguments after those given.
func eachTokens(tokens [][]byte, fixed []any, fn func(marks string, args []any) error) error {
	for start := 0; start < len(tokens); start += tokenRows {
		chunk := tokens[start:min(start+tokenRows, len(tokens))]
		args := slices.Clone(fixed)
		for _, t := range chunk {
			args = append(args, t)
		}
		if err := fn(places(len(fixed)+1, len(chunk)), args); err != nil {
			return err
		}
	}
	return nil
}

// dropTokens takes accounts out of the outcome that an entry of its kind corrects.
func dropTokens(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome, tokens [][]byte) error {
	return eachTokens(tokens, []any{o.Corrects, o.Member, o.Program, string(o.Kind)}, func(marks string, args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM outcome_token WHERE outcome_id = $1 AND member_id = $2 AND program_id = $3 AND kind = $4
			AND token IN (`+marks+`)`, args...)
		return err
	})
}

// known counts, among accounts, those that outcomes of the member, program and kind count
// already: in all, and by contributing signal.
func known(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome, tokens [][]byte) (in int, by credits, err error) {
	by = credits{}
	err = eachTokens(tokens, []any{o.Member, o.Program, string(o.Kind)}, func(marks string, args []any) error {
		var n int
		const these = ` t.member_id = $1 AND t.program_id = $2 AND t.kind = $3 AND t.token IN (`
		if err := tx.QueryRow(ctx, `SELECT COUNT(DISTINCT t.token) FROM outcome_token t WHERE`+these+marks+`)`, args...).Scan(&n); err != nil {
			return fmt.Errorf("counting known accounts: %w", err)
		}
		in += n
		if n == 0 {
			return nil
		}
		rows, err := tx.Query(ctx, `SELECT x.signal_id, COUNT(DISTINCT t.token) FROM outcome_token t JOIN outcome_signal x ON x.outcome_id = t.outcome_id
			WHERE`+these+marks+`) GROUP BY x.signal_id`, args...)
		_, err = all(rows, err, "known accounts", func(s scanner) (id lantern.ID, err error) {
			var n int
			err = s.Scan(&id, &n)
			by[id] += n
			return id, err
		})
		return err
	})
	return in, by, err
}

// digest is what an outcome's decision list is known by, "" without an attestation.
func digest(o lantern.Outcome) string {
	if o.Attestation == nil {
		return ""
	}
	return o.Attestation.Digest
}

// SameOutcome finds the entry a member already made from the same decision list.
func SameOutcome(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome) (lantern.Outcome, bool, error) {
	if o.Attestation == nil {
		return o, false, nil
	}
	return one(tx.QueryRow(ctx, `SELECT `+outcomeColumns+` FROM outcome o WHERE o.member_id = $1 AND o.digest = $2 AND o.kind = $3
		AND o.program_id = $4 AND o.count = $5 AND o.corrects_id = $6`,
		o.Member, digest(o), string(o.Kind), o.Program, o.Count, o.Corrects), "an outcome", scanOutcome)
}

// Outcome reads one ledger entry.
func Outcome(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Outcome, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+outcomeColumns+` FROM outcome o WHERE o.id = $1`, id), "an outcome", scanOutcome)
}

// Outcomes reads a page of a member's ledger, oldest first, with the contributing signals:
// entries recorded after another one of it, 0 for the oldest.
func Outcomes(ctx context.Context, tx *sqldb.Tx, member, after lantern.ID, limit int) ([]lantern.Outcome, error) {
	at, _, err := one(tx.QueryRow(ctx, `SELECT o.at FROM outcome o WHERE o.id = $1 AND o.member_id = $2`, after, member), "when an outcome was recorded",
		func(s scanner) (at int64, err error) { return at, s.Scan(&at) })
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT `+outcomeColumns+` FROM outcome o WHERE o.member_id = $1 AND (o.at > $2 OR o.at = $2 AND o.id > $3)
		ORDER BY o.at, o.id LIMIT $4`, member, at, after, limit)
	list, err := all(rows, err, "outcomes", scanOutcome)
	for i := range list {
		if err == nil {
			list[i].Signals, err = OutcomeSignals(ctx, tx, list[i].ID)
		}
	}
	return list, err
}

// OutcomeSignals reads the signals that contributed to an outcome, in the order of their ids.
func OutcomeSignals(ctx context.Context, tx *sqldb.Tx, id lantern.ID) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT signal_id FROM outcome_signal WHERE outcome_id = $1 ORDER BY signal_id`, id)
	return all(rows, err, "contributing signals", scanID)
}

// LeftOf is what is left of an outcome: its count, less what later entries took back. A
// reversal takes back as much as is itself left of it.
func LeftOf(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome) (int, error) {
	rows, err := tx.Query(ctx, `SELECT `+outcomeColumns+` FROM outcome o WHERE o.corrects_id = $1 ORDER BY o.id`, o.ID)
	list, err := all(rows, err, "corrections of an outcome", scanOutcome)
	left := o.Count
	for _, c := range list {
		if err != nil {
			return 0, err
		}
		taken := -c.Count
		if c.Kind != o.Kind {
			taken, err = LeftOf(ctx, tx, c)
		}
		left -= taken
	}
	return left, err
}

// shownEntries selects outcomes o that sums show: entries from before $1, and what corrects
// them from before $2.
const shownEntries = ` o.root_at < $1 AND o.at < $2 `

func scanSum(s scanner) (c policy.OutcomeSum, err error) {
	return c, s.Scan(&c.Member, &c.Kind, &c.Count)
}

// ProgramsOfOutcomes reads in which programs others than its sharer recorded outcomes of a signal.
func ProgramsOfOutcomes(ctx context.Context, tx *sqldb.Tx, signal, owner lantern.ID) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT o.program_id FROM outcome_signal x JOIN outcome o ON o.id = x.outcome_id
		WHERE x.signal_id = $1 AND o.member_id <> $2 ORDER BY o.program_id`, signal, owner)
	return all(rows, err, "programs", scanID)
}

// OutcomesOf sums the outcomes a signal contributed to in a program, its sharer's left out,
// by member and kind.
func OutcomesOf(ctx context.Context, tx *sqldb.Tx, signal, owner, program lantern.ID, entries, corrections time.Time) ([]policy.OutcomeSum, error) {
	rows, err := tx.Query(ctx, `SELECT o.member_id, o.kind, CAST(SUM(x.counted) AS BIGINT) FROM outcome_signal x JOIN outcome o ON o.id = x.outcome_id
		WHERE`+shownEntries+`AND x.signal_id = $3 AND o.member_id <> $4 AND o.program_id = $5 GROUP BY o.member_id, o.kind`,
		micros(entries), micros(corrections), signal, owner, program)
	return all(rows, err, "outcome sums", scanSum)
}

// OutcomesIn sums a program's outcomes by member and kind, the reader's left out.
func OutcomesIn(ctx context.Context, tx *sqldb.Tx, program, reader lantern.ID, entries, corrections time.Time) ([]policy.OutcomeSum, error) {
	rows, err := tx.Query(ctx, `SELECT o.member_id, o.kind, CAST(SUM(o.counted) AS BIGINT) FROM outcome o
		WHERE`+shownEntries+`AND o.program_id = $3 AND o.member_id <> $4 GROUP BY o.member_id, o.kind`,
		micros(entries), micros(corrections), program, reader)
	return all(rows, err, "outcome sums", scanSum)
}

// OutcomeMark is how much of a kind others did because of a signal, and when the newest entry of
// that came.
type OutcomeMark struct {
	Signal  lantern.ID
	Type    lantern.SignalType
	Created time.Time // of the signal
	Kind    lantern.OutcomeKind
	Count   int
	At      time.Time
}

// OutcomePrograms reads in which programs others recorded outcomes of the owner's signals that are
// placed in a program.
func OutcomePrograms(ctx context.Context, tx *sqldb.Tx, owner, placed lantern.ID) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT o.program_id FROM placement p
		JOIN outcome_signal x ON x.signal_id = p.signal_id JOIN outcome o ON o.id = x.outcome_id
		WHERE p.program_id = $1 AND p.member_id = $2 AND o.member_id <> $2 ORDER BY o.program_id`, placed, owner)
	return all(rows, err, "programs", scanID)
}

// OutcomeMarks sums by signal and kind what others recorded in a program because of the owner's
// signals that are placed in another, or in the same.
func OutcomeMarks(ctx context.Context, tx *sqldb.Tx, owner, placed, program lantern.ID, entries, corrections time.Time) ([]OutcomeMark, error) {
	rows, err := tx.Query(ctx, `SELECT s.id, s.type, s.created_at, o.kind, CAST(SUM(x.counted) AS BIGINT), MAX(o.at) FROM placement p
		JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id
		JOIN outcome_signal x ON x.signal_id = p.signal_id JOIN outcome o ON o.id = x.outcome_id
		WHERE`+shownEntries+`AND p.program_id = $3 AND p.member_id = $4 AND o.member_id <> $4 AND o.program_id = $5
		GROUP BY s.id, s.type, s.created_at, o.kind ORDER BY s.id, o.kind`,
		micros(entries), micros(corrections), placed, owner, program)
	return all(rows, err, "outcome marks", func(s scanner) (m OutcomeMark, err error) {
		var created, at int64
		err = s.Scan(&m.Signal, &m.Type, &created, &m.Kind, &m.Count, &at)
		m.Created, m.At = fromMicros(created), fromMicros(at)
		return m, err
	})
}
