package store

import (
	"context"

	"lantern"
	"lantern/internal/sqldb"
)

const anchorColumns = `member_id, log, size, root, breaks, entry, at`

func scanAnchor(s scanner) (n lantern.Anchor, err error) {
	var at int64
	err = s.Scan(&n.Member, &n.Log, &n.Size, &n.Root, &n.Breaks, &n.Entry, &at)
	n.At = fromMicros(at)
	return n, err
}

// Anchor reads the newest anchor of a log.
func Anchor(ctx context.Context, tx *sqldb.Tx, member lantern.ID, log []byte) (lantern.Anchor, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+anchorColumns+` FROM anchor WHERE member_id = $1 AND log = $2`, member, log), "an anchor", scanAnchor)
}

// Anchors reads the newest anchor of each log of a member; 0 stands for all members.
func Anchors(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]lantern.Anchor, error) {
	rows, err := tx.Query(ctx, `SELECT `+anchorColumns+` FROM anchor WHERE member_id = $1 OR $1 = 0 ORDER BY member_id, entry`, member)
	return all(rows, err, "anchors", scanAnchor)
}

// CountAnchors counts the logs of a member that have an anchor.
func CountAnchors(ctx context.Context, tx *sqldb.Tx, member lantern.ID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM anchor WHERE member_id = $1`, member).Scan(&n)
	return n, err
}

// PutAnchor makes an anchor the newest of its log.
func PutAnchor(ctx context.Context, tx *sqldb.Tx, n lantern.Anchor) error {
	_, err := tx.Exec(ctx, `INSERT INTO anchor (member_id, log, size, root, breaks, entry, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (member_id, log) DO UPDATE SET size = excluded.size, root = excluded.root, breaks = excluded.breaks,
			entry = excluded.entry, at = excluded.at`, n.Member, n.Log, n.Size, n.Root, n.Breaks, n.Entry, micros(n.At))
	return err
}
