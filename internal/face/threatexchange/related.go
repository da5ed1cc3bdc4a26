package threatexchange

import (
	"slices"

	"lantern"
	"lantern/internal/exchange"
	wire "lantern/internal/format/threatexchange"
)

// related lists what is related to a signal, or to what is said of a value.
func (c *call) related() (any, error) {
	ids := []lantern.ID{c.id()}
	list, err := c.face.x.Related(c.r.Context(), c.actor, c.id())
	if lantern.KindOf(err) == lantern.NotFound {
		if ids, err = c.opinionsOn(c.id()); err == nil {
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
	return c.paged(nodes, "")
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
