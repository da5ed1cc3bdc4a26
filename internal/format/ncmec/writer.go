package ncmec

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"time"

	"lantern"
	"lantern/internal/column"
)

// Writer writes a member's own signals as a list, an entry each, which [Reader] reads. It cannot
// write another member's: such a list has no place for whose they are. It is not safe for concurrent
// use.
type Writer struct {
	w    io.Writer
	now  time.Time
	n    int
	last string // the element that holds the entries being written
}

// NewWriter returns a Writer to w. Entries have the time of now.
func NewWriter(w io.Writer, now time.Time) *Writer { return &Writer{w: w, now: now} }

// Write adds an entry, and names the members of the draft that would not come back from it as they
// are. The error is [column.ErrNoPlace] if a list has no such fingerprint; then nothing was
// written.
func (w *Writer) Write(s *lantern.Signal) (lost []string, err error) {
	i := slices.IndexFunc(places, func(p place) bool { return p.typ == s.Type })
	if i < 0 {
		return nil, column.ErrNoPlace
	}
	p := places[i]
	if err := w.enter(p.entry + "s"); err != nil {
		return nil, err
	}
	w.n++
	var value bytes.Buffer
	_ = xml.EscapeText(&value, []byte(s.Value)) // a buffer takes all
	class := ""
	back := lantern.Draft{Type: s.Type, Value: s.Value, Role: lantern.Content, UseRestriction: Restriction}
	for _, c := range classifications {
		if s.Note == Note(c) {
			class, back.Note = "<classification>"+c+"</classification>", s.Note
		}
	}
	_, err = fmt.Fprintf(w.w, "<%s><member id=\"0\"/><timestamp>%s</timestamp><id>%d</id>%s<fingerprints><%s>%s</%[5]s></fingerprints></%[1]s>\n",
		p.entry, w.now.UTC().Format(time.RFC3339), w.n, class, p.fingerprint, value.Bytes())
	return column.Missing(&s.Draft, &back), err
}

// enter opens the element that holds entries of one kind, and closes the one before it.
func (w *Writer) enter(name string) error {
	if w.last == name {
		return nil
	}
	text := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\">\n"
	if w.last != "" {
		text = "</" + w.last + ">\n"
	}
	if w.last = name; name != "" {
		text += "<" + name + ">\n"
	}
	_, err := io.WriteString(w.w, text)
	return err
}

// Flush ends the list. Nothing is written after it.
func (w *Writer) Flush() error {
	if w.last == "" {
		if err := w.enter("images"); err != nil {
			return err
		}
	}
	if err := w.enter(""); err != nil {
		return err
	}
	_, err := io.WriteString(w.w, "</queryResult>\n")
	return err
}
