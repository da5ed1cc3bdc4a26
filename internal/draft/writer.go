package draft

import (
	"bufio"
	"io"

	"lantern"
	"lantern/internal/format/csv"
	"lantern/internal/web"
)

// Writer writes signals to a file in the formats that [Reader] reads. A member's own are
// written as drafts, which can be shared as they are; another's with its id and its owner,
// by which it is known and refused when it is shared as one's own.
type Writer struct {
	Rows int
	Lost map[string]int // how often the file could not hold a member of a draft as it is

	out     *bufio.Writer
	csv     *csv.Writer
	signals bool
}

// NewWriter returns a Writer of CSV or NDJSON. With signals it is told signals of others.
func NewWriter(w io.Writer, table, signals bool) *Writer {
	out := &Writer{Lost: map[string]int{}, out: bufio.NewWriter(w), signals: signals}
	if table {
		out.csv = csv.NewWriter(out.out, signals)
	}
	return out
}

// Add writes one signal.
func (w *Writer) Add(s lantern.Signal) error {
	w.Rows++
	if !w.signals {
		s = lantern.Signal{Draft: s.Draft}
	}
	if w.csv != nil {
		lost, err := w.csv.Write(&s)
		for _, name := range lost {
			w.Lost[name]++
		}
		return err
	}
	var line any = s
	if !w.signals {
		line = s.Draft
	}
	b, err := web.Encode(line)
	if err != nil {
		return err
	}
	_, err = w.out.Write(b)
	return err
}

// Flush writes what is held back. It is called at the end.
func (w *Writer) Flush() error {
	if w.csv != nil {
		if err := w.csv.Flush(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
