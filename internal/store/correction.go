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

// The last column counts the challenges of the sharer's signals that were upheld in the
// 365 days before.
const correctionColumns = `c.id, c.signal_id, c.owner_id, c.type, c.kind, c.opened_at, c.program_id, c.seq,
	(SELECT COUNT(*) FROM correction e WHERE e.owner_id = c.owner_id AND e.kind = 'challenge-upheld'
	AND e.opened_at < c.opened_at AND e.opened_at >= c.opened_at - 31536000000000)`

func scanCorrection(s scanner) (c CorrectionRow, err error) {
	var opened int64
	err = s.Scan(&c.ID, &c.Signal, &c.Owner, &c.Type, &c.Kind, &opened, &c.Program, &c.Seq, &c.Repeat)
	c.Opened = fromMicros(opened)
	return c, err
}

// InsertCorrection stores a correction with a duty for every recipient but the sharer.
func InsertCorrection(ctx context.Context, tx *sqldb.Tx, c CorrectionRow) error {
	if _, err := tx.Exec(ctx, `INSERT INTO correction (id, signal_id, owner_id, type, kind, opened_at, program_id, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, c.Signal, c.Owner, string(c.Type), string(c.Kind), micros(c.Opened), c.Program, c.Seq); err != nil {
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
	rows, err := tx.Query(ctx, `SELECT member_id, sent_at, masked_at, masked_by, purged_at, purged_by FROM receivership
		WHERE correction_id = $1 ORDER BY member_id`, correction)
	return all(rows, err, "receiverships", func(s scanner) (r lantern.Receivership, err error) {
		var sent, masked, purged, maskedBy, purgedBy int64
		err = s.Scan(&r.Member, &sent, &masked, &maskedBy, &purged, &purgedBy)
		r.Sent, r.Masked, r.Purged = fromMicros(sent), fromMicros(masked), fromMicros(purged)
		r.MaskedHow, r.PurgedHow = ackHow(masked, maskedBy), ackHow(purged, purgedBy)
		return r, err
	})
}

func ackHow(at, by int64) lantern.AckHow {
	switch {
	case at == 0:
		return ""
	case by == 0:
		return lantern.AckByAgent
	}
	return lantern.AckAttested
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

// Acknowledge writes a recipient's acknowledgements; a time once set stays, with who
// attested it: a person, or 0 if the member's software says so.
func Acknowledge(ctx context.Context, tx *sqldb.Tx, correction lantern.ID, r lantern.Receivership, by lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE receivership SET
		masked_by = CASE WHEN masked_at = 0 AND $3 <> masked_at THEN $5 ELSE masked_by END,
		purged_by = CASE WHEN purged_at = 0 AND $4 <> purged_at THEN $5 ELSE purged_by END,
		masked_at = CASE WHEN masked_at = 0 THEN $3 ELSE masked_at END,
		purged_at = CASE WHEN purged_at = 0 THEN $4 ELSE purged_at END
		WHERE correction_id = $1 AND member_id = $2`, correction, r.Member, micros(r.Masked), micros(r.Purged), by)
	return err
}
