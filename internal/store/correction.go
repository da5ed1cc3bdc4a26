package store

import (
	"context"
	"database/sql"
	"slices"

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
	if !ok || err != nil {
		return c, ok, err
	}
	list := []CorrectionRow{c}
	err = receivershipsOf(ctx, tx, list)
	return list[0], true, err
}

const receivershipColumns = "member_id, sent_at, masked_at, masked_by, purged_at, purged_by"

// scanReceivership reads what stands before its columns into the rest.
func scanReceivership(s scanner, before ...any) (r lantern.Receivership, err error) {
	var sent, masked, purged, maskedBy, purgedBy int64
	err = s.Scan(append(before, &r.Member, &sent, &masked, &maskedBy, &purged, &purgedBy)...)
	r.Sent, r.Masked, r.Purged = fromMicros(sent), fromMicros(masked), fromMicros(purged)
	r.MaskedHow, r.PurgedHow = ackHow(masked, maskedBy), ackHow(purged, purgedBy)
	return r, err
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

// CorrectionsFor reads a page of the corrections that a member shared or must acknowledge,
// of every correction with member 0, with all their recipients: those opened after another
// one, 0 for the oldest, and if undone is set only those that somebody has not purged. It
// costs the page and what is passed over.
func CorrectionsFor(ctx context.Context, tx *sqldb.Tx, member, after lantern.ID, undone bool, limit int) ([]CorrectionRow, error) {
	opened, err := openedAt(ctx, tx, after)
	if err != nil {
		return nil, err
	}
	flag := 0
	if undone {
		flag = 1
	}
	rows, err := tx.Query(ctx, `SELECT `+correctionColumns+` FROM correction c WHERE (c.opened_at > $2 OR c.opened_at = $2 AND c.id > $3)
		AND (c.owner_id = $1 OR $1 = 0 OR EXISTS (SELECT 1 FROM receivership r WHERE r.correction_id = c.id AND r.member_id = $1))
		AND ($4 = 0 OR EXISTS (SELECT 1 FROM receivership u WHERE u.correction_id = c.id AND u.purged_at = 0))
		ORDER BY c.opened_at, c.id LIMIT $5`, member, opened, after, flag, limit)
	return withRecipients(ctx, tx, rows, err)
}

// CorrectionsOwed reads a page of the corrections of which a member owes an
// acknowledgement: what is purged is masked too. It costs what is owed, however much was done.
func CorrectionsOwed(ctx context.Context, tx *sqldb.Tx, member, after lantern.ID, limit int) ([]CorrectionRow, error) {
	opened, err := openedAt(ctx, tx, after)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT `+correctionColumns+` FROM receivership w JOIN correction c ON c.id = w.correction_id
		WHERE w.member_id = $1 AND w.purged_at = 0 AND (c.opened_at > $2 OR c.opened_at = $2 AND c.id > $3)
		ORDER BY c.opened_at, c.id LIMIT $4`, member, opened, after, limit)
	return withRecipients(ctx, tx, rows, err)
}

// openedAt reads when a correction was opened, in microseconds; 0 for none.
func openedAt(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (int64, error) {
	at, _, err := one(tx.QueryRow(ctx, `SELECT opened_at FROM correction WHERE id = $1`, id), "when a correction was opened",
		func(s scanner) (at int64, err error) { return at, s.Scan(&at) })
	return at, err
}

// withRecipients reads corrections, and the recipients of all of them.
func withRecipients(ctx context.Context, tx *sqldb.Tx, rows *sql.Rows, err error) ([]CorrectionRow, error) {
	list, err := all(rows, err, "corrections", scanCorrection)
	if err != nil {
		return nil, err
	}
	return list, receivershipsOf(ctx, tx, list)
}

// receivershipsOf reads the recipients of corrections.
func receivershipsOf(ctx context.Context, tx *sqldb.Tx, list []CorrectionRow) error {
	at := make(map[lantern.ID]*CorrectionRow, len(list))
	ids := make([]lantern.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
		at[ids[i]] = &list[i]
	}
	for chunk := range slices.Chunk(ids, insertRows) {
		rows, err := tx.Query(ctx, `SELECT correction_id, `+receivershipColumns+` FROM receivership
			WHERE correction_id IN (`+places(1, len(chunk))+`) ORDER BY correction_id, member_id`, identities(chunk)...)
		_, err = all(rows, err, "receiverships", func(s scanner) (struct{}, error) {
			var id lantern.ID
			r, err := scanReceivership(s, &id)
			at[id].Recipients = append(at[id].Recipients, r)
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
	}
	return nil
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
