package archive

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"lantern/internal/sqldb"
)

// The kinds of values.
const (
	null = iota
	integer
	text
	octets
	no
	yes
	float
)

// rowScanner scans rows of one table and encodes them.
type rowScanner struct {
	table sqldb.Table
	cells []cell
	dest  []any
}

// cell receives one column.
type cell struct {
	kind string
	n    sql.Null[int64]
	s    sql.Null[string]
	b    []byte
	none int64 // of bytes: whether they are null, which an engine may not tell from empty
	t    sql.Null[bool]
	f    sql.Null[float64]
}

func newRowScanner(t sqldb.Table) (*rowScanner, error) {
	r := &rowScanner{table: t, cells: make([]cell, len(t.Columns))}
	for i, c := range t.Columns {
		cell := &r.cells[i]
		switch cell.kind = c.Type; c.Type {
		case "BIGINT":
			r.dest = append(r.dest, &cell.n)
		case "TEXT":
			r.dest = append(r.dest, &cell.s)
		case "BYTEA":
			r.dest = append(r.dest, &cell.b, &cell.none)
		case "BOOLEAN":
			r.dest = append(r.dest, &cell.t)
		case "DOUBLE":
			r.dest = append(r.dest, &cell.f)
		default:
			return nil, fmt.Errorf("table %s: a column of type %s cannot be archived", t.Name, c.Type)
		}
	}
	return r, nil
}

// query selects every row, in the order of the key.
func (r *rowScanner) query() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, c := range r.table.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name)
		if c.Type == "BYTEA" {
			b.WriteString(", CASE WHEN " + c.Name + " IS NULL THEN 1 ELSE 0 END")
		}
	}
	b.WriteString(" FROM " + r.table.Name)
	if len(r.table.Key) > 0 {
		b.WriteString(" ORDER BY " + strings.Join(r.table.Key, ", "))
	}
	return b.String()
}

// append encodes the row that was scanned.
func (r *rowScanner) append(b []byte) []byte {
	for i := range r.cells {
		c := &r.cells[i]
		switch {
		case c.kind == "BIGINT" && c.n.Valid:
			b = binary.AppendVarint(append(b, integer), c.n.V)
		case c.kind == "TEXT" && c.s.Valid:
			b = append(binary.AppendUvarint(append(b, text), uint64(len(c.s.V))), c.s.V...)
		case c.kind == "BYTEA" && c.none == 0:
			b = append(binary.AppendUvarint(append(b, octets), uint64(len(c.b))), c.b...)
		case c.kind == "BOOLEAN" && c.t.Valid && c.t.V:
			b = append(b, yes)
		case c.kind == "BOOLEAN" && c.t.Valid:
			b = append(b, no)
		case c.kind == "DOUBLE" && c.f.Valid:
			b = binary.BigEndian.AppendUint64(append(b, float), math.Float64bits(c.f.V))
		default:
			b = append(b, null)
		}
	}
	return b
}

// fits says which values a column of a type takes.
var fits = map[string][]byte{"BIGINT": {integer}, "TEXT": {text}, "BYTEA": {octets}, "BOOLEAN": {no, yes}, "DOUBLE": {float}}

// errRow tells a payload that holds no whole rows of its table.
var errRow = errors.New("a row is malformed")

// decodeRow reads one row and returns what follows it.
func decodeRow(t sqldb.Table, b []byte) (row []any, rest []byte, err error) {
	row = make([]any, len(t.Columns))
	for i, c := range t.Columns {
		if len(b) == 0 {
			return nil, nil, errRow
		}
		kind := b[0]
		b = b[1:]
		if kind != null && !strings.Contains(string(fits[c.Type]), string(rune(kind))) {
			return nil, nil, errRow
		}
		if row[i], b, err = decodeValue(kind, b); err != nil {
			return nil, nil, err
		}
	}
	return row, b, nil
}

func decodeValue(kind byte, b []byte) (v any, rest []byte, err error) {
	switch kind {
	case null:
		return nil, b, nil
	case no, yes:
		return kind == yes, b, nil
	case integer:
		n, size := binary.Varint(b)
		if size <= 0 {
			return nil, nil, errRow
		}
		return n, b[size:], nil
	case float:
		if len(b) < 8 {
			return nil, nil, errRow
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), b[8:], nil
	case text, octets:
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, nil, errRow
		}
		content := b[size : size+int(n)]
		if kind == text {
			return string(content), b[size+int(n):], nil
		}
		return append([]byte{}, content...), b[size+int(n):], nil
	}
	return nil, nil, errRow
}
