package threatexchange

import (
	"slices"
	"strings"

	"lantern"
	wire "lantern/internal/format/threatexchange"
)

// appID is how a member shows: the caller's own by the id of its key, for clients take the
// number before the bar of their token for their own app's.
func (c *call) appID(member lantern.ID) lantern.ID {
	if member == c.actor.Member {
		return c.actor.Key
	}
	return member
}

// memberOf is the other way round.
func (c *call) memberOf(app lantern.ID) lantern.ID {
	if app == c.actor.Key {
		return c.actor.Member
	}
	return app
}

// names reads the names of the members, once for each call.
func (c *call) names() (map[lantern.ID]string, error) {
	if c.whois != nil {
		return c.whois, nil
	}
	list, err := c.face.x.Members(c.r.Context(), c.actor)
	if err != nil {
		// A suspended member still gets corrections, and learns no names.
		if lantern.KindOf(err) != lantern.Forbidden {
			return nil, err
		}
		list = nil
	}
	c.whois = map[lantern.ID]string{}
	for _, m := range list {
		c.whois[m.ID] = m.Name
	}
	return c.whois, nil
}

// who tells how members show. names was read before.
func (c *call) who(member lantern.ID) wire.Node { return wire.Member(c.appID(member), c.whois[member]) }

// listMembers lists every member by name.
func (c *call) listMembers() (any, error) {
	list, err := c.face.x.Members(c.r.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b lantern.Member) int { return strings.Compare(a.Name, b.Name) })
	nodes := make([]wire.Node, len(list))
	for i, m := range list {
		nodes[i] = wire.Member(c.appID(m.ID), m.Name)
	}
	return c.edge(nodes)
}

// fields is the selection that the call wants.
func (c *call) fields() (wire.Fields, error) {
	if c.wanted != nil {
		return c.wanted, nil
	}
	f, err := wire.ParseFields(c.params.get("fields"))
	if err == nil {
		c.wanted = f
	}
	return f, err
}

// edge selects what is wanted of each object of a list.
func (c *call) edge(nodes []wire.Node) (wire.Edge, error) {
	f, err := c.fields()
	list := make([]wire.Node, len(nodes))
	for i, n := range nodes {
		list[i] = wire.Select(n, f, wire.Usual(n)...)
	}
	return wire.Edge{Data: list}, err
}

// page is a list with the way to its next part.
type page struct {
	Data   []wire.Node `json:"data"`
	Paging *paging     `json:"paging,omitempty"`
}

type paging struct {
	Cursors cursors `json:"cursors"`
	Next    string  `json:"next,omitempty"`
}

type cursors struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// paged selects and adds the way on; after is "" on the last page.
func (c *call) paged(nodes []wire.Node, after string) (page, error) {
	e, err := c.edge(nodes)
	p := page{Data: e.Data, Paging: &paging{Cursors: cursors{Before: c.params.get("after"), After: after}}}
	if after != "" {
		p.Paging.Next = c.next(after)
	}
	return p, err
}
