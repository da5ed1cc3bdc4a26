package threatexchange

import (
	"slices"
	"time"

	"lantern"
	"lantern/internal/exchange"
	wire "lantern/internal/format/threatexchange"
)

// updates is the feed of a program by value.
func (c *call) updates() (any, error) {
	q, err := c.valueQuery("start_time", "stop_time", "limit")
	if err != nil {
		return nil, err
	}
	if text := c.params.get("types"); text != "" {
		for _, t := range wire.List(text) {
			q.Types = append(q.Types, wire.SignalTypes(t)...)
		}
		if len(q.Types) == 0 {
			q.Types = []lantern.SignalType{"none"} // of types that nothing here has
		}
	}
	after := lantern.Cursor(c.params.get("after"))
	got, err := c.face.x.Values(c.r.Context(), c.actor, c.id(), q, after)
	if err != nil {
		return nil, err
	}
	if _, err := c.names(); err != nil {
		return nil, err
	}
	nodes := make([]wire.Node, 0, len(got.Values)+1)
	for _, v := range got.Values {
		nodes = append(nodes, c.update(v))
	}
	if i, at, ok := sentinelAt(got, q, after == ""); ok {
		nodes = slices.Insert(nodes, i, wire.Sentinel(c.id(), at))
	}
	return c.paged(nodes, string(got.Next))
}

// valueQuery reads which values are wanted.
func (c *call) valueQuery(start, stop, limit string) (q exchange.ValueQuery, err error) {
	if q.Start, err = wire.ParseTime("/"+start, c.params.get(start), c.now); err != nil {
		return q, err
	}
	if q.Stop, err = wire.ParseTime("/"+stop, c.params.get(stop), c.now); err != nil {
		return q, err
	}
	q.Limit, err = c.params.limit(limit, usualPage)
	return q, err
}

// usualPage is how many objects a page holds unless it says otherwise.
const usualPage = 25

// update is a value as a row.
func (c *call) update(v exchange.ValueState) wire.Node {
	descriptors := make([]wire.Node, len(v.Opinions))
	for i := range v.Opinions {
		o := &v.Opinions[i]
		descriptors[i] = wire.Descriptor(&o.Signal, o.Feedback, c.actor.Member, v.ID, c.who)
	}
	return wire.UpdateOf(v.ID, v.Type, v.Value, v.Created, v.Changed, descriptors)
}

// sentinelAt says where on a page the row that never goes stands, and its time: that of the
// first second of the reader's present rights, by which all that they let it see is behind
// its client's checkpoint. A page is never without a row.
func sentinelAt(got exchange.ValuePage, q exchange.ValueQuery, first bool) (i int, at time.Time, ok bool) {
	at = time.Unix(1, 0)
	if !got.Since.IsZero() {
		if at = got.Since.Add(time.Second); at.After(got.AsOf) {
			at = got.Since // that second is not over: more may come in it
		}
	}
	at = at.UTC().Truncate(time.Second)
	for i < len(got.Values) && got.Values[i].Changed.Truncate(time.Second).Compare(at) <= 0 {
		i++
	}
	switch {
	case len(got.Values) == 0:
		return 0, at, true
	case at.Before(q.Start) || !q.Stop.IsZero() && !at.Before(q.Stop):
		return 0, at, false
	case i == 0 && !first: // it stood on a page before
		return 0, at, false
	case i == len(got.Values) && got.Next != "" && (got.Ahead.IsZero() || got.Ahead.Truncate(time.Second).Compare(at) <= 0):
		return 0, at, false // it stands on a page to come
	}
	return i, at, true
}
