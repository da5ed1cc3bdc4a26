package csv

import (
	"encoding/csv"
	"io"

	"lantern"
	"lantern/internal/column"
)

// Writer writes signals as [Reader] reads them. It is not safe for concurrent use.
type Writer struct {
	csv     *csv.Writer
	columns []*column.Column
	begun   bool
}

// NewWriter returns a Writer to w: of drafts, or of signals with their ids and owners.
func NewWriter(w io.Writer, signals bool) *Writer {
	out := &Writer{csv: csv.NewWriter(w), columns: column.All()}
	if !signals {
		out.columns = column.Draft()
	}
	return out
}

// Write adds a row, and names the members of the draft that would not come back from it
// as they are. A tactic is four lists, for which a table has no place.
func (w *Writer) Write(s *lantern.Signal) (lost []string, err error) {
	if s.Type == lantern.TacticType {
		return nil, column.ErrNoPlace
	}
	if err := w.heading(); err != nil {
		return nil, err
	}
	row := make([]string, len(w.columns))
	var back lantern.Signal
	for i, c := range w.columns {
		row[i] = Cell(c.Get(s))
		_ = read(c, &back, row[i]) // what cannot be read is missing, and told below
	}
	return column.Missing(&s.Draft, &back.Draft), w.csv.Write(row)
}

// Flush writes what is held back; a table without rows has its heading.
func (w *Writer) Flush() error {
	if err := w.heading(); err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

func (w *Writer) heading() error {
	if w.begun {
		return nil
	}
	w.begun = true
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = c.Name
	}
	return w.csv.Write(names)
}
