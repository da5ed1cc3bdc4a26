package display

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The formats.
const (
	Table  = "table"
	JSON   = "json"
	NDJSON = "ndjson"
	CSV    = "csv"
)

// Printer writes data to one output in one format.
type Printer struct {
	w      io.Writer
	Format string
	bold   bool // headings stand out
	narrow bool // long cells are cut: a person looks, not a program
}

// NewPrinter returns a Printer to w. Without a format it is a table on a terminal, where
// a person reads, and NDJSON elsewhere, where a program does. env looks environment
// variables up: NO_COLOR and TERM are heeded.
func NewPrinter(w io.Writer, format string, terminal bool, env func(string) (string, bool)) *Printer {
	if format == "" {
		format = NDJSON
		if terminal {
			format = Table
		}
	}
	_, noColor := env("NO_COLOR")
	term, _ := env("TERM")
	return &Printer{w: w, Format: format, bold: terminal && !noColor && term != "dumb", narrow: terminal}
}

// Column is one column of a table or CSV: its heading and how to show it.
type Column[T any] struct {
	head string
	cell func(T) string
}

// Col is short for a Column.
func Col[T any](head string, cell func(T) string) Column[T] {
	return Column[T]{head, cell}
}

// Listing shows a stream of things of one kind: the whole thing as JSON, its columns in a
// table or CSV.
type Listing[T any] struct {
	p      *Printer
	cols   []Column[T]
	csv    *csv.Writer
	table  [][]string // rows not yet written
	widths []int
	begun  bool
}

// List starts a Listing; whoever starts it closes it.
func List[T any](p *Printer, cols ...Column[T]) *Listing[T] {
	return &Listing[T]{p: p, cols: cols, csv: csv.NewWriter(p.w), widths: make([]int, len(cols))}
}

// Add shows one thing, at once or at the next flush.
func (l *Listing[T]) Add(v T) error {
	switch l.p.Format {
	case NDJSON:
		return writeJSON(l.p.w, v, "", "\n")
	case JSON:
		sep := ",\n  "
		if !l.begun {
			sep = "[\n  "
		}
		l.begun = true
		if _, err := io.WriteString(l.p.w, sep); err != nil {
			return err
		}
		return writeJSON(l.p.w, v, "  ", "")
	case CSV:
		if err := l.heading(); err != nil {
			return err
		}
		return l.csv.Write(l.cells(v, csvCell))
	}
	l.table = append(l.table, l.cells(v, Clean))
	return nil
}

func (l *Listing[T]) cells(v T, safe func(string) string) []string {
	row := make([]string, len(l.cols))
	for i, c := range l.cols {
		row[i] = safe(c.cell(v))
	}
	return row
}

func (l *Listing[T]) heading() error {
	if l.begun {
		return nil
	}
	l.begun = true
	heads := make([]string, len(l.cols))
	for i, c := range l.cols {
		heads[i] = c.head
	}
	return l.csv.Write(heads)
}

// Flush writes what is held back. A listing that follows something live calls it after
// each batch.
func (l *Listing[T]) Flush() error {
	switch l.p.Format {
	case CSV:
		l.csv.Flush()
		return l.csv.Error()
	case Table:
		return l.flushTable()
	}
	return nil
}

func (l *Listing[T]) flushTable() error {
	if len(l.table) == 0 {
		return nil
	}
	var b bytes.Buffer
	rows := l.table
	if !l.begun {
		heads := make([]string, len(l.cols))
		for i, c := range l.cols {
			heads[i] = strings.ToUpper(c.head)
		}
		rows = slices.Insert(rows, 0, heads)
	}
	for _, row := range rows {
		for i, cell := range row {
			l.widths[i] = max(l.widths[i], min(displayWidth(cell), l.p.cellLimit()))
		}
	}
	for n, row := range rows {
		l.p.tableRow(&b, row, l.widths, !l.begun && n == 0)
	}
	l.begun, l.table = true, nil
	_, err := l.p.w.Write(b.Bytes())
	return err
}

// Close ends the listing. An empty one is an empty array in JSON, a heading in CSV and
// nothing in the other formats.
func (l *Listing[T]) Close() error {
	switch {
	case l.p.Format == JSON && !l.begun:
		_, err := io.WriteString(l.p.w, "[]\n")
		return err
	case l.p.Format == JSON:
		_, err := io.WriteString(l.p.w, "\n]\n")
		return err
	case l.p.Format == CSV:
		if err := l.heading(); err != nil {
			return err
		}
	}
	return l.Flush()
}

// All lists things that are all at hand.
func All[T any](p *Printer, all []T, cols ...Column[T]) error {
	l := List(p, cols...)
	for _, v := range all {
		if err := l.Add(v); err != nil {
			return err
		}
	}
	return l.Close()
}

// One shows a single thing: an object in JSON, a row in CSV, and a heading with its
// content a line in a table.
func One[T any](p *Printer, v T, cols ...Column[T]) error {
	switch p.Format {
	case JSON:
		return writeJSON(p.w, v, "", "\n", "  ")
	case Table:
		var b bytes.Buffer
		width := 0
		for _, c := range cols {
			width = max(width, displayWidth(c.head))
		}
		for _, c := range cols {
			if text := c.cell(v); text != "" {
				fmt.Fprintf(&b, "%s  %s\n", pad(c.head, width), Clean(text))
			}
		}
		_, err := p.w.Write(b.Bytes())
		return err
	}
	return All(p, []T{v}, cols...)
}

// writeJSON writes v without a trailing line feed of its own, then end. With an indent
// it is spread over lines.
func writeJSON(w io.Writer, v any, prefix, end string, indent ...string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if len(indent) > 0 {
		enc.SetIndent(prefix, indent[0])
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	text := cleanJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	_, err := w.Write(append(slices.Clip(text), end...))
	return err
}

// Stamp shows a time as RFC 3339 in UTC, and the zero time as nothing.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Words shows a list in one cell.
func Words[S ~string](all []S) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// Join shows several texts in one cell.
func Join(parts []string) string { return strings.Join(parts, ", ") }

// Yes shows a truth value that matters only if true.
func Yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// Count shows how many of each kind there are, in a steady order.
func Count[K ~string](counts map[K]int) string {
	var keys []K
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = string(k) + " " + strconv.Itoa(counts[k])
	}
	return Join(parts)
}
