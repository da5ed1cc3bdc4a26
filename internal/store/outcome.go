package store

import (
	"context"
	"encoding/json"
	"fmt"

	"lantern"
	"lantern/internal/sqldb"
)

const outcomeColumns = `o.id, o.member_id, o.program_id, o.kind, o.count, o.attestation, o.corrects_id, o.at`

func scanOutcome(s scanner) (o lantern.Outcome, err error) {
	var attestation string
	var at int64
	if err = s.Scan(&o.ID, &o.Member, &o.Program, &o.Kind, &o.Count, &attestation, &o.Corrects, &at); err != nil {
		return o, err
	}
	o.At = fromMicros(at)
	return o, json.Unmarshal([]byte(attestation), &o.Attestation)
}

// InsertOutcome stores a ledger entry and the signals that contributed.
func InsertOutcome(ctx context.Context, tx *sqldb.Tx, o lantern.Outcome) error {
	attestation, err := json.Marshal(o.Attestation)
	if err != nil {
		return fmt.Errorf("encoding an attestation: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO outcome (id, member_id, program_id, kind, count, attestation, digest, corrects_id, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		o.ID, o.Member, o.Program, string(o.Kind), o.Count, string(attestation), digest(o), o.Corrects, micros(o.At)); err != nil {
		return err
	}
	rows := make([][]any, len(o.Signals))
	for i, s := range o.Signals {
		rows[i] = []any{s, o.ID}
	}
	_, err = tx.InsertMany(ctx, "outcome_signal", []string{"signal_id", "outcome_id"}, "ON CONFLICT DO NOTHING", rows)
	return err
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

// Outcomes reads a member's ledger, oldest first, with the contributing signals.
func Outcomes(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]lantern.Outcome, error) {
	rows, err := tx.Query(ctx, `SELECT `+outcomeColumns+` FROM outcome o WHERE o.member_id = $1 ORDER BY o.at, o.id`, member)
	list, err := all(rows, err, "outcomes", scanOutcome)
	for i := range list {
		if err == nil {
			rows, e := tx.Query(ctx, `SELECT signal_id FROM outcome_signal WHERE outcome_id = $1 ORDER BY signal_id`, list[i].ID)
			list[i].Signals, err = all(rows, e, "contributing signals", scanID)
		}
	}
	return list, err
}

// Corrected sums the entries that correct an outcome.
func Corrected(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM outcome WHERE corrects_id = $1`, id).Scan(&n)
	return n, err
}

// OutcomeSum is one cell of what other members did because of a signal.
type OutcomeSum struct {
	Member lantern.ID
	Kind   lantern.OutcomeKind
	Count  int
}

// OutcomesOf sums the outcomes a signal contributed to, by member and kind.
func OutcomesOf(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]OutcomeSum, error) {
	rows, err := tx.Query(ctx, `SELECT o.member_id, o.kind, CAST(SUM(o.count) AS BIGINT) FROM outcome_signal x JOIN outcome o ON o.id = x.outcome_id
		WHERE x.signal_id = $1 GROUP BY o.member_id, o.kind`, signal)
	return all(rows, err, "outcome sums", func(s scanner) (c OutcomeSum, err error) {
		return c, s.Scan(&c.Member, &c.Kind, &c.Count)
	})
}
