package taxii

import (
	"slices"

	"lantern"
)

// discovery is the resource of section 4.1.1. API roots are paths, so the exchange need not
// know under which name clients reach it.
type discovery struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Contact     string   `json:"contact,omitempty"`
	Default     string   `json:"default,omitempty"`
	APIRoots    []string `json:"api_roots,omitempty"`
}

func (c *call) discovery() (any, error) {
	d, _, err := c.desk.roots(c.r.Context())
	return d, err
}

// apiRoot is the resource of section 4.2.1.
type apiRoot struct {
	Title            string   `json:"title"`
	Description      string   `json:"description,omitempty"`
	Versions         []string `json:"versions"`
	MaxContentLength int64    `json:"max_content_length"`
}

func (c *call) apiRoot() (any, error) {
	r, err := c.root()
	return r.info, err
}

// root finds the API root that the path names.
func (c *call) root() (root, error) {
	_, list, err := c.desk.roots(c.r.Context())
	if err != nil {
		return root{}, err
	}
	name := c.r.PathValue("root")
	if i := slices.IndexFunc(list, func(r root) bool { return r.name == name }); i >= 0 {
		return list[i], nil
	}
	return root{}, errNone("API root")
}

// collection is the resource of section 5.2.1.
type collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Alias       string   `json:"alias,omitempty"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types,omitempty"`
}

// collections lists the collections. Its order is fixed.
func (c *call) collections() (any, error) {
	r, err := c.root()
	return struct {
		Collections []collection `json:"collections,omitempty"`
	}{r.collections}, err
}

func (c *call) collection() (any, error) {
	p, err := c.place()
	return p.collection, err
}

// place finds the collection that the path names, by id or alias.
func (c *call) place() (p place, err error) {
	if p.root, err = c.root(); err != nil {
		return p, err
	}
	name := c.r.PathValue("collection")
	for _, p.collection = range p.root.collections {
		if name == p.ID || name == p.Alias {
			return p, nil
		}
	}
	return p, errNone("collection")
}

// readable is place for whoever wants to read.
func (c *call) readable() (p place, err error) {
	if p, err = c.place(); err == nil && !p.CanRead {
		err = &lantern.Error{Kind: lantern.Forbidden, Reason: "the collection is not readable with this key", Fix: "use a key with the scope read, of a trained person or a service"}
	}
	return p, err
}

// writable is place for whoever wants to write.
func (c *call) writable() (p place, err error) {
	if p, err = c.place(); err == nil && !p.CanWrite {
		err = &lantern.Error{Kind: lantern.Forbidden, Reason: "the collection is not writable with this key",
			Fix: "use a key with the scope share, of a trained person or service of an active member that contributes"}
	}
	return p, err
}
