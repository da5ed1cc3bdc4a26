package taxii

import (
	"slices"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/format/stix"
)

// defined is when the objects that every collection of references has count as added, in their
// order.
var defined = time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)

// referenced lists what signals refer to, oldest first: what is defined once for all, then the
// members in the order in which they came. Times rise, so that clients may go on by them; they are
// made up where members came earlier than the definitions, or at the same time.
func (c *call) referenced() ([]record, error) {
	members, err := c.x.Members(c.r.Context(), c.actor)
	if err != nil && lantern.KindOf(err) != lantern.Forbidden { // a suspended member learns no names
		return nil, err
	}
	slices.SortStableFunc(members, func(a, b lantern.Member) int { return a.Created.Compare(b.Created) })
	var list []record
	last := defined
	for _, o := range append(stix.Markings(), stix.Definitions()...) {
		list = append(list, record{o, last})
		last = last.Add(time.Microsecond)
	}
	for _, m := range members {
		if m.Created.After(last) {
			last = m.Created
		}
		list = append(list, record{stix.Member(m), last})
		last = last.Add(time.Microsecond)
	}
	return list, nil
}

// readReferences reads a page of them.
func (c *call) readReferences(door exchange.Door, what string) (p page, err error) {
	f := &c.filter
	list, err := c.referenced()
	if err != nil {
		return p, err
	}
	bound := f.bound("taxii references " + what)
	from := int64(0)
	if f.next != "" {
		if from, err = c.x.ReadTicket(c.actor, door.Program.ID, bound, f.next); err != nil {
			return p, err
		}
	}
	for i, r := range list {
		if int64(i) < from || !r.added.After(f.after) || !f.passes(r.Object) {
			continue
		}
		if len(p.records) == f.limit {
			p.next = c.x.Ticket(c.actor, door.Program.ID, bound, int64(i))
			break
		}
		p.records = append(p.records, r)
	}
	return p, nil
}
