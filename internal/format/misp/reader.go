package misp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/bounded"
)

// Record is one attribute.
type Record struct {
	Number int            // of the attribute in the file, from 1, those that were passed over among them
	Signal lantern.Signal // as far as it could be read; of a draft only the Draft is set
	Err    error          // a *lantern.Error with every complaint, nil if there is none
	Size   int            // bytes of the attribute
}

// Reader reads the attributes of a file. It is not safe for concurrent use.
type Reader struct {
	main  *walker
	ahead *walker // one event in front of main
	tags  []tag   // of the event that main is in
	n     int

	lost map[string]int
}

// NewReader returns a Reader of a file, which it reads twice: r and again are two readers of the
// same text.
func NewReader(r, again io.Reader) *Reader {
	out := &Reader{lost: map[string]int{}}
	out.main = newWalker(r, func(name string) { out.lost[name]++ })
	out.ahead = newWalker(again, func(string) {})
	return out
}

// Lost counts what was read and has no place in a signal. Its keys are words of this package and
// nothing of the file.
func (r *Reader) Lost() map[string]int { return r.lost }

// Read returns the next attribute that is a value to look for, or io.EOF. Any other error ends the
// reading and names the place in the file.
func (r *Reader) Read() (Record, error) {
	for {
		step, value, err := r.main.next(false)
		if err != nil {
			return Record{}, err
		}
		switch step {
		case begins:
			switch r.tags, err = r.ahead.event(); {
			case errors.Is(err, io.EOF):
				return Record{}, errors.New("the file changed while it was read")
			case err != nil:
				return Record{}, err
			}
		case ends:
			r.tags = nil
		case met:
			r.n++
			rec, ok := r.record(value)
			if ok {
				return rec, nil
			}
		}
	}
}

// record reads one attribute, and reports false if it is passed over.
func (r *Reader) record(value jsontext.Value) (Record, bool) {
	rec := Record{Number: r.n, Size: len(value)}
	var a attribute
	if err := json.Unmarshal(value, &a, lenient); err != nil {
		rec.Err = &lantern.Error{Kind: lantern.Invalid, Reason: "an attribute that cannot be read", Fix: "type, value, comment and the names of tags are texts"}
		return rec, true
	}
	if holds(a.Deleted) {
		r.lost["deleted attributes"]++
		return rec, false
	}
	taken, err := a.read(&rec.Signal, r.tags, func(name string) { r.lost[name]++ })
	rec.Err = err
	return rec, taken
}

// step is what a walker came upon.
type step int

const (
	begins step = iota // an event
	ends               // an event
	met                // an attribute
)

// place says what an object or array holds.
type place int

const (
	around     place = iota // what stands around events: lists and answers of the API
	event                   // an event
	objects                 // a list of objects
	object                  // an object of an event
	attributes              // a list of attributes
)

// inner says where a member leads.
var inner = map[place]map[string]place{
	around: {"Event": event, "response": around},
	event:  {"Attribute": attributes, "Object": objects},
	object: {"Attribute": attributes},
}

// places are members of an event that say something which has no place in a signal.
var places = map[string]string{
	"info": "infos of events", "Galaxy": "galaxies", "EventReport": "reports", "ShadowAttribute": "proposals", "Sighting": "sightings",
	"RelatedEvent": "related events", "ObjectReference": "references of objects",
}

// lenient reads what MISP writes: members nobody knows are passed over, and one given twice counts
// as it stands last.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true))

// maxPiece bounds what is held of a file at once: an attribute, or a text in one.
const maxPiece = 16 << 20

// walker goes through a file from event to event.
type walker struct {
	dec     *jsontext.Decoder
	in      *bounded.Reader
	stack   []place
	pending string // the name of a member that was read to see where it stands
	tags    []tag  // of the event it is in, as far as they were met
	lost    func(string)
}

func newWalker(r io.Reader, lost func(string)) *walker {
	in := &bounded.Reader{From: bufio.NewReaderSize(r, 64<<10), Most: maxPiece,
		Err: &lantern.Error{Kind: lantern.TooLarge, Reason: "an attribute is larger than 16 MiB", Fix: "take files out of the event; nothing after it was read"}}
	return &walker{in: in, dec: jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true)), lost: lost}
}

// event goes to the end of the next event and returns its labels.
func (w *walker) event() ([]tag, error) {
	for {
		step, _, err := w.next(true)
		if err != nil {
			return nil, err
		}
		if step == ends {
			return w.tags, nil
		}
	}
}

// next goes to the next step, or io.EOF. With skim it passes over attributes.
func (w *walker) next(skim bool) (step, jsontext.Value, error) {
	for {
		w.in.Used = 0
		kind := w.dec.PeekKind()
		closing := kind == '}' || kind == ']'
		switch {
		case len(w.stack) == 0:
			if err := w.open(); err != nil {
				return 0, nil, err
			}
			if w.top() == event {
				return begins, nil, nil
			}
		case closing && w.pending == "":
			if _, err := w.dec.ReadToken(); err != nil {
				return 0, nil, w.fail(err)
			}
			top := w.top()
			if w.stack = w.stack[:len(w.stack)-1]; top == event {
				return ends, nil, nil
			}
		case w.inArray() && w.top() == attributes && kind == '{' && !skim:
			v, err := w.dec.ReadValue()
			if err != nil {
				return 0, nil, w.fail(err)
			}
			return met, v, nil
		case w.inArray():
			begun, err := w.element(kind)
			if err != nil || begun {
				return begins, nil, err
			}
		default:
			begun, err := w.member()
			if err != nil || begun {
				return begins, nil, err
			}
		}
	}
}

func (w *walker) top() place { return w.stack[len(w.stack)-1] }

func (w *walker) inArray() bool {
	kind, _ := w.dec.StackIndex(w.dec.StackDepth())
	return kind == '[' && w.pending == ""
}

// open enters a text, or an element of what stands around events. An object whose first
// member leads to no event is an event itself, as some tools write it.
func (w *walker) open() error {
	tok, err := w.dec.ReadToken()
	if err != nil {
		return w.fail(err)
	}
	switch tok.Kind() {
	case '[':
		w.stack = append(w.stack, around)
		return nil
	case '{':
	default:
		return &lantern.Error{Kind: lantern.Invalid, Reason: "not an event of MISP", Fix: "give the JSON that MISP exports"}
	}
	at := around
	if w.dec.PeekKind() == '"' {
		name, err := w.dec.ReadToken()
		if err != nil {
			return w.fail(err)
		}
		w.pending = name.String()
		if _, leads := inner[around][w.pending]; !leads {
			at, w.tags = event, nil
		}
	}
	w.stack = append(w.stack, at)
	return nil
}

// element reads an element of an array, and reports whether an event begins.
func (w *walker) element(kind jsontext.Kind) (bool, error) {
	switch {
	case w.top() == around && kind == '{':
		err := w.open()
		return err == nil && w.top() == event, err
	case w.top() == objects && kind == '{':
		w.lost("objects, whose attributes stand alone")
		w.stack = append(w.stack, object)
		_, err := w.dec.ReadToken()
		return false, w.fail(err)
	}
	_, err := w.skip()
	return false, err
}

// member reads a member of an object, and reports whether an event begins.
func (w *walker) member() (bool, error) {
	name := w.pending
	w.pending = ""
	if name == "" {
		tok, err := w.dec.ReadToken()
		if err != nil {
			return false, w.fail(err)
		}
		name = tok.String()
	}
	kind := w.dec.PeekKind()
	if to, ok := inner[w.top()][name]; ok && (kind == '[' || kind == '{' && to != attributes && to != objects) {
		if _, err := w.dec.ReadToken(); err != nil {
			return false, w.fail(err)
		}
		if kind == '[' && to == event {
			to = around
		}
		if w.stack = append(w.stack, to); to == event {
			w.tags = nil
		}
		return to == event, nil
	}
	if name == "Tag" && w.top() == event {
		v, err := w.dec.ReadValue()
		if err != nil {
			return false, w.fail(err)
		}
		if err := json.Unmarshal(v, &w.tags, lenient); err != nil {
			return false, &lantern.Error{Kind: lantern.Invalid, Reason: "the tags of an event cannot be read", Fix: "a list of objects with a name each; nothing after them was read"}
		}
		return false, nil
	}
	held, err := w.skip()
	if what := places[name]; held && what != "" && w.top() != around {
		w.lost(what)
	}
	return false, err
}

// skip passes over a value of any size, and reports whether it holds something.
func (w *walker) skip() (held bool, err error) {
	depth := w.dec.StackDepth()
	for n := 0; ; n++ {
		w.in.Used = 0
		tok, err := w.dec.ReadToken()
		if err != nil {
			return false, w.fail(err)
		}
		if w.dec.StackDepth() <= depth {
			return n > 1 || n == 0 && tok.Kind() == '"' && tok.String() != "", nil
		}
	}
}

// fail says where reading ended, without a word of the file.
func (w *walker) fail(err error) error {
	var own *lantern.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case err == io.EOF && len(w.stack) == 0:
		return io.EOF
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "not JSON at byte " + strconv.FormatInt(w.dec.InputOffset(), 10),
			Fix: "export it again; nothing after this place was read"}
	}
	return fmt.Errorf("reading an event: %w", err)
}
