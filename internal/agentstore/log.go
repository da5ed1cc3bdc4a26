package agentstore

import (
	"context"

	"lantern/internal/sqldb"
)

// LoadLogHead returns the right edge of the agent's own log, nil if it is empty.
func LoadLogHead(ctx context.Context, tx *sqldb.Tx) ([]byte, error) {
	var edge []byte
	err := tx.QueryRow(ctx, `SELECT edge FROM log_head WHERE id = 1`).Scan(&edge)
	if absent(err) {
		return nil, nil
	}
	return edge, err
}

// LoadLogSize returns how many entries the head of the agent's own log counts, and how many acts of
// people there are, each of which is an entry.
func LoadLogSize(ctx context.Context, tx *sqldb.Tx) (size, acts int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE((SELECT size FROM log_head WHERE id = 1), 0), (SELECT COUNT(*) FROM acts)`).Scan(&size, &acts)
	return size, acts, err
}

// AppendLog adds a leaf and moves the head.
func AppendLog(ctx context.Context, tx *sqldb.Tx, number int64, leaf []byte, opening string, edge []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO log_leaves (number, leaf, opening) VALUES ($1, $2, $3)`, number, leaf, opening)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO log_head (id, size, edge) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET size = excluded.size, edge = excluded.edge`, number+1, edge)
	return err
}

// LogLeaf returns one leaf of the agent's own log, nil if it has none of that number.
func LogLeaf(ctx context.Context, tx *sqldb.Tx, number int64) ([]byte, error) {
	var leaf []byte
	err := tx.QueryRow(ctx, `SELECT leaf FROM log_leaves WHERE number = $1`, number).Scan(&leaf)
	if absent(err) {
		return nil, nil
	}
	return leaf, err
}

// EachLogLeafFrom calls each for every leaf of the agent's own log in order, the number from first.
// It reads no openings, which are far larger.
func EachLogLeafFrom(ctx context.Context, tx *sqldb.Tx, from int64, each func(leaf []byte) error) error {
	rows, err := tx.Query(ctx, `SELECT leaf FROM log_leaves WHERE number >= $1 ORDER BY number`, from)
	return eachRow(rows, err, func() error {
		var leaf []byte
		if err := rows.Scan(&leaf); err != nil {
			return err
		}
		return each(leaf)
	})
}

// EachLogLeaf calls each for every leaf of the agent's own log in order.
func EachLogLeaf(ctx context.Context, tx *sqldb.Tx, each func(leaf []byte, opening string) error) error {
	rows, err := tx.Query(ctx, `SELECT leaf, opening FROM log_leaves ORDER BY number`)
	return eachRow(rows, err, func() error {
		var leaf []byte
		var opening string
		if err := rows.Scan(&leaf, &opening); err != nil {
			return err
		}
		return each(leaf, opening)
	})
}
