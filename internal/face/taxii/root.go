package taxii

import (
	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/format/stix"
)

// discovery is the resource of section 4.1.1. API roots are paths, so the exchange need not
// know under which name clients reach it.
type discovery struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Default     string   `json:"default,omitempty"`
	APIRoots    []string `json:"api_roots,omitempty"`
}

func (c *call) discovery() (any, error) {
	doors, err := c.x.Doors(c.r.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	d := discovery{Title: "Lantern", Description: "Signals of child-safety programs: clues that a person must review. One API root for each program of the caller's member."}
	for _, door := range doors {
		d.APIRoots = append(d.APIRoots, rootPath(door.Program.ID))
	}
	if len(doors) > 0 {
		d.Default = d.APIRoots[0]
	}
	return d, nil
}

func rootPath(program lantern.ID) string { return Prefix + "/" + program.String() + "/" }

// apiRoot is the resource of section 4.2.1.
type apiRoot struct {
	Title            string   `json:"title"`
	Description      string   `json:"description,omitempty"`
	Versions         []string `json:"versions"`
	MaxContentLength int64    `json:"max_content_length"`
}

func (c *call) apiRoot() (any, error) {
	door, err := c.door()
	if err != nil {
		return nil, err
	}
	return apiRoot{door.Program.Name, door.Program.Purpose, []string{Media}, maxBody}, nil
}

// door finds the program that the path names.
func (c *call) door() (exchange.Door, error) {
	id, err := lantern.ParseID(c.r.PathValue("root"))
	if err != nil {
		return exchange.Door{}, errNone("API root")
	}
	doors, err := c.x.Doors(c.r.Context(), c.actor)
	if err != nil {
		return exchange.Door{}, err
	}
	for _, d := range doors {
		if d.Program.ID == id {
			return d, nil
		}
	}
	return exchange.Door{}, errNone("API root")
}

// The collections of a program; the numbers are part of their ids.
const (
	signals    lantern.ID = 1
	references lantern.ID = 2
)

// collection is the resource of section 5.2.1.
type collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Alias       string   `json:"alias,omitempty"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types"`
}

// stixMedia is the media type of every object.
const stixMedia = "application/stix+json;version=2.1"

func describe(d exchange.Door, n lantern.ID) collection {
	c := collection{ID: stix.UUID("collection", d.Program.ID, n), CanRead: d.Read, MediaTypes: []string{stixMedia}}
	if n == signals {
		c.Title, c.Alias, c.CanWrite = "Signals", "signals", d.Write
		c.Description = "Indicators and attack-patterns of the program, oldest change first. What is revoked, or valid no longer, must match nowhere."
	} else {
		c.Title, c.Alias = "References", "references"
		c.Description = "What signals refer to: members, labels and definitions of extensions."
	}
	return c
}

// collections lists the collections. Its order is fixed.
func (c *call) collections() (any, error) {
	door, err := c.door()
	list := struct {
		Collections []collection `json:"collections,omitempty"`
	}{}
	if err == nil && (door.Read || door.Write) {
		list.Collections = []collection{describe(door, signals), describe(door, references)}
	}
	return list, err
}

func (c *call) collection() (any, error) {
	p, err := c.place()
	return describe(p.door, p.n), err
}

// place is a collection that the caller may know of.
type place struct {
	door exchange.Door
	n    lantern.ID
}

// place finds the collection that the path names, by id or alias.
func (c *call) place() (p place, err error) {
	if p.door, err = c.door(); err != nil {
		return p, err
	}
	if !p.door.Read && !p.door.Write {
		return p, errNone("collection")
	}
	for _, n := range []lantern.ID{signals, references} {
		if d, name := describe(p.door, n), c.r.PathValue("collection"); name == d.ID || name == d.Alias {
			p.n = n
			return p, nil
		}
	}
	return p, errNone("collection")
}

// readable is place for whoever wants to read.
func (c *call) readable() (p place, err error) {
	if p, err = c.place(); err == nil && !p.door.Read {
		err = &lantern.Error{Kind: lantern.Forbidden, Reason: "the collection is not readable with this key", Fix: "use a key with the scope read"}
	}
	return p, err
}

// writable is place for whoever wants to write.
func (c *call) writable() (p place, err error) {
	if p, err = c.place(); err == nil && (p.n != signals || !p.door.Write) {
		err = &lantern.Error{Kind: lantern.Forbidden, Reason: "the collection is not writable with this key",
			Fix: "use a key with the scope share, of a trained person or service of an active member that contributes"}
	}
	return p, err
}
