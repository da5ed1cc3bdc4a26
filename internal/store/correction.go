package store

import (
	"context"

	"lantern"
	"lantern/internal/sqldb"
)

// CorrectionRow is a correction with its owner.
type CorrectionRow struct {
	lantern.Correction
	Owner lantern.ID
}

const correctionColumns = `c.id, c.signal_id, c.owner_id, c.type, c.kind, c.opened_at`

func scanCorrection(s scanner) (c CorrectionRow, err error) {
	var opened int64
	err = s.Scan(&c.ID, &c.Signal, &c.Owner, &c.Type, &c.Kind, &opened)
	c.Opened = fromMicros(opened)
	return c, err
}

// InsertCorrection stores a correction with a duty for every recipient but the sharer.
func InsertCorrection(ctx context.Context, tx *sqldb.Tx, c CorrectionRow) error {
	if _, err := tx.Exec(ctx, `INSERT INTO correction (id, signal_id, owner_id, type, kind, opened_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.ID, c.Signal, c.Owner, string(c.Type), string(c.Kind), micros(c.Opened)); err != nil {
		return err
	}
	rows := make([][]any, len(c.Recipients))
	for i, r := range c.Recipients {
		rows[i] = []any{c.ID, r.Member, micros(r.Sent), int64(0), int64(0)}
	}
	_, err := tx.InsertMany(ctx, "receivership", []string{"correction_id", "member_id", "sent_at", "masked_at", "purged_at"}, "", rows)
	return err
}

// ReadCorrection reads one correction with all its recipients.
func ReadCorrection(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (CorrectionRow, bool, error) {
	c, ok, err := one(tx.QueryRow(ctx, `SELECT `+correctionColumns+` FROM correction c WHERE c.id = $1`, id), "a correction", scanCorrection)
	if ok && err == nil {
		c.Recipients, err = receiverships(ctx, tx, id)
	}
	return c, ok, err
}

func receiverships(ctx context.Context, tx *sqldb.Tx, correction lantern.ID) ([]lantern.Receivership, error) {
	rows, err := tx.Query(ctx, `SELECT member_id, sent_at, masked_at, purged_at FROM receivership
		WHERE correction_id = $1 ORDER BY member_id`, correction)
	return all(rows, err, "receiverships", func(s scanner) (r lantern.Receivership, err error) {
		var sent, masked, purged int64
		err = s.Scan(&r.Member, &sent, &masked, &purged)
		r.Sent, r.Masked, r.Purged = fromMicros(sent), fromMicros(masked), fromMicros(purged)
		return r, err
	})
}

// CorrectionsFor reads the corrections a member shared or must acknowledge, oldest first,
// with all their recipients; every correction with member 0.
func CorrectionsFor(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]CorrectionRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+correctionColumns+` FROM correction c WHERE c.owner_id = $1 OR $1 = 0
		OR EXISTS (SELECT 1 FROM receivership r WHERE r.correction_id = c.id AND r.member_id = $1) ORDER BY c.opened_at, c.id`, member)
	list, err := all(rows, err, "corrections", scanCorrection)
	for i := range list {
		if err == nil {
			list[i].Recipients, err = receiverships(ctx, tx, list[i].ID)
		}
	}
	return list, err
}

// Acknowledge writes a recipient's acknowledgements; a time once set stays.
func Acknowledge(ctx context.Context, tx *sqldb.Tx, correction lantern.ID, r lantern.Receivership) error {
	_, err := tx.Exec(ctx, `UPDATE receivership SET
		masked_at = CASE WHEN masked_at = 0 THEN $3 ELSE masked_at END,
		purged_at = CASE WHEN purged_at = 0 THEN $4 ELSE purged_at END
		WHERE correction_id = $1 AND member_id = $2`, correction, r.Member, micros(r.Masked), micros(r.Purged))
	return err
}
