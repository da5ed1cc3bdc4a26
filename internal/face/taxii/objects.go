package taxii

import (
	"lantern"
	"lantern/internal/format/stix"
	"lantern/internal/web"
)

// envelope is the resource of section 3.7. What holds nothing is an empty object, as the
// specification wants; what holds something says more, which clients take for granted.
type envelope struct {
	More    *bool          `json:"more,omitempty"`
	Next    lantern.Cursor `json:"next,omitempty"`
	Objects []any          `json:"objects,omitempty"`
}

// manifest is the resource of section 5.3.1. It has next, which the specification leaves out:
// without it the usual client reads the first page for ever.
type manifest struct {
	More    *bool           `json:"more,omitempty"`
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
	More     *bool          `json:"more,omitempty"`
	Next     lantern.Cursor `json:"next,omitempty"`
	Versions []string       `json:"versions,omitempty"`
}

// more tells whether a page is followed by another; nothing of one that is empty and the last.
func (p page) more() *bool {
	if more := p.next != ""; more || len(p.records) > 0 {
		return &more
	}
	return nil
}

func (p page) envelope() envelope {
	e := envelope{More: p.more(), Next: p.next}
	for _, r := range p.records {
		e.Objects = append(e.Objects, r.Body)
	}
	return e
}

func (c *call) objects() (any, error) {
	p, err := c.read("objects")
	return p.envelope(), err
}

func (c *call) manifest() (any, error) {
	p, err := c.read("manifest")
	m := manifest{More: p.more(), Next: p.next}
	for _, r := range p.records {
		m.Objects = append(m.Objects, manifestEntry{r.ID, stix.Stamp(r.added), r.Version, stixMediaName + r.spec})
	}
	return m, err
}

// object returns one object, in the versions that the filter wants.
func (c *call) object() (any, error) {
	p, err := c.readOne("object")
	return p.envelope(), err
}

func (c *call) versions() (any, error) {
	c.filter.versions = []string{"all"}
	p, err := c.readOne("versions")
	v := versions{More: p.more(), Next: p.next}
	for _, r := range p.records {
		v.Versions = append(v.Versions, r.Version)
	}
	return v, err
}

// readOne reads the object that the path names. One that is not there, or may not be seen, is
// NotFound; one that a filter leaves out is an empty page.
func (c *call) readOne(what string) (page, error) {
	at, err := c.readable()
	if err != nil {
		return page{}, err
	}
	id := c.r.PathValue("object")
	if !stix.Well(id) {
		return page{}, errNone("object")
	}
	c.filter.ids = []string{id}
	p, err := c.readAt(at, what)
	if err != nil || len(p.records) > 0 {
		return p, err
	}
	there, err := c.desk.read(c.r.Context(), at, "object", filter{limit: 1, ids: c.filter.ids})
	if err == nil && len(there.records) == 0 {
		err = errNone("object")
	}
	return p, err
}

// Headers that tell the times of the first and last object of a page.
const (
	firstHeader = "X-TAXII-Date-Added-First"
	lastHeader  = "X-TAXII-Date-Added-Last"
)

// read reads a page of the collection that the path names.
func (c *call) read(what string) (p page, err error) {
	at, err := c.readable()
	if err != nil {
		return p, err
	}
	return c.readAt(at, what)
}

// readAt reads a page of a collection, and sets the headers. What the exchange says of a cursor is said
// of next, as clients write it.
func (c *call) readAt(at place, what string) (p page, err error) {
	p, err = c.desk.read(c.r.Context(), at, what, c.filter)
	if err == nil && len(p.records) > 0 {
		c.w.Header().Set(firstHeader, stix.Stamp(p.records[0].added))
		c.w.Header().Set(lastHeader, stix.Stamp(p.records[len(p.records)-1].added))
	}
	return p, web.Renamed(err, "/cursor", "parameter next")
}
