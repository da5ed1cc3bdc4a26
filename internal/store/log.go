package store

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// LogHead is the log's head: the tree's right edge and the time of the last entry.
type LogHead struct {
	Edge []byte
	Last time.Time
}

func scanLogHead(s scanner) (h LogHead, err error) {
	var last int64
	err = s.Scan(&h.Edge, &last)
	h.Last = fromMicros(last)
	return h, err
}

// ReadLogHead reads the head and, in a writing transaction, locks it: every writer of
// the exchange passes here one after the other.
func ReadLogHead(ctx context.Context, tx *sqldb.Tx, lock bool) (LogHead, bool, error) {
	q := `SELECT edge, last_at FROM log_head WHERE id = 1`
	if lock {
		q += tx.Lock()
	}
	return one(tx.QueryRow(ctx, q), "the log head", scanLogHead)
}

// PutLogHead writes the head.
func PutLogHead(ctx context.Context, tx *sqldb.Tx, h LogHead) error {
	_, err := tx.Exec(ctx, `UPDATE log_head SET edge = $1, last_at = $2 WHERE id = 1`, h.Edge, micros(h.Last))
	return err
}

// LeafRow is an entry of the log with the record behind it.
type LeafRow struct {
	Index      int64
	Data       []byte
	Actor      lantern.ID // the acting member
	Owner      lantern.ID // the sharer of the signal it touches, if any
	Signal     lantern.ID
	Facts      string
	FactsSalt  []byte
	Person     []byte // salt and person part, sealed under the signal's key; nil if none, or erased
	PersonSalt []byte // in the open where there is no person part
	Commitment []byte // of the person part
}

// InsertLeaves appends entries.
func InsertLeaves(ctx context.Context, tx *sqldb.Tx, list []LeafRow) error {
	rows := make([][]any, len(list))
	for i, l := range list {
		rows[i] = []any{l.Index, l.Data, int64(l.Actor), int64(l.Owner), int64(l.Signal), l.Facts, l.FactsSalt, l.Person, l.PersonSalt, l.Commitment}
	}
	_, err := tx.InsertMany(ctx, "leaf", []string{"idx", "data", "actor_id", "owner_id", "signal_id", "facts", "facts_salt", "person", "person_salt", "commitment"}, "", rows)
	return err
}

// Leaf reads one entry.
func Leaf(ctx context.Context, tx *sqldb.Tx, index int64) (LeafRow, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT idx, data, actor_id, owner_id, signal_id, facts, facts_salt, person, person_salt, commitment
		FROM leaf WHERE idx = $1`, index), "a log entry", func(s scanner) (l LeafRow, err error) {
		return l, s.Scan(&l.Index, &l.Data, &l.Actor, &l.Owner, &l.Signal, &l.Facts, &l.FactsSalt, &l.Person, &l.PersonSalt, &l.Commitment)
	})
}

// Leaves reads the bytes of the entries in [from, to).
func Leaves(ctx context.Context, tx *sqldb.Tx, from, to int64) ([][]byte, error) {
	rows, err := tx.Query(ctx, `SELECT data FROM leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx`, from, to)
	return all(rows, err, "log entries", func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
}

// FactsOf reads what the log's entries by a member about a signal tell, oldest first.
func FactsOf(ctx context.Context, tx *sqldb.Tx, signal, member lantern.ID) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT facts FROM leaf WHERE signal_id = $1 AND actor_id = $2 ORDER BY idx`, signal, member)
	return all(rows, err, "facts of log entries", func(s scanner) (text string, err error) { return text, s.Scan(&text) })
}

// InsertTile stores a full tile of hashes and its root.
func InsertTile(ctx context.Context, tx *sqldb.Tx, level int, n int64, data, root []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO tile (level, n, data, root) VALUES ($1, $2, $3, $4)`, level, n, data, root)
	return err
}

// TileRoots reads the roots of the full tiles of a level with numbers in [from, to).
func TileRoots(ctx context.Context, tx *sqldb.Tx, level int, from, to int64) ([][]byte, error) {
	rows, err := tx.Query(ctx, `SELECT root FROM tile WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n`, level, from, to)
	return all(rows, err, "tile roots", func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
}

// InitLog makes the head of an empty log unless there is one.
func InitLog(ctx context.Context, tx *sqldb.Tx, edge []byte) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO log_head (id, edge, last_at) VALUES (1, $1, 0) ON CONFLICT (id) DO NOTHING`, edge)
	return n > 0, err
}

// Tile reads a full tile of hashes.
func Tile(ctx context.Context, tx *sqldb.Tx, level int, n int64) ([]byte, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT data FROM tile WHERE level = $1 AND n = $2`, level, n), "a tile",
		func(s scanner) (b []byte, err error) { return b, s.Scan(&b) })
}

// Answer is a remembered answer to a write.
type Answer struct {
	Digest []byte
	Status int
	Body   []byte
}

// RememberedAnswer reads the answer given to a member's earlier request with that mark.
func RememberedAnswer(ctx context.Context, tx *sqldb.Tx, member lantern.ID, mark []byte, since time.Time) (Answer, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT digest, status, answer FROM idempotency WHERE member_id = $1 AND mark = $2 AND at >= $3`,
		member, mark, micros(since)), "a remembered answer", func(s scanner) (a Answer, err error) {
		return a, s.Scan(&a.Digest, &a.Status, &a.Body)
	})
}

// RememberAnswer stores the answer to a write.
func RememberAnswer(ctx context.Context, tx *sqldb.Tx, member lantern.ID, mark []byte, a Answer, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO idempotency (member_id, mark, digest, status, answer, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (member_id, mark) DO UPDATE SET digest = excluded.digest, status = excluded.status, answer = excluded.answer, at = excluded.at`,
		member, mark, a.Digest, a.Status, a.Body, micros(at))
	return err
}

// ClaimAnswer enters a request without its answer yet and reports whether it was free:
// an entry younger than since stays as it is.
func ClaimAnswer(ctx context.Context, tx *sqldb.Tx, member lantern.ID, mark, digest []byte, at, since time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO idempotency (member_id, mark, digest, status, answer, at) VALUES ($1, $2, $3, 0, $4, $5)
		ON CONFLICT (member_id, mark) DO UPDATE SET digest = excluded.digest, status = 0, answer = excluded.answer, at = excluded.at
		WHERE idempotency.at < $6`, member, mark, digest, []byte{}, micros(at), micros(since))
	return n > 0, err
}

// LastIDBlock reads the last block of signal ids that was taken; 0 if none was. The
// caller holds the log's head, so no other process takes one meanwhile.
func LastIDBlock(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	n, _, err := one(tx.QueryRow(ctx, `SELECT last FROM id_block WHERE id = 1`), "the last block of ids",
		func(s scanner) (n int64, err error) { return n, s.Scan(&n) })
	return n, err
}

// PutIDBlock notes that a block was taken.
func PutIDBlock(ctx context.Context, tx *sqldb.Tx, block int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO id_block (id, last) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET last = excluded.last`, block)
	return err
}
