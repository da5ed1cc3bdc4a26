package agentstore

import (
	"context"

	"lantern"
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
	return SaveLogHead(ctx, tx, number+1, edge)
}

// SaveLogHead moves the head of the agent's own log.
func SaveLogHead(ctx context.Context, tx *sqldb.Tx, size int64, edge []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO log_head (id, size, edge) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET size = excluded.size, edge = excluded.edge`, size, edge)
	return err
}

// FirstLogLeaf returns the first leaf of the agent's own log that is another than that, nil if
// there is none.
func FirstLogLeaf(ctx context.Context, tx *sqldb.Tx, than []byte) ([]byte, error) {
	var leaf []byte
	err := tx.QueryRow(ctx, `SELECT leaf FROM log_leaves WHERE leaf <> $1 ORDER BY number LIMIT 1`, than).Scan(&leaf)
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
func EachLogLeaf(ctx context.Context, tx *sqldb.Tx, each func(number int64, leaf []byte, opening string) error) error {
	rows, err := tx.Query(ctx, `SELECT number, leaf, opening FROM log_leaves ORDER BY number`)
	return eachRow(rows, err, func() error {
		var number int64
		var leaf []byte
		var opening string
		if err := rows.Scan(&number, &leaf, &opening); err != nil {
			return err
		}
		return each(number, leaf, opening)
	})
}

// DropOddLog deletes what no agent wrote into its own log: rows whose number, or size, is
// negative, or limit or more. It reports whether the head went.
func DropOddLog(ctx context.Context, tx *sqldb.Tx, limit int64) (head bool, err error) {
	if _, err := tx.Exec(ctx, `DELETE FROM log_leaves WHERE number < 0 OR number >= $1`, limit); err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM log_head WHERE size < 0 OR size >= $1`, limit)
	return n > 0, err
}

// PutStandIns puts one leaf, without an opening, in the place of others.
func PutStandIns(ctx context.Context, tx *sqldb.Tx, leaf []byte, numbers []int64) error {
	rows := make([][]any, len(numbers))
	for i, n := range numbers {
		rows[i] = []any{n, leaf, ""}
	}
	_, err := tx.InsertMany(ctx, "log_leaves", []string{"number", "leaf", "opening"},
		`ON CONFLICT (number) DO UPDATE SET leaf = excluded.leaf, opening = excluded.opening`, rows)
	return err
}

// RestoreEntry notes that an entry of the agent's own log records a decision on a hit, if the hit
// is there.
func RestoreEntry(ctx context.Context, tx *sqldb.Tx, hit lantern.ID, number int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO hit_entries (hit, entry) SELECT id, $1 FROM hits WHERE id = $2 ON CONFLICT (hit, entry) DO NOTHING`, number, hit)
	return err
}

// DropLostEntries forgets of entries that are lost which hits they were about.
func DropLostEntries(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM hit_entries WHERE NOT EXISTS
		(SELECT 1 FROM log_leaves l WHERE l.number = hit_entries.entry AND l.opening <> '')`)
	return err
}
