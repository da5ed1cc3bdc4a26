package exchange

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// ForeignQuery selects a part of a program's feed for clients of a foreign protocol, which read
// it by time and by filters of their own.
type ForeignQuery struct {
	After   time.Time    // only what changed later; zero: everything
	Signals []lantern.ID // only these; nil: all. Nothing tells one that is not there from one that may not be seen
	// Wants says of a signal of a type, changed at a time, whether it is wanted; nil: all are.
	Wants func(t lantern.SignalType, changed time.Time) bool
	Bound string // names face and filters: a cursor is of no use with another
	Limit int    // entries of a page
}

// foreignRounds bounds how often one page reads on because what it read was not for its reader.
const foreignRounds = 8

// ForeignFeed reads a program's feed as [Exchange.Feed] does, for clients of a foreign protocol.
// It holds back the types that name a person unless the program lets such clients have them (that
// a signal fell is told to whoever was sent it all the same: the program may have changed its
// mind), and from a member the signals that it took back itself, for to these clients deleted is
// gone. A page is full unless it is the last, or very much lies between that is not
// for the reader; its time is that of the feed, so it rises from entry to entry and page to page.
//
// A client that comes with a time and without a cursor cannot be told to begin anew: what its
// member may see since its rights became wider, and what was purged, is not shown to it.
func (x *Exchange) ForeignFeed(ctx context.Context, a policy.Actor, program lantern.ID, q ForeignQuery, cursor lantern.Cursor) (page lantern.FeedPage, err error) {
	v, err := x.foreignView(ctx, a, program, q, cursor)
	if err != nil {
		return page, err
	}
	if q.Limit <= 0 || q.Limit > lantern.MaxPage {
		q.Limit = lantern.MaxPage
	}
	for range foreignRounds {
		part, head, err := x.page(ctx, v, q.Limit-len(page.Changes))
		if err != nil {
			return page, err
		}
		page.Changes = append(page.Changes, part.Changes...)
		page.Next, page.More, page.AsOf = part.Next, part.More, later(x.Clock(), head.Last)
		if part.Leaf != 0 {
			page.Leaf = part.Leaf
		}
		if !page.More || len(page.Changes) == q.Limit {
			break
		}
	}
	return page, nil
}

// foreignView is the view of a reader who comes by a foreign protocol.
func (x *Exchange) foreignView(ctx context.Context, a policy.Actor, program lantern.ID, q ForeignQuery, cursor lantern.Cursor) (*view, error) {
	v, err := x.view(a, program, lantern.FeedFilter{}, "")
	if err != nil {
		return nil, err
	}
	v.from.filter, v.foreign = foreignMark(q.Bound), true
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		p, _, err := store.Program(ctx, tx, program)
		if err != nil {
			return err
		}
		v.signals, v.picked = q.Signals, q.Signals != nil || q.Wants != nil || !p.Policy.ForeignPersons
		v.keep = func(r *store.FeedRow) bool {
			kind, ok := signal.Lookup(r.Type)
			deleted := r.Member == a.Member && (r.State == lantern.Withdrawn || r.State == lantern.Erased)
			shown := r.State != lantern.Active || policy.OnForeign(p.Policy, kind.Personal)
			return ok && shown && !deleted && (q.Wants == nil || q.Wants(r.Type, r.Changed))
		}
		if cursor != "" || q.After.IsZero() {
			return nil
		}
		r, ok, err := store.ReadReader(ctx, tx, program, a.Member, a.Key)
		if err == nil && ok {
			v.from.seq, err = store.PlaceBefore(ctx, tx, program, r.Head.Seq, q.After.Truncate(time.Microsecond).Add(time.Microsecond))
		}
		return err
	})
	if err == nil && cursor != "" {
		v.first = false
		v.from, err = x.readCursor(a.Member, program, v.from.filter, cursor)
	}
	return v, err
}

// foreignMark tells the filters of foreign clients apart, also from those of a feed.
func foreignMark(bound string) string {
	sum := sha256.Sum256([]byte("foreign\n" + bound))
	return string(sum[:8])
}

// pickForeign chooses what goes on a page of a foreign client.
func (x *Exchange) pickForeign(ctx context.Context, tx *sqldb.Tx, v *view, r store.FeedRange, limit int) (d disclosed, upto int64, err error) {
	if v.signals != nil {
		return pickSignals(ctx, tx, v, r, limit)
	}
	for r.Limit = max(limit, foreignStretch); ; {
		part, upto, err := gather(ctx, tx, r)
		if err != nil {
			return d, 0, err
		}
		for i := range part.rows {
			if !v.keep(&part.rows[i]) {
				continue
			}
			if d.rows = append(d.rows, part.rows[i]); len(d.rows) == limit {
				upto = part.rows[i].Seq
				break
			}
		}
		d.around.add(part.around)
		if len(d.rows) == limit || upto == r.Upto {
			return d, upto, nil
		}
		r.After = upto
	}
}

// foreignStretch is how many entries are read at a time at least: of a small page most may be
// for somebody else.
const foreignStretch = 100

// pickSignals chooses of the signals that were asked for those that may be seen, in the order
// of the feed.
func pickSignals(ctx context.Context, tx *sqldb.Tx, v *view, r store.FeedRange, limit int) (d disclosed, upto int64, err error) {
	places, err := store.EveryPlacementOf(ctx, tx, v.signals...)
	if err != nil {
		return d, 0, err
	}
	places = slices.DeleteFunc(places, func(p store.Placement) bool { return p.Program != v.program || p.Seq <= r.After || p.Seq > r.Upto })
	slices.SortFunc(places, func(a, b store.Placement) int { return int(a.Seq - b.Seq) })
	for i, p := range places {
		one := r
		one.After, one.Upto, one.Limit = p.Seq-1, p.Seq, 1
		part, _, err := gather(ctx, tx, one)
		if err != nil {
			return d, 0, err
		}
		if len(part.rows) == 0 || !v.keep(&part.rows[0]) {
			continue
		}
		d.rows = append(d.rows, part.rows[0])
		d.around.add(part.around)
		if len(d.rows) == limit && i+1 < len(places) {
			return d, p.Seq, nil
		}
	}
	return d, r.Upto, nil
}

// Door is a program as a foreign client finds it.
type Door struct {
	Program     lantern.Program
	Read, Write bool // what the actor may do there
}

// Doors lists the programs of the actor's member, oldest first, also of a member that may do
// nothing but read corrections.
func (x *Exchange) Doors(ctx context.Context, a policy.Actor) (list []Door, err error) {
	if err := x.fence.err(); err != nil {
		return nil, err
	}
	now := x.Clock()
	reads, shares := policy.Can(a, policy.ReadFeed, now) == nil, policy.Can(a, policy.Share, now) == nil
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		programs, err := store.Programs(ctx, tx, a.Member)
		if err != nil {
			return err
		}
		for _, p := range programs {
			m, ok, err := store.ReadMembership(ctx, tx, p.ID, a.Member)
			if err != nil {
				return err
			}
			if ok {
				list = append(list, Door{p, reads && !policy.Untrained(a, p.Policy, now), shares && policy.MayContribute(a, p, m.Membership, now) == nil})
			}
		}
		return nil
	})
	return list, err
}

// Ticket gives a number a form that is of use to this member, program and filter only: the way
// on in a list that a face makes itself.
func (x *Exchange) Ticket(a policy.Actor, program lantern.ID, bound string, n int64) lantern.Cursor {
	return x.cursor(a.Member, program, place{seq: n, filter: foreignMark("ticket\n" + bound)})
}

// ReadTicket is the other way round; Invalid for what [Exchange.Ticket] did not give.
func (x *Exchange) ReadTicket(a policy.Actor, program lantern.ID, bound string, c lantern.Cursor) (int64, error) {
	p, err := x.readCursor(a.Member, program, foreignMark("ticket\n"+bound), c)
	return p.seq, err
}
