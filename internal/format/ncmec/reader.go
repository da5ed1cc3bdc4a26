package ncmec

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lantern"
	"lantern/internal/bounded"
)

// Restriction is the use restriction of what was read from such a list.
const Restriction = "ncmec"

// classifications is the closed set of them.
var classifications = []string{"A1", "A2", "B1", "B2"}

// Note is the note of a signal whose entry has a classification.
func Note(classification string) string { return "NCMEC classification " + classification }

// place is where a signal type stands: the element of an entry, and in it the fingerprint.
type place struct {
	typ                lantern.SignalType
	entry, fingerprint string
}

// places are the fingerprints that are read. Of a type with two places the first is written.
var places = []place{
	{"md5", "image", "md5"}, {"sha1", "image", "sha1"}, {"pdq", "image", "pdq"}, {"photodna", "image", "pdna"},
	{"video-md5", "video", "md5"}, {"sha1", "video", "sha1"},
}

// entry is a picture or a video.
type entry struct {
	Classification string       `xml:"classification"`
	Fingerprints   fingerprints `xml:"fingerprints"`
	Feedback       []struct {
		Negative []struct{} `xml:"negativeFeedback"`
	} `xml:"feedback"`
}

// fingerprints holds elements of whatever name.
type fingerprints struct {
	All []leaf `xml:",any"`
}

// leaf is an element with text.
type leaf struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// Record is one fingerprint.
type Record struct {
	Number int            // of its entry in the file, from 1, deleted ones among them
	Signal lantern.Signal // of which only the Draft is set
	Err    error          // a *lantern.Error if it is refused
}

// Reader reads a list. It is not safe for concurrent use.
type Reader struct {
	dec   *xml.Decoder
	in    *bounded.Reader
	begun bool
	n     int
	ready []Record // of the entry that was read last
	lost  map[string]int
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	in := &bounded.Reader{From: bufio.NewReaderSize(r, 64<<10), Most: maxEntry,
		Err: &lantern.Error{Kind: lantern.TooLarge, Reason: "an entry is larger than 1 MiB", Fix: "fetch it again; nothing after it was read"}}
	return &Reader{dec: xml.NewDecoder(in), in: in, lost: map[string]int{}}
}

// Lost counts what was read and has no place in a signal. Its keys are words of this package and
// nothing of the file.
func (r *Reader) Lost() map[string]int { return r.lost }

// Read returns the next fingerprint, or io.EOF. Any other error ends the reading and names the line.
func (r *Reader) Read() (Record, error) {
	for len(r.ready) == 0 {
		if err := r.next(); err != nil {
			return Record{}, err
		}
	}
	rec := r.ready[0]
	r.ready = r.ready[1:]
	return rec, nil
}

// next reads up to the end of the next entry.
func (r *Reader) next() error {
	r.in.Used = 0
	tok, err := r.dec.Token()
	if errors.Is(err, io.EOF) && r.begun {
		return io.EOF
	}
	if err != nil {
		return r.fail(err)
	}
	start, ok := tok.(xml.StartElement)
	if !ok {
		return nil
	}
	name := start.Name.Local
	if !r.begun {
		if r.begun = true; name != "queryResult" {
			return &lantern.Error{Kind: lantern.Invalid, Reason: "not a hash list", Fix: "give the XML of a queryResult of NCMEC's hash sharing interface"}
		}
		return nil
	}
	switch name {
	case "image", "video":
		var e entry
		if err := r.dec.DecodeElement(&e, &start); err != nil {
			return r.fail(err)
		}
		r.n++
		r.take(name, &e)
	case "deletedImage", "deletedVideo":
		r.n++
		r.lost["deleted entries, of which nothing is taken back"]++
		return r.fail(r.dec.Skip())
	}
	return nil
}

// take makes the records of an entry.
func (r *Reader) take(name string, e *entry) {
	draft := lantern.Draft{Role: lantern.Content, UseRestriction: Restriction}
	switch class := strings.TrimSpace(e.Classification); {
	case slices.Contains(classifications, class):
		draft.Note = Note(class)
	case class != "":
		r.lost["classifications that are not known"]++
	}
	var err error
	for _, f := range e.Feedback {
		if len(f.Negative) > 0 {
			err = &lantern.Error{Kind: lantern.Invalid, Reason: "a member of the list says that the entry is wrong",
				Fix: "have it reviewed, and share it as a row of its own if it stands"}
		}
	}
	if len(e.Feedback) > 0 {
		r.lost["feedback"]++
	}
	r.lost["members, ids and times of entries"]++
	for _, f := range e.Fingerprints.All {
		i := slices.IndexFunc(places, func(p place) bool { return p.entry == name && p.fingerprint == f.XMLName.Local })
		if i < 0 {
			r.lost["fingerprints of other kinds"]++
			continue
		}
		rec := Record{Number: r.n, Signal: lantern.Signal{Draft: draft}, Err: err}
		rec.Signal.Type, rec.Signal.Value = places[i].typ, strings.TrimSpace(f.Text)
		r.ready = append(r.ready, rec)
	}
}

// fail says where reading ended, without a word of the file.
func (r *Reader) fail(err error) error {
	var own *lantern.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	line, _ := r.dec.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.HasPrefix(err.Error(), "xml: ") {
		return &lantern.Error{Kind: lantern.Invalid, Reason: fmt.Sprintf("not XML in UTF-8 at line %d", line), Fix: "fetch it again; nothing after this line was read"}
	}
	return fmt.Errorf("reading a hash list: %w", err)
}

// maxEntry bounds what is held of a file at once.
const maxEntry = 1 << 20
