package misp

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/column"
	"lantern/signal"
)

// tag is a label.
type tag struct {
	Name string `json:"name"`
}

// attribute is one, as far as it says something about a signal.
type attribute struct {
	Type      string `json:"type"`
	Value     string `json:"value"`
	Comment   string `json:"comment,omitempty"`
	ToIDs     bool   `json:"to_ids"` // written as false: nothing here may block by itself
	FirstSeen string `json:"first_seen,omitempty"`
	LastSeen  string `json:"last_seen,omitempty"`
	Tag       []tag  `json:"Tag,omitempty"`

	Deleted  jsontext.Value `json:"deleted,omitempty"` // true, "1" or 1
	Data     jsontext.Value `json:"data,omitempty"`    // content in base64
	Galaxy   jsontext.Value `json:"Galaxy,omitempty"`
	Sighting jsontext.Value `json:"Sighting,omitempty"`
	Proposal jsontext.Value `json:"ShadowAttribute,omitempty"`
}

// kind is what a type of MISP's means here.
type kind struct {
	name   string
	typ    lantern.SignalType
	before string // what the value gets in front
}

// kinds are the types that are read without a label that says more.
var kinds = []kind{
	{"email", "email", ""}, {"email-src", "email", ""}, {"phone-number", "phone", ""},
	{"url", "url", ""}, {"uri", "url", ""}, {"domain", "domain", ""}, {"hostname", "domain", ""},
	{"ip-src", "ip", ""}, {"ip-dst", "ip", ""},
	{"md5", "md5", ""}, {"sha1", "sha1", ""}, {"sha256", "sha256", ""},
	{"btc", "payment", "btc:"}, {"xmr", "payment", "xmr:"}, {"dash", "payment", "dash:"}, {"iban", "payment", "iban:"},
}

// aimed are the types that say to whom something was done.
func aimed(name string) bool { return strings.HasPrefix(name, "target-") || name == "email-dst" }

// Labels of public taxonomies that mean a tag of the default harm taxonomy.
var known = map[string]lantern.Tag{
	`dark-web:topic="child-sexual-abuse-material"`:                  "csam",
	`content-classification:illegal-markets="child-abuse-material"`: "csam",
	`circl:incident-classification="sextortion"`:                    "sextortion",
}

// handlings are the labels of the Traffic Light Protocol, the strictest first. Clear and white
// are no handling a signal can have; the default is stricter.
var handlings = []lantern.Handling{lantern.Red, lantern.AmberStrict, lantern.Amber, lantern.Green}

const (
	tlp = "tlp:"
	own = "lantern:" // the namespace of this project's machine tags
)

// native are the columns that have a place of their own in an attribute.
var native = []string{"type", "value", "handling", "first_seen", "last_seen", "note"}

// lists are the columns of which each item gets a label of its own: a label has at most 255
// characters.
var lists = []string{"programs", "tags", "derived_from", "posted_at", "same_account"}

// write makes the attribute of a signal: of a draft, or with its id and owner.
func write(s *lantern.Signal, t *signal.Type, columns []*column.Column) attribute {
	a := attribute{Type: t.MISP, Value: s.Value, Comment: s.Note, FirstSeen: seen(s.FirstSeen), LastSeen: seen(s.LastSeen)}
	if a.Type == "" {
		a.Type = "other"
	}
	if i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == a.Type }); i < 0 || kinds[i].typ != s.Type {
		a.label("type", string(s.Type))
	}
	if s.Handling != "" {
		a.Tag = append(a.Tag, tag{tlp + strings.ToLower(string(s.Handling))})
	}
	for _, c := range columns {
		switch text := c.Get(s); {
		case text == "" || slices.Contains(native, c.Name):
		case slices.Contains(lists, c.Name):
			for item := range strings.FieldsSeq(text) {
				a.label(c.Name, item)
			}
		default:
			a.label(c.Name, text)
		}
	}
	return a
}

func (a *attribute) label(name, text string) {
	a.Tag = append(a.Tag, tag{own + name + `="` + text + `"`})
}

func seen(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// read puts an attribute into a signal, with the labels of its event. It reports false for an
// attribute that is passed over. lost counts what has no place.
func (a *attribute) read(s *lantern.Signal, event []tag, lost func(string)) (taken bool, err error) {
	var errs []*lantern.Error
	unread := 0
	for _, t := range slices.Concat(event, a.Tag) {
		if err := t.read(s, &unread); err != nil {
			errs = append(errs, err)
		}
	}
	if !a.kind(s, lost) {
		return false, nil
	}
	for range unread {
		lost("tags")
	}
	s.Note = a.Comment
	for _, seen := range []struct{ name, text string }{{"first_seen", a.FirstSeen}, {"last_seen", a.LastSeen}} {
		if c, ok := column.Lookup(seen.name); ok && seen.text != "" {
			if err := c.Set(s, seen.text); err != nil {
				errs = append(errs, err)
			}
		}
	}
	if holds(a.Data) {
		errs = append(errs, &lantern.Error{Kind: lantern.Invalid, Field: "/data", Reason: "carries content, which is never taken",
			Fix: "share a hash made on your own machines instead"})
	}
	for _, more := range []struct {
		name string
		v    jsontext.Value
	}{{"galaxies", a.Galaxy}, {"sightings", a.Sighting}, {"proposals", a.Proposal}} {
		if holds(more.v) {
			lost(more.name)
		}
	}
	if len(errs) == 0 {
		return true, nil
	}
	errs[0].Also = errs[1:]
	return true, errs[0]
}

// kind finds type and value.
func (a *attribute) kind(s *lantern.Signal, lost func(string)) bool {
	s.Value = a.Value
	name, first := a.Type, ""
	if s.Type != "" { // a label said it
		return true
	}
	if aimed(name) {
		lost("attributes that name a target")
		return false
	}
	if part, rest, two := strings.Cut(name, "|"); two { // such as filename|md5 or ip-dst|port
		left, right, _ := strings.Cut(a.Value, "|")
		switch {
		case part == "filename":
			name, s.Value, first = rest, right, "names of files"
		case rest == "port":
			name, s.Value, first = part, left, "ports"
		}
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		lost("attributes of other types")
		return false
	}
	if first != "" {
		lost(first)
	}
	s.Type, s.Value = kinds[i].typ, kinds[i].before+s.Value
	return true
}

// read puts what a label says into a signal. Of labels on both the event and the attribute the
// strictest handling counts. One that says nothing here is counted.
func (t tag) read(s *lantern.Signal, unread *int) *lantern.Error {
	if level, ok := strings.CutPrefix(strings.ToLower(t.Name), tlp); ok {
		for _, h := range handlings {
			if h == s.Handling {
				return nil
			}
			if strings.EqualFold(level, string(h)) {
				s.Handling = h
				return nil
			}
		}
		if level != "clear" && level != "white" {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/handling", Reason: "a label of the Traffic Light Protocol that cannot be read",
				Fix: "tlp:red, tlp:amber+strict, tlp:amber or tlp:green"}
		}
		return nil
	}
	if name, text, ok := strings.Cut(strings.TrimPrefix(t.Name, own), `="`); ok && strings.HasPrefix(t.Name, own) && strings.HasSuffix(text, `"`) && len(text) > 1 {
		if c, ok := column.Lookup(name); ok && (c.Name == "type" || !slices.Contains(native, c.Name)) {
			return c.Set(s, text[:len(text)-1])
		}
	}
	word, ok := known[strings.ToLower(t.Name)]
	if plain := lantern.Tag(strings.ToLower(t.Name)); slices.Contains(lantern.Taxonomy(), plain) {
		word, ok = plain, true
	}
	if !ok {
		*unread++
		return nil
	}
	if !slices.Contains(s.Tags, word) {
		s.Tags = append(s.Tags, word)
	}
	return nil
}

// holds reports whether a member says anything.
func holds(v jsontext.Value) bool {
	return len(v) > 0 && !slices.Contains([]string{"null", "false", "[]", "{}", `""`, `"0"`, "0"}, string(v))
}
