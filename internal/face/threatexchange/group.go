package threatexchange

import (
	"lantern"
	wire "lantern/internal/format/threatexchange"
)

// group is a program as a group, with its members if they are wanted.
func (c *call) group(p *lantern.Program, fields wire.Fields) (wire.Node, error) {
	var members []wire.Node
	if _, wanted := fields["members"]; wanted {
		var err error
		if members, err = c.membersOf(p.ID); err != nil {
			return nil, err
		}
	}
	return wire.Group(p, members), nil
}

func (c *call) membersOf(program lantern.ID) ([]wire.Node, error) {
	list, err := c.face.x.Memberships(c.r.Context(), c.actor, program)
	if err != nil {
		return nil, err
	}
	if _, err := c.names(); err != nil {
		return nil, err
	}
	nodes := make([]wire.Node, len(list))
	for i, m := range list {
		nodes[i] = c.who(m.Member)
	}
	return nodes, nil
}

// groupMembers lists who is in a program.
func (c *call) groupMembers() (any, error) {
	nodes, err := c.membersOf(c.id())
	if err != nil {
		return nil, err
	}
	return c.edge(nodes)
}

// groupsJoined lists the programs of the caller, whose own app the path must name.
func (c *call) groupsJoined() (any, error) {
	if err := c.ownApp(); err != nil {
		return nil, err
	}
	list, err := c.face.x.Programs(c.r.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	f, err := c.fields()
	if err != nil {
		return nil, err
	}
	nodes := []wire.Node{}
	for i := range list {
		if want := c.params.get("name"); want != "" && want != list[i].Name {
			continue
		}
		if want := c.params.get("description"); want != "" && want != list[i].Purpose {
			continue
		}
		n, err := c.group(&list[i], f)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return c.edge(nodes)
}

// groupsOwned lists none: programs belong to the coalition.
func (c *call) groupsOwned() (any, error) {
	if err := c.ownApp(); err != nil {
		return nil, err
	}
	return wire.Edge{Data: []wire.Node{}}, nil
}

func (c *call) ownApp() error {
	if c.memberOf(c.id()) != c.actor.Member {
		return errObject
	}
	return nil
}

// errObject is the one answer for what does not exist and for what the caller may not know of.
var errObject = &lantern.Error{Kind: lantern.NotFound, Reason: "no such object, or none this token may know of"}

// refuseGroup says who makes programs.
func (c *call) refuseGroup() (any, error) { return nil, errGroups }

var errGroups = &lantern.Error{Kind: lantern.Forbidden, Reason: "groups are programs of the coalition, and members do not change them here",
	Fix: "ask the exchange's steward"}
