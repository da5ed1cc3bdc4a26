package taxii

import (
	"context"
	"slices"
	"time"

	"lantern"
	"lantern/internal/format/stix"
)

// defined is when the objects that every collection of references has count as added, in their
// order.
var defined = time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)

// referenced lists what signals refer to, oldest first: what is defined once for all, then the
// members in the order in which they came. Times rise, so that clients may go on by them; they are
// made up where members came earlier than the definitions, or at the same time.
func (d *programs) referenced(ctx context.Context) ([]record, error) {
	members, err := d.x.Members(ctx, d.actor)
	if err != nil && lantern.KindOf(err) != lantern.Forbidden { // a suspended member learns no names
		return nil, err
	}
	slices.SortStableFunc(members, func(a, b lantern.Member) int { return a.Created.Compare(b.Created) })
	var list []record
	last := defined
	enter := func(o stix.Object) {
		list = append(list, record{o, stix.SpecVersion, last, int64(len(list)) + 1})
		last = last.Add(time.Microsecond)
	}
	for _, o := range append(stix.Markings(), stix.Definitions()...) {
		enter(o)
	}
	for _, m := range members {
		if m.Created.After(last) {
			last = m.Created
		}
		enter(stix.Member(m))
	}
	return list, nil
}

// readReferences reads a page of them.
func (d *programs) readReferences(ctx context.Context, program lantern.ID, what string, f filter) (p page, err error) {
	list, err := d.referenced(ctx)
	if err != nil {
		return p, err
	}
	return d.listed(program, list, "references "+what, f)
}

// listed reads a page of a list that was made for this reading.
func (d *programs) listed(program lantern.ID, list []record, what string, f filter) (p page, err error) {
	bound, from := f.bound("taxii "+what), int64(0)
	if f.next != "" {
		if from, err = d.x.ReadTicket(d.actor, program, bound, f.next); err != nil {
			return p, err
		}
	}
	return pageOf(list, f, from, func(n int64) lantern.Cursor { return d.x.Ticket(d.actor, program, bound, n) }), nil
}
