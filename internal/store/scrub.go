package store

import (
	"context"
	"time"

	"lantern/internal/sqldb"
)

// AskScrubs notes that something was erased: its bytes must be destroyed in the
// database's files by every scrub of these names. It belongs in the transaction of the
// erasure, so that a crash cannot forget it.
func AskScrubs(ctx context.Context, tx *sqldb.Tx, at time.Time, names ...string) error {
	rows := make([][]any, len(names))
	for i, name := range names {
		rows[i] = []any{name, micros(at), 0}
	}
	_, err := tx.InsertMany(ctx, "scrub", []string{"name", "asked_at", "done_at"},
		"ON CONFLICT (name) DO UPDATE SET asked_at = excluded.asked_at", rows)
	return err
}

// ScrubAsked reads the time of the newest erasure that a scrub has not destroyed yet; ok
// is false if there is none.
func ScrubAsked(ctx context.Context, tx *sqldb.Tx, name string) (asked time.Time, ok bool, err error) {
	return one(tx.QueryRow(ctx, `SELECT asked_at FROM scrub WHERE name = $1 AND asked_at > done_at`, name), "a scrub",
		func(s scanner) (time.Time, error) {
			var at int64
			err := s.Scan(&at)
			return fromMicros(at), err
		})
}

// ScrubDone notes that what was erased up to a time is destroyed.
func ScrubDone(ctx context.Context, tx *sqldb.Tx, name string, asked time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE scrub SET done_at = $2 WHERE name = $1 AND done_at < $3`, name, micros(asked), micros(asked))
	return err
}
