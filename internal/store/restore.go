package store

import (
	"context"
	"time"

	"lantern/internal/sqldb"
)

// RestoreRow is one return of the database to a backup.
type RestoreRow struct {
	Kept     int64     // entries the log had then; the acceptance is the entry of this index
	Lost     int64     // size of the log before, as far as is known; 0 if it is not
	Root     []byte    // of the tree of that size; empty if it is not known
	Reason   string    // of the person who accepted it
	Accepted time.Time // zero while nobody did
}

// Restores reads the returns to a backup, oldest first.
func Restores(ctx context.Context, tx *sqldb.Tx) ([]RestoreRow, error) {
	rows, err := tx.Query(ctx, `SELECT kept, lost, root, reason, accepted_at FROM restore ORDER BY kept`)
	return all(rows, err, "restores", func(s scanner) (r RestoreRow, err error) {
		var accepted int64
		err = s.Scan(&r.Kept, &r.Lost, &r.Root, &r.Reason, &accepted)
		r.Accepted = fromMicros(accepted)
		return r, err
	})
}

// PutRestore stores a return to a backup as it stands.
func PutRestore(ctx context.Context, tx *sqldb.Tx, r RestoreRow) error {
	if r.Root == nil {
		r.Root = []byte{}
	}
	_, err := tx.Exec(ctx, `INSERT INTO restore (kept, lost, root, reason, accepted_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kept) DO UPDATE SET lost = excluded.lost, root = excluded.root, reason = excluded.reason, accepted_at = excluded.accepted_at`,
		r.Kept, r.Lost, r.Root, r.Reason, micros(r.Accepted))
	return err
}

// CountRestores counts the accepted returns to a backup.
func CountRestores(ctx context.Context, tx *sqldb.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM restore WHERE accepted_at <> 0`).Scan(&n)
	return n, err
}

// LeapEpochs makes every cursor of every member useless, those of a lost future too: no
// log has room for step changes of one membership.
func LeapEpochs(ctx context.Context, tx *sqldb.Tx, step int64) error {
	_, err := tx.Exec(ctx, `UPDATE membership SET epoch = epoch + $1`, step)
	return err
}

// LeafRows reads the entries in [from, to) with what they commit to, without the person
// parts.
func LeafRows(ctx context.Context, tx *sqldb.Tx, from, to int64) ([]LeafRow, error) {
	rows, err := tx.Query(ctx, `SELECT idx, data, facts, facts_salt, commitment FROM leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx`, from, to)
	return all(rows, err, "log entries", func(s scanner) (l LeafRow, err error) {
		return l, s.Scan(&l.Index, &l.Data, &l.Facts, &l.FactsSalt, &l.Commitment)
	})
}

// CountLeaves counts the entries of the log.
func CountLeaves(ctx context.Context, tx *sqldb.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM leaf`).Scan(&n)
	return n, err
}

// AnyWrapped reads one wrapped data key, if there is any.
func AnyWrapped(ctx context.Context, tx *sqldb.Tx) ([]byte, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT wrapped FROM secret LIMIT 1`), "a key", func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
}
