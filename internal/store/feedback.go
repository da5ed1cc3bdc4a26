package store

import (
	"context"

	"lantern"
	"lantern/internal/sqldb"
)

// PutFeedback stores a reaction and reports whether it is new; a repeated one changes
// nothing.
func PutFeedback(ctx context.Context, tx *sqldb.Tx, f lantern.Feedback) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO feedback (signal_id, member_id, reaction, id, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (signal_id, member_id, reaction) DO NOTHING`, f.Signal, f.Member, string(f.Reaction), f.ID, micros(f.At))
	return n > 0, err
}

// DropFeedback takes a reaction back and reports whether there was one.
func DropFeedback(ctx context.Context, tx *sqldb.Tx, f lantern.Feedback) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM feedback WHERE signal_id = $1 AND member_id = $2 AND reaction = $3`,
		f.Signal, f.Member, string(f.Reaction))
	return n > 0, err
}

// SettleFeedback removes a reaction of everybody: what it was about has changed.
func SettleFeedback(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, r lantern.Reaction) error {
	_, err := tx.Exec(ctx, `DELETE FROM feedback WHERE signal_id = $1 AND reaction = $2`, signal, string(r))
	return err
}

const feedbackColumns = `SELECT id, signal_id, member_id, reaction, at FROM feedback`

func scanFeedback(s scanner) (f lantern.Feedback, err error) {
	var at int64
	err = s.Scan(&f.ID, &f.Signal, &f.Member, &f.Reaction, &at)
	f.At = fromMicros(at)
	return f, err
}

// Feedbacks reads the reactions to a signal, oldest first.
func Feedbacks(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]lantern.Feedback, error) {
	rows, err := tx.Query(ctx, feedbackColumns+` WHERE signal_id = $1 ORDER BY at, id`, signal)
	return all(rows, err, "feedback", scanFeedback)
}
