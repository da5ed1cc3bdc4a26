package draft

import (
	"bufio"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/format/csv"
	"lantern/internal/format/misp"
	"lantern/internal/format/ncmec"
	"lantern/internal/format/stix"
	"lantern/internal/format/threatexchange"
	"lantern/internal/web"
)

// Writer writes signals to a file in one of the formats that [Reader] reads. A member's own are
// written as drafts, which can be shared as they are; another's with its id and its owner,
// by which it is known and refused when it is shared as one's own, if the format can
// hold them.
type Writer struct {
	Rows    int
	Lost    map[string]int             // how often the file could not hold a member of a draft as it is
	NoPlace map[lantern.SignalType]int // how many signals of a type it cannot hold at all

	out *bufio.Writer
	to  sink
}

// sink writes signals in one format.
type sink interface {
	// Write adds a signal and names the members of its draft that would not come back as they
	// are. The error is [column.ErrNoPlace] if the format cannot hold the signal; then nothing
	// was written. Any other ends the writing.
	Write(s *lantern.Signal) (lost []string, err error)

	// Flush writes what is held back and what ends the file. It is called once, at the end.
	Flush() error
}

// Formats are those that [NewWriter] knows.
func Formats() []Format { return []Format{CSV, NDJSON, List, MISP, NCMEC, STIX, ThreatExchange} }

// NewWriter returns a Writer of one of [Formats]. With signals it is told signals of others, which
// a list of either kind cannot hold: nothing in it would say whose they are, and imported they
// would be one's own. now is for files that have a date; of is the type of a list of values.
func NewWriter(w io.Writer, format Format, signals bool, now time.Time, of lantern.SignalType) (*Writer, error) {
	if signals && (format == List || format == NCMEC) {
		return nil, notText("this format cannot say whose signals it holds", "write your own signals alone, or another --format")
	}
	out := &Writer{Lost: map[string]int{}, NoPlace: map[lantern.SignalType]int{}, out: bufio.NewWriter(w)}
	switch format {
	case CSV:
		out.to = csv.NewWriter(out.out, signals)
	case NDJSON:
		out.to = objects{out.out, signals}
	case MISP:
		out.to = misp.NewWriter(out.out, signals, now)
	case List:
		if err := checkList(of); err != nil {
			return nil, err
		}
		out.to = values{out.out, of}
	case ThreatExchange:
		out.to = &foreignTable{csv: stdcsv.NewWriter(out.out), signals: signals, now: now}
	case NCMEC:
		out.to = ncmec.NewWriter(out.out, now)
	case STIX:
		out.to = stix.NewWriter(out.out, signals, now)
	default:
		return nil, notText("not a format that can be written", "lantern export --help lists them")
	}
	return out, nil
}

// Add writes one signal, or counts it among those that have no place.
func (w *Writer) Add(s lantern.Signal) error {
	lost, err := w.to.Write(&s)
	switch {
	case errors.Is(err, column.ErrNoPlace):
		w.NoPlace[s.Type]++
		return nil
	case err != nil:
		return err
	}
	w.Rows++
	for _, name := range lost {
		w.Lost[name]++
	}
	return nil
}

// Flush writes what is held back and what ends the file. It is called once, at the end.
func (w *Writer) Flush() error { return errors.Join(w.to.Flush(), w.out.Flush()) }

// foreignTable writes descriptors of ThreatExchange as a table. Nothing in it says that a cell was
// made safe, so the reader takes that off in the same way.
type foreignTable struct {
	csv     *stdcsv.Writer
	signals bool
	begun   bool
	now     time.Time
}

func (f *foreignTable) Write(s *lantern.Signal) (lost []string, err error) {
	if s.Type == lantern.TacticType {
		return nil, column.ErrNoPlace
	}
	if err := f.heading(); err != nil {
		return nil, err
	}
	columns, cells := threatexchange.Columns(), threatexchange.Cells(s)
	back, _, _ := threatexchange.Row(func(name string) string { // what cannot be read is missing, and told below
		if i := slices.Index(columns, name); i >= 0 {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}, func(string) {}, f.now)
	for i := range cells {
		cells[i] = csv.Cell(cells[i])
	}
	if !f.signals {
		cells = cells[:len(cells)-1]
	}
	return column.Missing(&s.Draft, &back.Draft), f.csv.Write(cells)
}

func (f *foreignTable) heading() error {
	if f.begun {
		return nil
	}
	f.begun = true
	columns := threatexchange.Columns()
	if !f.signals {
		columns = columns[:len(columns)-1]
	}
	return f.csv.Write(columns)
}

func (f *foreignTable) Flush() error {
	if err := f.heading(); err != nil {
		return err
	}
	f.csv.Flush()
	return f.csv.Error()
}

// values writes a list of the values of one type.
type values struct {
	w  io.Writer
	of lantern.SignalType
}

func (v values) Write(s *lantern.Signal) (lost []string, err error) {
	row := Row{text: s.Value}
	if s.Type != v.of || s.Value == "" || s.Value != strings.TrimSpace(s.Value) || strings.ContainsAny(s.Value, "\r\n") || !valueLine(&row) {
		return nil, column.ErrNoPlace
	}
	_, err = io.WriteString(v.w, s.Value+"\n")
	return column.Missing(&s.Draft, &lantern.Draft{Type: s.Type, Value: s.Value}), err
}

func (values) Flush() error { return nil }

// objects writes NDJSON, which holds all.
type objects struct {
	w       io.Writer
	signals bool
}

func (o objects) Write(s *lantern.Signal) (lost []string, err error) {
	b, err := encode(s, o.signals)
	if err == nil {
		_, err = o.w.Write(b)
	}
	return nil, err
}

func (objects) Flush() error { return nil }

// encode makes the line of a draft, or with signals that of a signal.
func encode(s *lantern.Signal, signals bool) ([]byte, error) {
	if signals {
		return web.Encode(s)
	}
	return web.Encode(s.Draft)
}
