package threatexchange

import (
	"maps"
	"slices"

	"lantern"
	"lantern/internal/exchange"
	wire "lantern/internal/format/threatexchange"
)

// descriptor is an opinion as a descriptor.
func (c *call) descriptor(o *exchange.Opinion) wire.Node {
	var value lantern.ID
	if ids := c.face.x.ValueIDs(*o); len(ids) > 0 {
		value = ids[0]
	}
	return wire.Descriptor(&o.Signal, o.Feedback, c.actor.Member, value, c.who)
}

// readMany reads objects by their ids. Those that the caller may not know of are left out: one
// that fell meanwhile must not keep a client from the others.
func (c *call) readMany() (any, error) {
	ids, err := wire.IDs("/ids", c.params.get("ids"))
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/ids", Reason: "missing", Fix: "name the objects: ids=1,2"}
	}
	f, err := c.fields()
	if err != nil {
		return nil, err
	}
	found, err := c.nodes(ids, f)
	if err != nil {
		return nil, err
	}
	out := map[string]wire.Node{}
	for id, n := range found {
		out[id.String()] = wire.Select(n, f, wire.Usual(n)...)
	}
	return out, nil
}

// readOne reads one object, whatever it is.
func (c *call) readOne() (any, error) {
	f, err := c.fields()
	if err != nil {
		return nil, err
	}
	found, err := c.nodes([]lantern.ID{c.id()}, f)
	if err != nil {
		return nil, err
	}
	n, ok := found[c.id()]
	if !ok {
		return nil, errObject
	}
	return wire.Select(n, f, wire.Usual(n)...), nil
}

// nodes finds objects by their ids: signals at once, and what is left among the programs, tags,
// members and values.
func (c *call) nodes(ids []lantern.ID, f wire.Fields) (map[lantern.ID]wire.Node, error) {
	if _, err := c.names(); err != nil {
		return nil, err
	}
	list, err := c.face.x.Opinions(c.r.Context(), c.actor, ids)
	if err != nil {
		return nil, err
	}
	found := map[lantern.ID]wire.Node{}
	for i := range list {
		found[list[i].ID] = c.descriptor(&list[i])
	}
	if len(found) == len(ids) {
		return found, c.nest(slices.Collect(maps.Values(found)), f)
	}
	programs, err := c.face.x.Programs(c.r.Context(), c.actor)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if found[id] != nil {
			continue
		}
		n, err := c.other(id, programs, f)
		if lantern.KindOf(err) == lantern.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[id] = n
	}
	return found, c.nest(slices.Collect(maps.Values(found)), f)
}

// other finds an object that is no signal.
func (c *call) other(id lantern.ID, programs []lantern.Program, f wire.Fields) (wire.Node, error) {
	for i := range programs {
		if programs[i].ID == id {
			return c.group(&programs[i], f)
		}
		for _, t := range programs[i].Policy.Tags {
			if wire.TagID(t) == id {
				return c.tag(t, f)
			}
		}
	}
	if name, ok := c.whois[c.memberOf(id)]; ok {
		return wire.Member(id, name), nil
	}
	v, err := c.face.x.Value(c.r.Context(), c.actor, id)
	if err != nil {
		return nil, err
	}
	return c.indicator(v), nil
}

// indicator is a value with what is said of it.
func (c *call) indicator(v exchange.ValueState) wire.Node {
	descriptors := make([]wire.Node, len(v.Opinions))
	for i := range v.Opinions {
		o := &v.Opinions[i]
		descriptors[i] = wire.Descriptor(&o.Signal, o.Feedback, c.actor.Member, v.ID, c.who)
	}
	return wire.Indicator(v.ID, v.Type, v.Value, descriptors)
}

// descriptorsOn lists what is said of a value.
func (c *call) descriptorsOn() (any, error) {
	if _, err := c.names(); err != nil {
		return nil, err
	}
	v, err := c.face.x.Value(c.r.Context(), c.actor, c.id())
	if err != nil {
		return nil, err
	}
	edge, _ := c.indicator(v)["descriptors"].(wire.Edge)
	return c.nested(edge.Data, "")
}

// done is the answer to a write.
type done struct {
	Success bool   `json:"success"`
	ID      string `json:"id,omitempty"`
	State   string `json:"lantern_state,omitempty"` // "held": nobody else sees it yet
}

// submit shares a signal, or amends the caller's own on the same value.
func (c *call) submit() (any, error) {
	s, err := wire.Submit(c.params.get, c.now)
	if err != nil {
		return nil, err
	}
	if s.Gone {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/expired_on", Reason: "already past", Fix: "leave it out; DELETE takes a descriptor back"}
	}
	return c.share(s)
}

// share shares what was submitted or edited.
func (c *call) share(s wire.Submission) (any, error) {
	ctx := c.r.Context()
	if s.Only {
		programs, err := c.face.x.Audience(ctx, c.actor, c.members(s.Whitelist))
		if err != nil {
			return nil, err
		}
		s.Draft.Programs = programs
	}
	if len(s.Draft.Tags) == 0 {
		s.Draft.Tags = []lantern.Tag{"other"} // their tags may be missing, ours not
	}
	related, err := c.named(s.Triples)
	if err != nil {
		return nil, err
	}
	for _, id := range append(s.Related, related...) {
		if l := (lantern.Link{Kind: lantern.SameAccount, Signal: id}); !slices.Contains(s.Draft.Links, l) {
			s.Draft.Links = append(s.Draft.Links, l)
		}
	}
	r, err := c.face.x.ShareUnfounded(ctx, c.actor, s.Draft)
	if err != nil {
		return nil, err
	}
	d := done{Success: true, ID: r.Signal.String()}
	if r.Status == lantern.HeldBack {
		d.State = string(lantern.Held)
	}
	return d, nil
}

// members reads apps as members.
func (c *call) members(apps []lantern.ID) []lantern.ID {
	list := make([]lantern.ID, len(apps))
	for i, id := range apps {
		list[i] = c.memberOf(id)
	}
	return list
}

// edit changes an own signal, or reacts to another member's.
func (c *call) edit() (any, error) {
	ctx, id := c.r.Context(), c.id()
	add, err := wire.Reactions(c.params.get("reactions"))
	if err != nil {
		return nil, err
	}
	drop, err := wire.Reactions(c.params.get("reactions_to_remove"))
	if err != nil {
		return nil, err
	}
	list, err := c.face.x.Opinions(ctx, c.actor, []lantern.ID{id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, c.refuseEdit()
	}
	for _, r := range add {
		if _, err := c.face.x.React(ctx, c.actor, lantern.Feedback{Signal: id, Reaction: r}); err != nil {
			return nil, err
		}
	}
	for _, r := range drop {
		if _, err := c.face.x.React(ctx, c.actor, lantern.Feedback{Signal: id, Reaction: r, Removed: true}); err != nil {
			return nil, err
		}
	}
	if len(add)+len(drop) > 0 {
		return done{Success: true, ID: id.String()}, nil
	}
	old := &list[0].Signal
	if old.Member != c.actor.Member {
		return nil, &lantern.Error{Kind: lantern.Forbidden, Reason: "the descriptor is another app's", Fix: "react to it, or submit one of your own"}
	}
	s, err := wire.Edit(old, c.params.get, c.now)
	if err != nil {
		return nil, err
	}
	if s.Gone {
		return c.withdraw(lantern.WithdrawnOutdated)
	}
	if !s.Draft.Expires.IsZero() && !s.Draft.Expires.Equal(old.Expires) {
		return nil, &lantern.Error{Kind: lantern.Conflict, Field: "/expired_on", Reason: "an expiry is moved by a person's renewal only", Fix: "leave it out, or renew the signal: lantern signals renew"}
	}
	v, err := c.share(s)
	for _, program := range s.Left {
		if err == nil {
			_, err = c.face.x.Narrow(ctx, c.actor, id, lantern.Narrowing{Program: program})
		}
	}
	return v, err
}

// refuseEdit tells why there is nothing to edit: a program cannot be, all else is not there.
func (c *call) refuseEdit() error {
	if _, err := c.face.x.Program(c.r.Context(), c.actor, c.id()); err == nil {
		return errGroups
	}
	return errObject
}

// remove takes an own signal back.
func (c *call) remove() (any, error) { return c.withdraw(lantern.WithdrawnInError) }

func (c *call) withdraw(reason lantern.WithdrawReason) (any, error) {
	_, err := c.face.x.Withdraw(c.r.Context(), c.actor, c.id(), lantern.Withdrawal{Reason: reason})
	if err != nil {
		return nil, err
	}
	return done{Success: true}, nil
}

// findDescriptors searches descriptors.
func (c *call) findDescriptors() (any, error) {
	list, after, err := c.search()
	if err != nil {
		return nil, err
	}
	nodes := make([]wire.Node, len(list))
	for i := range list {
		nodes[i] = c.descriptor(&list[i].Opinion)
	}
	return c.nested(nodes, after)
}

// findIndicators searches indicators: those of the descriptors that fit.
func (c *call) findIndicators() (any, error) {
	list, after, err := c.search()
	if err != nil {
		return nil, err
	}
	nodes, at := []wire.Node{}, map[string]int{}
	for i := range list {
		d := c.descriptor(&list[i].Opinion)
		n, ok := d["indicator"].(wire.Node)
		if !ok {
			continue
		}
		key, _ := n["id"].(string)
		if j, ok := at[key]; ok {
			edge, _ := nodes[j]["descriptors"].(wire.Edge)
			nodes[j]["descriptors"] = wire.Edge{Data: append(edge.Data, d)}
			continue
		}
		at[key] = len(nodes)
		id, _ := lantern.ParseID(key)
		nodes = append(nodes, wire.Indicator(id, list[i].Type, list[i].Value, []wire.Node{d}))
	}
	return c.nested(nodes, after)
}
