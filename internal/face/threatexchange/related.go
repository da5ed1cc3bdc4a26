package threatexchange

import (
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/exchange"
	wire "lantern/internal/format/threatexchange"
)

// related lists what is related to a signal, or to what is said of a value.
func (c *call) related() (any, error) {
	nodes, err := c.relatives(c.id())
	if err != nil {
		return nil, err
	}
	return c.paged(nodes, "")
}

// relatives are the descriptors related to a signal or a value.
func (c *call) relatives(id lantern.ID) ([]wire.Node, error) {
	ids := []lantern.ID{id}
	list, err := c.face.x.Related(c.r.Context(), c.actor, id)
	if lantern.KindOf(err) == lantern.NotFound {
		if ids, err = c.opinionsOn(id); err == nil {
			list, err = c.relatedTo(ids)
		}
	}
	if err != nil {
		return nil, err
	}
	if _, err := c.names(); err != nil {
		return nil, err
	}
	nodes := []wire.Node{}
	for i := range list {
		if !slices.Contains(ids, list[i].ID) {
			nodes = append(nodes, c.descriptor(&list[i]))
		}
	}
	return nodes, nil
}

// maxRelated is of how many objects at once an answer tells what is related to each, for each of
// them is looked up by itself.
const maxRelated = 50

// wantsRelated reports whether a selection nests what is related.
func wantsRelated(f wire.Fields) bool {
	_, wanted := f["related"]
	return wanted
}

// nest puts into descriptors and indicators what is related to each, if that is wanted. What fell
// meanwhile, and what is neither, has nothing.
func (c *call) nest(nodes []wire.Node, f wire.Fields) error {
	if !wantsRelated(f) {
		return nil
	}
	if len(nodes) > maxRelated {
		return &lantern.Error{Kind: lantern.TooLarge, Field: "/fields", Reason: "too many objects for what is related to each", Fix: fmt.Sprintf("related of at most %d at a time", maxRelated)}
	}
	for _, n := range nodes {
		if n["raw_indicator"] == nil && n["indicator"] == nil {
			continue
		}
		text, _ := n["id"].(string)
		id, err := lantern.ParseID(text)
		if err != nil {
			return err
		}
		list, err := c.relatives(id)
		if err != nil && lantern.KindOf(err) != lantern.NotFound {
			return err
		}
		n["related"] = wire.Edge{Data: list}
	}
	return nil
}

// nested is paged for descriptors and indicators, in which what is related may be wanted.
func (c *call) nested(nodes []wire.Node, after string) (any, error) {
	f, err := c.fields()
	if err == nil {
		err = c.nest(nodes, f)
	}
	if err != nil {
		return nil, err
	}
	return c.paged(nodes, after)
}

// relatedTo lists what is related to any of several signals, each once.
func (c *call) relatedTo(ids []lantern.ID) (list []exchange.Opinion, err error) {
	for _, id := range ids {
		more, err := c.face.x.Related(c.r.Context(), c.actor, id)
		if err != nil && lantern.KindOf(err) != lantern.NotFound { // it fell meanwhile
			return nil, err
		}
		for _, o := range more {
			if !slices.ContainsFunc(list, func(have exchange.Opinion) bool { return have.ID == o.ID }) {
				list = append(list, o)
			}
		}
	}
	return list, nil
}

// opinionsOn lists the signals on a value, the caller's own first.
func (c *call) opinionsOn(value lantern.ID) (ids []lantern.ID, err error) {
	v, err := c.face.x.Value(c.r.Context(), c.actor, value)
	if err != nil {
		return nil, err
	}
	for _, o := range v.Opinions {
		if o.Member == c.actor.Member {
			ids = append([]lantern.ID{o.ID}, ids...)
		} else {
			ids = append(ids, o.ID)
		}
	}
	return ids, nil
}

// relate says that two signals are related, or takes it back. Where a value is named instead,
// the caller's own signal on it is meant, or else another's.
func (c *call) relate() (any, error) {
	other, err := lantern.ParseID(c.params.get("related_id"))
	if err != nil {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/related_id", Reason: "not an id", Fix: "the id of another descriptor"}
	}
	undo := c.method == "DELETE"
	pair := [2]lantern.ID{c.id(), other}
	err = c.face.x.Relate(c.r.Context(), c.actor, pair[0], pair[1], undo)
	if kind := lantern.KindOf(err); kind == lantern.NotFound || kind == lantern.Invalid {
		values := false
		for i, id := range pair {
			if ids, none := c.opinionsOn(id); none == nil {
				pair[i], values = ids[0], true
			}
		}
		if values {
			err = c.face.x.Relate(c.r.Context(), c.actor, pair[0], pair[1], undo)
		}
	}
	if err != nil {
		return nil, err
	}
	return done{Success: true}, nil
}

// named finds the signals that triples name.
func (c *call) named(list []wire.Triple) (ids []lantern.ID, err error) {
	for _, t := range list {
		owner, found := c.memberOf(t.Owner), false
		for _, kind := range t.Types {
			opinions, err := c.face.x.OpinionsOn(c.r.Context(), c.actor, kind, t.Value)
			if err != nil && lantern.KindOf(err) != lantern.Invalid { // the text is no value of this type
				return nil, err
			}
			for _, o := range opinions {
				if o.Member == owner {
					ids, found = append(ids, o.ID), true
				}
			}
		}
		if !found {
			return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/related_triples_for_upload_as_json", Reason: "names a descriptor that does not exist or that this token may not know of"}
		}
	}
	return ids, nil
}
