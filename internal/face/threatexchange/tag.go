package threatexchange

import (
	"slices"
	"strings"

	"lantern"
	"lantern/internal/exchange"
	wire "lantern/internal/format/threatexchange"
)

// tags lists the tags of the caller's programs.
func (c *call) tags() ([]lantern.Tag, error) {
	programs, err := c.face.x.Programs(c.r.Context(), c.actor)
	var list []lantern.Tag
	for _, p := range programs {
		list = append(list, p.Policy.Tags...)
	}
	slices.Sort(list)
	return slices.Compact(list), err
}

// findTags finds tags by how they begin.
func (c *call) findTags() (any, error) {
	list, err := c.tags()
	if err != nil {
		return nil, err
	}
	f, err := c.fields()
	if err != nil {
		return nil, err
	}
	prefix := wire.TagText(wire.ParseTag(c.params.get("text")))
	nodes := []wire.Node{}
	for _, t := range list {
		if !strings.HasPrefix(wire.TagText(t), prefix) {
			continue
		}
		n, err := c.tag(t, f)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return c.paged(nodes, "")
}

// tag is a tag, with the first page of what bears it if that is wanted.
func (c *call) tag(t lantern.Tag, f wire.Fields) (wire.Node, error) {
	n := wire.Tag(t)
	if _, wanted := f["tagged_objects"]; wanted {
		q, err := c.opinionQuery("tagged_since", "tagged_until")
		if err != nil {
			return nil, err
		}
		q.Keep = bears(t)
		got, err := c.face.x.Browse(c.r.Context(), c.actor, q)
		if err != nil {
			return nil, err
		}
		n["tagged_objects"] = wire.Edge{Data: objects(got)}
	}
	return n, nil
}

func bears(t lantern.Tag) func(*lantern.Signal) bool {
	return func(s *lantern.Signal) bool { return slices.Contains(s.Tags, t) }
}

func objects(got exchange.OpinionPage) []wire.Node {
	nodes := make([]wire.Node, len(got.Opinions))
	for i := range got.Opinions {
		nodes[i] = wire.TaggedObject(&got.Opinions[i].Signal)
	}
	return nodes
}

// taggedObjects lists what bears a tag, in the order of change.
func (c *call) taggedObjects() (any, error) {
	list, err := c.tags()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(t lantern.Tag) bool { return wire.TagID(t) == c.id() })
	if i < 0 {
		return nil, errObject
	}
	q, err := c.opinionQuery("tagged_since", "tagged_until")
	if err != nil {
		return nil, err
	}
	q.Keep = bears(list[i])
	got, err := c.face.x.Browse(c.r.Context(), c.actor, q)
	if err != nil {
		return nil, err
	}
	return c.paged(objects(got), mark(got.Next))
}
