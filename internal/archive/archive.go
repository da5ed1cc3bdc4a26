package archive

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// Header is what an archive says of itself.
type Header struct {
	Made     time.Time       `json:"made"`
	Versions []sqldb.Version `json:"versions"` // of the schema
}

// Totals is how many rows the tables have.
type Totals map[string]int64

// Rows is their sum.
func (t Totals) Rows() (n int64) {
	for _, rows := range t {
		n += rows
	}
	return n
}

// Seal makes the seal over an archive, in the transaction that saw what is in it.
type Seal func(ctx context.Context, tx *sqldb.Tx, digest [sha256.Size]byte) ([]byte, error)

// Check looks at what was loaded, in the transaction that loaded it, and at the seal. An
// error undoes everything.
type Check func(ctx context.Context, tx *sqldb.Tx, digest [sha256.Size]byte, seal []byte) error

// Dump writes everything the database holds as one moment shows it, while others go on
// reading and writing. migrations is the schema's history. The caller syncs w.
func Dump(ctx context.Context, db *sqldb.DB, migrations fs.FS, made time.Time, w io.Writer, seal Seal) (Totals, error) {
	out, err := newBlockWriter(w)
	if err != nil {
		return nil, fmt.Errorf("writing an archive: %w", err)
	}
	var totals Totals
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		if totals != nil {
			return errors.New("the transaction was begun again while its rows were being written")
		}
		totals = Totals{}
		return dump(ctx, tx, migrations, made, out, totals, seal)
	})
	if err := errors.Join(err, out.out.Close()); err != nil {
		return nil, fmt.Errorf("writing an archive: %w", err)
	}
	return totals, nil
}

func dump(ctx context.Context, tx *sqldb.Tx, migrations fs.FS, made time.Time, out *blockWriter, totals Totals, seal Seal) error {
	n, err := tx.Applied(ctx, migrations)
	if err != nil {
		return err
	}
	versions, err := sqldb.Versions(migrations)
	if err != nil {
		return err
	}
	tables, err := sqldb.Tables(migrations, n)
	if err != nil {
		return err
	}
	if err := writeJSON(out, headerBlock, Header{made.UTC(), versions[:n]}); err != nil {
		return err
	}
	for _, t := range tables {
		if err := writeJSON(out, tableBlock, t); err != nil {
			return err
		}
		if totals[t.Name], err = dumpTable(ctx, tx, t, out); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	if err := writeJSON(out, endBlock, totals); err != nil {
		return err
	}
	mark, err := seal(ctx, tx, out.chain)
	if err != nil {
		return err
	}
	return out.write(sealBlock, mark)
}

func writeJSON(out *blockWriter, kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return out.write(kind, b)
}

// dumpTable writes the rows of one table.
func dumpTable(ctx context.Context, tx *sqldb.Tx, t sqldb.Table, out *blockWriter) (n int64, err error) {
	scan, err := newRowScanner(t)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, scan.query())
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var buf []byte
	for rows.Next() {
		if err := rows.Scan(scan.dest...); err != nil {
			return n, errors.New("a row cannot be read") // the error could repeat it
		}
		n++
		if buf = scan.append(buf); len(buf) >= rowsSize {
			if err := out.write(rowsBlock, buf); err != nil {
				return n, err
			}
			buf = buf[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return n, err
	}
	if len(buf) > 0 {
		err = out.write(rowsBlock, buf)
	}
	return n, err
}

// Load reads an archive into a database that holds nothing. It is one transaction: unless
// everything was read, counted and checked, nothing stays. An archive of an older schema is
// loaded under that; migrate afterwards.
func Load(ctx context.Context, db *sqldb.DB, migrations fs.FS, r io.Reader, check Check) (h Header, totals Totals, err error) {
	in, err := newBlockReader(r)
	if err != nil {
		return h, nil, err
	}
	defer in.in.Close()
	if h, err = readHeader(in, migrations); err != nil {
		return h, nil, err
	}
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		if totals != nil {
			return lantern.Errorf(lantern.Unavailable, "another transaction was in the way of a restore")
		}
		totals = Totals{}
		if err := tx.MigrateEmpty(ctx, migrations, len(h.Versions)); err != nil {
			return err
		}
		tables, err := sqldb.Tables(migrations, len(h.Versions))
		if err != nil {
			return err
		}
		l := loader{in: in, tables: tables, totals: totals}
		return l.run(ctx, tx, check)
	})
	return h, totals, err
}

// readHeader reads the header and holds it to the migrations of this binary.
func readHeader(in *blockReader, migrations fs.FS) (h Header, err error) {
	kind, payload, err := in.read()
	if err != nil {
		return h, err
	}
	if kind != headerBlock || json.Unmarshal(payload, &h) != nil {
		return h, errDamaged("it has no header")
	}
	versions, err := sqldb.Versions(migrations)
	if err != nil {
		return h, err
	}
	if n := len(h.Versions); n == 0 || n > len(versions) || !reflect.DeepEqual(h.Versions, versions[:n]) {
		return h, &lantern.Error{Kind: lantern.Unsupported, Reason: "the archive holds a schema this binary does not know", Fix: "use the binary that wrote it, or a newer one"}
	}
	return h, nil
}

// loader is a load on its way.
type loader struct {
	in     *blockReader
	tables []sqldb.Table // of the schema
	totals Totals
	at     int // tables begun
	rows   [][]any
}

// batch is how many rows are inserted at once.
const batch = 1000

func (l *loader) run(ctx context.Context, tx *sqldb.Tx, check Check) error {
	for {
		kind, payload, err := l.in.read()
		if err != nil {
			return err
		}
		switch kind {
		case tableBlock:
			err = l.begin(ctx, tx, payload)
		case rowsBlock:
			err = l.take(ctx, tx, payload)
		case endBlock:
			if err := l.finish(ctx, tx, payload); err != nil {
				return err
			}
			return l.sealed(ctx, tx, check)
		default:
			err = errDamaged("a block of an unknown kind")
		}
		if err != nil {
			return err
		}
	}
}

// begin turns to the next table, which must be the schema's next.
func (l *loader) begin(ctx context.Context, tx *sqldb.Tx, payload []byte) error {
	if err := l.flush(ctx, tx); err != nil {
		return err
	}
	var t sqldb.Table
	if json.Unmarshal(payload, &t) != nil || l.at >= len(l.tables) || t.Name != l.tables[l.at].Name || !reflect.DeepEqual(t.Columns, l.tables[l.at].Columns) {
		return errDamaged("its tables are not those of its schema")
	}
	l.at++
	l.totals[t.Name] = 0
	return nil
}

// take inserts the rows of a block.
func (l *loader) take(ctx context.Context, tx *sqldb.Tx, payload []byte) error {
	if l.at == 0 {
		return errDamaged("rows of no table")
	}
	t := l.tables[l.at-1]
	for len(payload) > 0 {
		row, rest, err := decodeRow(t, payload)
		if err != nil {
			return errDamaged(err.Error())
		}
		payload = rest
		l.totals[t.Name]++
		if l.rows = append(l.rows, row); len(l.rows) == batch {
			if err := l.flush(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush inserts what was gathered.
func (l *loader) flush(ctx context.Context, tx *sqldb.Tx) error {
	if len(l.rows) == 0 {
		return nil
	}
	t := l.tables[l.at-1]
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	_, err := tx.InsertMany(ctx, t.Name, names, "", l.rows)
	l.rows = l.rows[:0]
	return err
}

// finish compares the counts.
func (l *loader) finish(ctx context.Context, tx *sqldb.Tx, payload []byte) error {
	if err := l.flush(ctx, tx); err != nil {
		return err
	}
	var want Totals
	if json.Unmarshal(payload, &want) != nil || l.at != len(l.tables) || !reflect.DeepEqual(want, l.totals) {
		return errDamaged("its tables are not all there")
	}
	return nil
}

// sealed reads the seal and has everything checked.
func (l *loader) sealed(ctx context.Context, tx *sqldb.Tx, check Check) error {
	digest := l.in.chain
	kind, payload, err := l.in.read()
	if err != nil {
		return err
	}
	if kind != sealBlock {
		return errDamaged("it has no seal")
	}
	seal := append([]byte{}, payload...)
	if err := l.in.end(); err != nil {
		return err
	}
	return check(ctx, tx, digest, seal)
}
