package taxii

import (
	"slices"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/format/stix"
)

// record is an object in a collection.
type record struct {
	stix.Object
	added time.Time
}

// page is a part of a collection.
type page struct {
	records []record
	next    lantern.Cursor // "" on the last page
}

// envelope is the resource of section 3.7.
type envelope struct {
	More    bool           `json:"more,omitempty"`
	Next    lantern.Cursor `json:"next,omitempty"`
	Objects []any          `json:"objects,omitempty"`
}

// manifest is the resource of section 5.3.1. It has next, which the specification leaves out:
// without it the usual client reads the first page for ever.
type manifest struct {
	More    bool            `json:"more,omitempty"`
	Next    lantern.Cursor  `json:"next,omitempty"`
	Objects []manifestEntry `json:"objects,omitempty"`
}

type manifestEntry struct {
	ID        string `json:"id"`
	DateAdded string `json:"date_added"`
	Version   string `json:"version"`
	MediaType string `json:"media_type"`
}

// versions is the resource of section 5.8.1, with next as manifest has it.
type versions struct {
	More     bool           `json:"more,omitempty"`
	Next     lantern.Cursor `json:"next,omitempty"`
	Versions []string       `json:"versions,omitempty"`
}

func (c *call) objects() (any, error) {
	p, err := c.read("objects")
	return p.envelope(), err
}

func (p page) envelope() envelope {
	e := envelope{More: p.next != "", Next: p.next}
	for _, r := range p.records {
		e.Objects = append(e.Objects, r.Body)
	}
	return e
}

func (c *call) manifest() (any, error) {
	p, err := c.read("manifest")
	m := manifest{More: p.next != "", Next: p.next}
	for _, r := range p.records {
		m.Objects = append(m.Objects, manifestEntry{r.ID, stix.Stamp(r.added), r.Version, stixMedia})
	}
	return m, err
}

// object returns one object in all its versions, of which there is one.
func (c *call) object() (any, error) {
	p, err := c.readOne()
	return p.envelope(), err
}

func (c *call) versions() (any, error) {
	p, err := c.readOne()
	v := versions{More: p.next != "", Next: p.next}
	for _, r := range p.records {
		v.Versions = append(v.Versions, r.Version)
	}
	return v, err
}

// readOne reads the object that the path names. One that is not there, or may not be seen, is
// NotFound; one that a filter leaves out is not.
func (c *call) readOne() (page, error) {
	id := c.r.PathValue("object")
	if !stix.Well(id) {
		return page{}, errNone("object")
	}
	c.filter.ids = []string{id}
	narrowed := c.filter
	c.filter = filter{limit: 1, ids: narrowed.ids}
	p, err := c.read("object")
	if err != nil {
		return p, err
	}
	if len(p.records) == 0 {
		return p, errNone("object")
	}
	if narrowed.next != "" { // there is one version, and never a second page
		return page{}, errParam("next", "was not given by this exchange", "leave it out")
	}
	if !narrowed.passes(p.records[0].Object) || !p.records[0].added.After(narrowed.after) {
		c.w.Header().Del(firstHeader)
		c.w.Header().Del(lastHeader)
		return page{}, nil
	}
	return p, nil
}

// Headers that tell the times of the first and last object of a page.
const (
	firstHeader = "X-TAXII-Date-Added-First"
	lastHeader  = "X-TAXII-Date-Added-Last"
)

// read reads a page of the collection that the path names, and sets the headers.
func (c *call) read(what string) (p page, err error) {
	at, err := c.readable()
	if err != nil {
		return p, err
	}
	if at.n == references {
		p, err = c.readReferences(at.door, what)
	} else {
		p, err = c.readSignals(at.door, what)
	}
	if err == nil && len(p.records) > 0 {
		c.w.Header().Set(firstHeader, stix.Stamp(p.records[0].added))
		c.w.Header().Set(lastHeader, stix.Stamp(p.records[len(p.records)-1].added))
	}
	return p, err
}

// readSignals reads a page of the program's feed.
func (c *call) readSignals(door exchange.Door, what string) (p page, err error) {
	f := &c.filter
	program := door.Program.ID
	q := exchange.ForeignQuery{After: f.after, Limit: f.limit, Bound: f.bound("taxii " + what)}
	if len(f.types)+len(f.versions)+len(f.specs) > 0 {
		q.Wants = func(t lantern.SignalType, changed time.Time) bool { return f.passes(stix.Header(t, changed)) }
	}
	if len(f.ids) > 0 {
		q.Signals = []lantern.ID{}
		for _, text := range f.ids {
			if id, ok := stix.ParseID(program, text); ok && !slices.Contains(q.Signals, id) {
				q.Signals = append(q.Signals, id)
			}
		}
	}
	got, err := c.x.ForeignFeed(c.r.Context(), c.actor, program, q, f.next)
	for i := range got.Changes {
		p.records = append(p.records, record{stix.Signal(program, &got.Changes[i]), got.Changes[i].Time})
	}
	if got.More {
		p.next = got.Next
	}
	return p, err
}
