package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// OpenHunt returns the id of the hunt of a name, which begins under the id given if there is
// none, and notes that it runs.
func OpenHunt(ctx context.Context, tx *sqldb.Tx, name string, fresh lantern.ID, at time.Time) (id lantern.ID, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO hunts (id, name, begun, at) VALUES ($1, $2, $3, $3)
		ON CONFLICT (name) DO UPDATE SET at = excluded.at RETURNING id`, fresh, name, Micros(at)).Scan(&id)
	return id, err
}

// LoadHuntID returns the id of the hunt of a name; found is false if there is none.
func LoadHuntID(ctx context.Context, tx *sqldb.Tx, name string) (id lantern.ID, found bool, err error) {
	err = tx.QueryRow(ctx, `SELECT id FROM hunts WHERE name = $1`, name).Scan(&id)
	if absent(err) {
		return 0, false, nil
	}
	return id, err == nil, err
}

// LoadHunts returns all hunts by name; arrived is up to where a file must have been looked
// at so as not to be behind.
func LoadHunts(ctx context.Context, tx *sqldb.Tx, arrived int64) ([]lantern.Hunt, error) {
	rows, err := tx.Query(ctx, `SELECT h.name, h.begun, h.at, COUNT(f.item),
		COALESCE(SUM(CASE WHEN f.looked < $1 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN f.trouble <> '' THEN 1 ELSE 0 END), 0)
		FROM hunts h LEFT JOIN hunted f ON f.hunt = h.id GROUP BY h.id, h.name, h.begun, h.at ORDER BY h.begun, h.id`, arrived)
	return collect(rows, err, func(h *lantern.Hunt) error {
		var begun, at int64
		err := rows.Scan(&h.Name, &begun, &at, &h.Files, &h.Behind, &h.Troubled)
		h.Begun, h.At = FromMicros(begun), FromMicros(at)
		return err
	})
}

// ForgetHunt deletes a hunt with all it knows; found is false if there is none.
func ForgetHunt(ctx context.Context, tx *sqldb.Tx, name string) (found bool, err error) {
	id, found, err := LoadHuntID(ctx, tx, name)
	if err != nil || !found {
		return false, err
	}
	for _, q := range []string{
		`DELETE FROM hunted_pieces WHERE hunt = $1`,
		`DELETE FROM hunted WHERE hunt = $1`,
		`DELETE FROM hunts WHERE id = $1`,
	} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return false, err
		}
	}
	return true, nil
}

// HuntedRow is a file that was looked at to its end.
type HuntedRow struct {
	Item     []byte // keyed digest of its path
	Size     int64
	Modified int64  // nanoseconds; 0 if it cannot be relied on
	Content  []byte // keyed digest of its bytes
	Looked   int64  // the arrival up to which it was looked at
	Reading  string // the rules by which it was read
	Checks   int64  // checks of the engine's files that had begun when it had been looked at
	Trouble  string // JSON list of what could not be looked at, "" for nothing
}

// LoadHunted returns what a hunt knows of files, by their item.
func LoadHunted(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, items [][]byte) (map[string]*HuntedRow, error) {
	known := make(map[string]*HuntedRow, len(items))
	err := inChunks(items, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT item, size, modified, content, looked, reading, trouble FROM hunted
			WHERE hunt = $1 AND item IN `+list(2, len(args)), append([]any{hunt}, args...)...)
		return eachRow(rows, err, func() error {
			var f HuntedRow
			if err := rows.Scan(&f.Item, &f.Size, &f.Modified, &f.Content, &f.Looked, &f.Reading, &f.Trouble); err != nil {
				return err
			}
			known[string(f.Item)] = &f
			return nil
		})
	})
	return known, err
}

// SaveHunted notes that a file was looked at to its end.
func SaveHunted(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, f *HuntedRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO hunted (hunt, item, size, modified, content, looked, reading, trouble, checks)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (hunt, item) DO UPDATE SET size = excluded.size, modified = excluded.modified, content = excluded.content,
		looked = excluded.looked, reading = excluded.reading, trouble = excluded.trouble, checks = excluded.checks`,
		hunt, f.Item, f.Size, f.Modified, f.Content, f.Looked, f.Reading, f.Trouble, f.Checks)
	return err
}

// ForgetHunted forgets what was looked at once a number of checks of the engine's files had
// begun, by every hunt: it is due again.
func ForgetHunted(ctx context.Context, tx *sqldb.Tx, checks int64) error {
	for _, q := range []string{`DELETE FROM hunted_pieces WHERE checks >= $1`, `DELETE FROM hunted WHERE checks >= $1`} {
		if _, err := tx.Exec(ctx, q, checks); err != nil {
			return err
		}
	}
	return nil
}

// TouchHunted notes that a file has another time and the same bytes.
func TouchHunted(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, item []byte, modified int64) error {
	_, err := tx.Exec(ctx, `UPDATE hunted SET modified = $1 WHERE hunt = $2 AND item = $3`, modified, hunt, item)
	return err
}

// PieceRow is a piece of a file that was looked at.
type PieceRow struct {
	Piece   []byte // keyed digest of its bytes and of where they stand
	Pass    int64
	Looked  int64
	Trouble string
	Checks  int64 // as of a file; written, not read
}

// LoadPiece returns what a hunt knows of a piece; found is false if nothing.
func LoadPiece(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, item, piece []byte) (p PieceRow, found bool, err error) {
	p.Piece = piece
	err = tx.QueryRow(ctx, `SELECT pass, looked, trouble FROM hunted_pieces WHERE hunt = $1 AND item = $2 AND piece = $3`,
		hunt, item, piece).Scan(&p.Pass, &p.Looked, &p.Trouble)
	if absent(err) {
		return p, false, nil
	}
	return p, err == nil, err
}

// SavePiece notes that a piece was looked at.
func SavePiece(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, item []byte, p *PieceRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO hunted_pieces (hunt, item, piece, pass, looked, trouble, checks) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (hunt, item, piece) DO UPDATE SET pass = excluded.pass, looked = excluded.looked, trouble = excluded.trouble, checks = excluded.checks`,
		hunt, item, p.Piece, p.Pass, p.Looked, p.Trouble, p.Checks)
	return err
}

// LoadPieces returns the pieces of one pass over a file, in no order.
func LoadPieces(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, item []byte, pass int64) ([]PieceRow, error) {
	rows, err := tx.Query(ctx, `SELECT piece, pass, looked, trouble FROM hunted_pieces WHERE hunt = $1 AND item = $2 AND pass = $3`, hunt, item, pass)
	return collect(rows, err, func(p *PieceRow) error { return rows.Scan(&p.Piece, &p.Pass, &p.Looked, &p.Trouble) })
}

// DropPieces forgets the pieces of earlier passes: the file is cut otherwise.
func DropPieces(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, item []byte, pass int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM hunted_pieces WHERE hunt = $1 AND item = $2 AND pass <> $3`, hunt, item, pass)
	return err
}
