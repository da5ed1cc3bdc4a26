package misp

import (
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"lantern"
	"lantern/internal/column"
	"lantern/signal"
)

// Writer writes signals as the attributes of one event, which [Reader] reads. It is not safe
// for concurrent use.
type Writer struct {
	w       io.Writer
	columns []*column.Column
	now     time.Time
	begun   bool
}

// NewWriter returns a Writer to w: of drafts, or of signals with their ids and owners. The event has
// the date of now.
func NewWriter(w io.Writer, signals bool, now time.Time) *Writer {
	out := &Writer{w: w, columns: column.Draft(), now: now}
	if signals {
		out.columns = column.All()
	}
	return out
}

// Write adds an attribute, and names the members of the draft that would not come back from it as
// they are. The error is [column.ErrNoPlace] if an attribute cannot hold the signal; then
// nothing was written.
func (w *Writer) Write(s *lantern.Signal) (lost []string, err error) {
	t, ok := signal.Lookup(s.Type)
	if !ok || t.Compare == signal.None {
		return nil, column.ErrNoPlace
	}
	a := write(s, t, w.columns)
	b, err := json.Marshal(a)
	if err != nil {
		return nil, column.ErrNoPlace // text that is no UTF-8
	}
	var back lantern.Signal
	_, _ = a.read(&back, nil, func(string) {}) // what cannot be read is missing, and told below
	if err := w.begin(); err != nil {
		return nil, err
	}
	_, err = w.w.Write(append([]byte(w.separator()), b...))
	return column.Missing(&s.Draft, &back.Draft), err
}

// separator stands before an attribute.
func (w *Writer) separator() string {
	if w.begun {
		return ",\n"
	}
	w.begun = true
	return "\n"
}

// begin writes what stands before the attributes: an event of one's own organisation alone
// (distribution 0), that says nothing of a threat level (4) and was not analysed.
func (w *Writer) begin() error {
	if w.begun {
		return nil
	}
	_, err := io.WriteString(w.w, `{"Event":{"info":"Signals exported by Lantern","date":"`+w.now.UTC().Format(time.DateOnly)+
		`","distribution":"0","threat_level_id":"4","analysis":"0","published":false,"Attribute":[`)
	return err
}

// Flush ends the event; one without attributes is whole, too. Nothing is written after it.
func (w *Writer) Flush() error {
	if err := w.begin(); err != nil {
		return err
	}
	_, err := io.WriteString(w.w, "\n]}}\n")
	return err
}
