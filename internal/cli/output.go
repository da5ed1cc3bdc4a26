package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The output formats.
const (
	asTable  = "table"
	asJSON   = "json"
	asNDJSON = "ndjson"
	asCSV    = "csv"
)

// printer writes data to standard output in the format the person asked for.
type printer struct {
	w      io.Writer
	format string
	bold   bool // headings stand out
	narrow bool // long cells are cut: a person looks, not a program
}

// newPrinter picks the format: what -o says, else a table on a terminal and NDJSON in a
// pipe or file.
func newPrinter(p Process, format string) *printer {
	if format == "" {
		format = asNDJSON
		if p.OutTTY {
			format = asTable
		}
	}
	_, noColor := p.Env("NO_COLOR")
	terminal, _ := p.Env("TERM")
	return &printer{
		w:      p.Out,
		format: format,
		bold:   p.OutTTY && !noColor && terminal != "dumb",
		narrow: p.OutTTY,
	}
}

// column is one column of a table or CSV: its heading and how to show it.
type column[T any] struct {
	head string
	cell func(T) string
}

// col is short for a column.
func col[T any](head string, cell func(T) string) column[T] {
	return column[T]{head, cell}
}

// listing shows a stream of things of one kind: the whole thing as JSON, its columns in a
// table or CSV.
type listing[T any] struct {
	p      *printer
	cols   []column[T]
	csv    *csv.Writer
	table  [][]string // rows not yet written
	widths []int
	begun  bool
}

// list starts a listing.
func list[T any](p *printer, cols ...column[T]) *listing[T] {
	return &listing[T]{p: p, cols: cols, csv: csv.NewWriter(p.w), widths: make([]int, len(cols))}
}

// add shows one thing, at once or at the next flush.
func (l *listing[T]) add(v T) error {
	switch l.p.format {
	case asNDJSON:
		return writeJSON(l.p.w, v, "", "\n")
	case asJSON:
		sep := ",\n  "
		if !l.begun {
			sep = "[\n  "
		}
		l.begun = true
		if _, err := io.WriteString(l.p.w, sep); err != nil {
			return err
		}
		return writeJSON(l.p.w, v, "  ", "")
	case asCSV:
		if err := l.heading(); err != nil {
			return err
		}
		return l.csv.Write(l.cells(v, csvCell))
	}
	l.table = append(l.table, l.cells(v, clean))
	return nil
}

func (l *listing[T]) cells(v T, safe func(string) string) []string {
	row := make([]string, len(l.cols))
	for i, c := range l.cols {
		row[i] = safe(c.cell(v))
	}
	return row
}

func (l *listing[T]) heading() error {
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

// flush writes what is held back. A listing that follows something live calls it after
// each batch.
func (l *listing[T]) flush() error {
	switch l.p.format {
	case asCSV:
		l.csv.Flush()
		return l.csv.Error()
	case asTable:
		return l.flushTable()
	}
	return nil
}

func (l *listing[T]) flushTable() error {
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

// close ends the listing. An empty one is an empty array in JSON, a heading in CSV and
// nothing in the other formats.
func (l *listing[T]) close() error {
	switch {
	case l.p.format == asJSON && !l.begun:
		_, err := io.WriteString(l.p.w, "[]\n")
		return err
	case l.p.format == asJSON:
		_, err := io.WriteString(l.p.w, "\n]\n")
		return err
	case l.p.format == asCSV:
		if err := l.heading(); err != nil {
			return err
		}
	}
	return l.flush()
}

// showAll lists things that are all at hand.
func showAll[T any](p *printer, all []T, cols ...column[T]) error {
	l := list(p, cols...)
	for _, v := range all {
		if err := l.add(v); err != nil {
			return err
		}
	}
	return l.close()
}

// showOne shows a single thing: an object in JSON, a row in CSV, and a heading with its
// content a line in a table.
func showOne[T any](p *printer, v T, cols ...column[T]) error {
	switch p.format {
	case asJSON:
		return writeJSON(p.w, v, "", "\n", "  ")
	case asTable:
		var b bytes.Buffer
		width := 0
		for _, c := range cols {
			width = max(width, displayWidth(c.head))
		}
		for _, c := range cols {
			if text := c.cell(v); text != "" {
				fmt.Fprintf(&b, "%s  %s\n", pad(c.head, width), clean(text))
			}
		}
		_, err := p.w.Write(b.Bytes())
		return err
	}
	return showAll(p, []T{v}, cols...)
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

// stamp shows a time as RFC 3339 in UTC, and the zero time as nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// words shows a list in one cell.
func words[S ~string](all []S) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}
