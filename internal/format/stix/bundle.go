package stix

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/bounded"
)

// maxObject bounds what is held of a bundle at once.
const maxObject = 16 << 20

// Record is one object of a bundle that is read as a signal.
type Record struct {
	Number int            // of the object in the file, from 1, those that were passed over among them
	Signal lantern.Signal // as far as it could be read; of a draft only the Draft is set
	Err    error          // a *lantern.Error, nil if the object could be read; it holds nothing of the file
	Size   int            // bytes of the object
}

// Reader reads the objects of a bundle one by one. An envelope of TAXII, which is a bundle without
// a name, is one too, and several may stand one after the other, as a client saves pages. It
// is not safe for concurrent use.
type Reader struct {
	dec   *jsontext.Decoder
	in    *bounded.Reader
	n     int
	begun bool // something was read
	lost  map[string]int
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	in := &bounded.Reader{From: bufio.NewReaderSize(r, 64<<10), Most: maxObject,
		Err: &lantern.Error{Kind: lantern.TooLarge, Reason: "an object is larger than 16 MiB", Fix: "leave it out; nothing after it was read"}}
	// An object that is not as it must be is refused alone, by those who read it.
	return &Reader{in: in, dec: jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), lost: map[string]int{}}
}

// Lost counts what was read and has no place in a signal. Its keys are words of this package and
// nothing of the file.
func (r *Reader) Lost() map[string]int { return r.lost }

// Read returns the next object that is a signal or should be one, or io.EOF. Any other error ends
// the reading and names the place in the file.
func (r *Reader) Read() (Record, error) {
	for {
		value, err := r.next()
		if err != nil {
			return Record{}, err
		}
		r.n++
		if rec := (Record{Number: r.n, Size: len(value)}); r.record(value, &rec) {
			return rec, nil
		}
	}
}

// Where in a file its reader is, as the depth of what it is in.
const (
	outside   = iota // of any bundle
	inBundle         // between its members
	inObjects        // between its objects
)

// next returns the next object, which is good until it is called again.
func (r *Reader) next() (jsontext.Value, error) {
	for {
		r.in.Used = 0
		if r.dec.StackDepth() == inObjects && r.dec.PeekKind() != ']' {
			v, err := r.dec.ReadValue()
			return v, r.fail(err)
		}
		at := r.dec.StackDepth()
		tok, err := r.dec.ReadToken()
		switch {
		case err != nil:
			return nil, r.fail(err)
		case at == outside && tok.Kind() != '{':
			return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "not a bundle of STIX", Fix: "an object with a list of objects"}
		case at == inBundle && tok.Kind() == '"':
			if err := r.member(tok.String()); err != nil {
				return nil, err
			}
		}
		r.begun = true
	}
}

// member reads a member of a bundle, of its objects no more than that they begin.
func (r *Reader) member(name string) (err error) {
	switch {
	case name == "objects" && r.dec.PeekKind() == '[':
		_, err = r.dec.ReadToken()
	case name == "spec_version" && r.dec.PeekKind() == '"':
		var tok jsontext.Token
		if tok, err = r.dec.ReadToken(); err == nil && tok.String() == "2.0" {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/spec_version", Reason: "a bundle of STIX 2.0, of which nothing is taken",
				Fix: "have the tool it comes from write STIX 2.1, or convert it (OASIS has a converter, stix2-elevator)"}
		}
	default:
		err = r.dec.SkipValue()
	}
	return r.fail(err)
}

// fail says where reading ended, without a word of the file.
func (r *Reader) fail(err error) error {
	var own *lantern.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case err == io.EOF && r.dec.StackDepth() == outside && r.begun:
		return io.EOF
	}
	return &lantern.Error{Kind: lantern.Invalid, Reason: "not JSON at byte " + strconv.FormatInt(r.dec.InputOffset(), 10),
		Fix: "write it again; nothing after this place was read"}
}

// filed is an object of a file: what one that a client sends has, and what says whose it is and
// has no place.
type filed struct {
	Posted
	CreatedByRef string `json:"created_by_ref"`
	Granular     []struct {
		Marking string `json:"marking_ref"`
	} `json:"granular_markings"`
	Name       string           `json:"name"`
	References []jsontext.Value `json:"external_references"`
	KillChain  []jsontext.Value `json:"kill_chain_phases"`
}

// record reads one object, and reports false if it is passed over.
func (r *Reader) record(value jsontext.Value, rec *Record) bool {
	var o filed
	if json.Unmarshal(value, &o) != nil {
		var kind struct { // for what it is passed over, it need not be in order
			Type string `json:"type"`
		}
		if json.Unmarshal(value, &kind, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) == nil && kind.Type != "" && kind.Type != indicator {
			return r.pass(kind.Type)
		}
		rec.Err = errObject
		return true
	}
	if o.Type != indicator && o.Type != attackPattern {
		if !o.ours() {
			r.pass(o.Type)
		}
		return false
	}
	said, err := o.said()
	switch {
	case o.Type == attackPattern && err == nil && said.SignalType != lantern.TacticType:
		return r.pass(o.Type)
	case o.Revoked || said.State != "" && said.State != lantern.Active:
		r.lost["objects that were revoked, or have no value any more"]++
		return false
	}
	if err == nil {
		err = o.check()
	}
	if err == nil {
		rec.Signal.Draft, err = o.bundled(&said)
	}
	if m, ours := o.author(); ours {
		rec.Signal.ID, rec.Signal.Member = said.Signal, m
	}
	if rec.Err = err; err == nil {
		r.without(&o)
	}
	return true
}

// bundled reads an object of a file as a draft. What only the exchange that wrote it knows is read
// as well: the file may be on its way back.
func (o *filed) bundled(said *Said) (d lantern.Draft, err error) {
	for _, g := range o.Granular { // of a part, and the strictest counts
		o.MarkingRefs = append(o.MarkingRefs, g.Marking)
	}
	if d, err = o.draft(said); err != nil {
		return d, err
	}
	d.Programs, d.Incident = said.Programs, said.Incident
	for _, l := range said.Links {
		d.Links = append(d.Links, lantern.Link(l))
	}
	return d, nil
}

// author is the member of an exchange of ours that an object is by.
func (o *filed) author() (m lantern.ID, ours bool) { return parseMember(o.CreatedByRef) }

// ours reports whether an object is one that says nothing beyond what its id says: a member, a
// label of TLP, an extension of ours.
func (o *filed) ours() bool {
	_, member := parseMember(o.ID)
	return member || o.ID == projectIdentity || slices.Contains(extensions, o.ID) || label(o.ID)
}

// extensions are ours.
var extensions = []string{signalExtension, hashExtension, phraseExtension, accountExtension, outcomeExtension}

// kinds are the words for objects that are passed over.
var kinds = map[string]string{
	attackPattern: "attack patterns", "sighting": "sightings", "relationship": "relationships", "opinion": "opinions", "note": "notes",
	"report": "reports", "grouping": "groupings", "observed-data": "observed data", identityType: "identities",
	"marking-definition": markings, "extension-definition": "definitions of extensions", "language-content": "translations",
	"artifact": observables, "autonomous-system": observables, "directory": observables, "domain-name": observables, "email-addr": observables,
	"email-message": observables, "file": observables, "ipv4-addr": observables, "ipv6-addr": observables, "mac-addr": observables,
	"mutex": observables, "network-traffic": observables, "process": observables, "software": observables, "url": observables,
	"user-account": observables, "windows-registry-key": observables, "x509-certificate": observables,
}

const (
	observables = "observables"
	markings    = "markings other than TLP"
)

// pass counts an object that is passed over.
func (r *Reader) pass(kind string) bool {
	word, ok := kinds[kind]
	if !ok {
		word = "objects of other types"
	}
	r.lost[word]++
	return false
}

// without counts what of an object that is taken has no place in a signal.
func (r *Reader) without(o *filed) {
	count := func(is bool, word string) {
		if is {
			r.lost[word]++
		}
	}
	_, ours := o.author()
	count(o.CreatedByRef != "" && !ours, "authors")
	count(o.Name != "" && o.Type == indicator, "names")
	count(len(o.References) > 0, "references to sources")
	count(len(o.KillChain) > 0, "phases of kill chains")
	count(slices.ContainsFunc(o.MarkingRefs, func(ref string) bool { return !label(ref) }), markings)
	count(slices.ContainsFunc(o.IndicatorTypes, func(t string) bool { return t != benign }) && o.Extensions[signalExtension] == nil, "types of indicators")
	for id := range o.Extensions {
		count(!slices.Contains(extensions, id), "other extensions")
	}
}

// members are the members of an object that hold what a signal has under another name.
var members = map[string]string{
	"value": "pattern", "type": "pattern", "tags": "labels", "note": "description", "handling": "object_marking_refs", "expires": "valid_until",
	"member": "created_by_ref",
}

// Field turns a JSON pointer into a draft into one into the object that it was read from, as far
// as that has a member of its own for it.
func Field(pointer string) string {
	name, rest, deeper := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	theirs, ok := members[name]
	switch {
	case !ok:
		return pointer
	case deeper:
		return "/" + theirs + "/" + rest
	}
	return "/" + theirs
}
