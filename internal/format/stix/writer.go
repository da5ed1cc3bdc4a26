package stix

import (
	"bytes"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/web"
)

// unnamedAt is the version of a member of whom only the id is known: older than any that has its name.
const unnamedAt = "1970-01-01T00:00:00.000Z"

// Writer writes signals as the objects of a bundle, which [Reader] reads, with everything that they
// refer to. It is not safe for concurrent use.
type Writer struct {
	w       io.Writer
	signals bool
	now     time.Time
	begun   bool
	follows bool                // something was written before
	members map[lantern.ID]bool // whose identity was written
}

// NewWriter returns a Writer to w: of drafts, in which nothing says whose they are, or of signals. The
// name of the bundle is made of now: it must be another for each, and tells nothing else.
func NewWriter(w io.Writer, signals bool, now time.Time) *Writer {
	return &Writer{w: w, signals: signals, now: now, members: map[lantern.ID]bool{}}
}

// Write adds an active signal, and names the members of its draft that would not come back from it
// as they are. Its object has the id under which the feed of its program shows it to clients of
// TAXII; that of a signal of several programs is the same in every file.
func (w *Writer) Write(s *lantern.Signal) (lost []string, err error) {
	var scope lantern.ID
	if len(s.Programs) == 1 {
		scope = s.Programs[0]
	}
	active := *s
	active.State = lantern.Active
	o := Signal(scope, &lantern.Change{Time: s.Updated, Signal: active})
	switch body := o.Body.(type) {
	case Indicator:
		w.finish(&body.common, s)
		o.Body = body
	case AttackPattern:
		w.finish(&body.common, s)
		o.Body = body
	}
	text, err := web.Encode(o.Body)
	if err != nil {
		return nil, column.ErrNoPlace // text that is no UTF-8
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	if w.signals && !w.members[s.Member] {
		w.members[s.Member] = true
		if err := w.object(identity(memberID(s.Member), "Member "+s.Member.String(), "A member of a Lantern exchange.", unnamedAt)); err != nil {
			return nil, err
		}
	}
	return column.Missing(&s.Draft, readBack(text)), w.line(text)
}

// readBack is what comes back of an object; what cannot be read is missing.
func readBack(text []byte) *lantern.Draft {
	var o filed
	var d lantern.Draft
	if json.Unmarshal(text, &o) == nil {
		if said, err := o.said(); err == nil {
			d, _ = o.bundled(&said) // what cannot be read is missing
		}
	}
	return &d
}

// finish puts into the object of a file what a feed does not have: where the signal is shared, which
// a feed says by being that program's. A draft is nobody's.
func (w *Writer) finish(o *common, s *lantern.Signal) {
	said := o.Extensions[signalExtension].(Said)
	said.Programs = s.Programs
	if o.Type == attackPattern && !s.Expires.IsZero() {
		said.Expires = Stamp(s.Expires)
	}
	o.Extensions[signalExtension] = said
	if s.Handling == "" {
		o.MarkingRefs = nil
	}
	if !w.signals {
		o.CreatedByRef = ""
	}
}

// begin writes what stands before the signals: labels and definitions of extensions, which signals
// refer to.
func (w *Writer) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	_, err := io.WriteString(w.w, `{"type":"bundle","id":"`+ID("bundle", 0, lantern.ID(max(1, w.now.UnixMicro())))+`","objects":[`)
	for _, o := range append(Markings(), Definitions()...) {
		if err == nil {
			err = w.object(o)
		}
	}
	return err
}

func (w *Writer) object(o Object) error {
	text, err := web.Encode(o.Body)
	if err != nil {
		return err
	}
	return w.line(text)
}

// line writes an object on a line of its own.
func (w *Writer) line(text []byte) error {
	between := ",\n"
	if !w.follows {
		between, w.follows = "\n", true
	}
	_, err := w.w.Write(append([]byte(between), bytes.TrimSuffix(text, []byte("\n"))...))
	return err
}

// Flush ends the bundle; one without signals is whole, too. Nothing is written after it.
func (w *Writer) Flush() error {
	if err := w.begin(); err != nil {
		return err
	}
	_, err := io.WriteString(w.w, "\n]}\n")
	return err
}
