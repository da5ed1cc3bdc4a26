package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// Feed reads a program's changes after a cursor: at most limit of them, at once if there
// are any, else as soon as one comes or after wait. The page is logged as a disclosure
// before it is returned. A wait ends with Unauthorized within a second if the key is revoked or expires
// or its member is suspended. Resync means that the cursor is of no use any more: the member's
// rights changed, the tombstones it would need are purged, or the exchange was restored
// from an older backup.
func (x *Exchange) Feed(ctx context.Context, a policy.Actor, program lantern.ID, cursor lantern.Cursor, limit int, wait time.Duration) (lantern.FeedPage, error) {
	return x.FilteredFeed(ctx, a, program, lantern.FeedFilter{}, cursor, limit, wait)
}

// FilteredFeed is [Exchange.Feed] through a filter. Its cursor goes with its filter.
func (x *Exchange) FilteredFeed(ctx context.Context, a policy.Actor, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, limit int, wait time.Duration) (lantern.FeedPage, error) {
	if err := policy.Can(a, policy.ReadFeed, x.Clock()); err != nil {
		return lantern.FeedPage{}, err
	}
	// Behind the fence even an empty page would do harm: who reads again from the beginning
	// drops what does not come back.
	if err := x.fence.err(); err != nil {
		return lantern.FeedPage{}, err
	}
	if limit <= 0 || limit > lantern.MaxPage {
		limit = lantern.MaxPage
	}
	from := place{imminent: f.Imminent}
	if cursor != "" {
		var err error
		if from, err = x.readCursor(a.Member, program, f, cursor); err != nil {
			return lantern.FeedPage{}, err
		}
	}
	timeout, cancel := context.WithTimeout(ctx, min(max(wait, 0), lantern.MaxWait))
	defer cancel()
	first := cursor == ""
	reader := x.watch.enter(a)
	defer x.watch.leave(reader)
	for {
		room := x.wakes.room(program)
		page, head, err := x.page(ctx, a, program, &from, first, limit)
		if err != nil {
			return lantern.FeedPage{}, err
		}
		first = false
		again := false
		if len(page.Changes) == 0 && wait > 0 {
			if again, err = x.await(timeout, room, reader); err != nil {
				return lantern.FeedPage{}, err
			}
		}
		if !again {
			page.AsOf = later(x.Clock(), head.Last)
			return page, nil
		}
	}
}

// await waits for the room's door, the timeout, the end or the end of the reader's rights;
// again means look again.
func (x *Exchange) await(ctx context.Context, room <-chan struct{}, r *reader) (again bool, err error) {
	x.wakes.enter(1)
	defer x.wakes.enter(-1)
	select {
	case <-room:
		return true, nil
	case <-r.cut:
		return false, errKey
	case <-ctx.Done():
	case <-x.ctx.Done():
	}
	return false, nil
}

// page reads one page from a place and moves the place on. An empty page, which is most
// of them, costs a read; only one with changes costs a transaction.
func (x *Exchange) page(ctx context.Context, a policy.Actor, program lantern.ID, from *place, first bool, limit int) (page lantern.FeedPage, head store.Head, err error) {
	var m store.Membership
	var news bool
	look := func(ctx context.Context, tx *sqldb.Tx) error {
		if m, err = inProgram(ctx, tx, program, a.Member); err != nil {
			return err
		}
		if head, _, err = store.ReadHead(ctx, tx, program, false); err != nil {
			return err
		}
		if first {
			from.epoch, from.since = m.Epoch, head.Horizon
		} else if err := fresh(*from, m, head); err != nil {
			return err
		}
		news = head.Seq > from.seq
		return nil
	}
	if err := x.read(ctx, func(tx *sqldb.Tx) error { return look(ctx, tx) }); err != nil {
		return page, head, err
	}
	var d disclosed
	next := *from
	if news {
		if err := x.mayDisclose(ctx, a.Member, program, from.seq); err != nil {
			return page, head, err
		}
		err = x.writeFor(ctx, a.Member, 1, func(t *txn) error {
			if err := look(t.ctx, t.Tx); err != nil {
				return err
			}
			d, next, page.Leaf, err = x.disclose(t, a, program, *from, head, m, limit)
			return err
		})
		if err != nil {
			return page, head, err
		}
		x.used(a.Member, fair.DiscloseUse, d.handed(a.Member))
	}
	*from = next
	page.Next = x.cursor(a.Member, program, next)
	page.More = next.seq < head.Seq
	page.Changes, err = x.changes(ctx, program, d)
	return page, head, err
}

// fresh refuses a place from which going on would hide something.
func fresh(p place, m store.Membership, h store.Head) error {
	resync := func(reason string) error {
		return &lantern.Error{Kind: lantern.Resync, Field: "/cursor", Reason: reason, Fix: "read from the beginning and drop what does not come back"}
	}
	switch {
	case p.epoch != m.Epoch:
		return resync("what the member may see has changed")
	case p.seq > h.Seq:
		return resync("the cursor is ahead of the feed: the exchange was restored from a backup")
	case p.seq < h.Horizon && p.since < h.Horizon:
		return resync("the cursor is older than the tombstones that are kept")
	}
	return nil
}

// disclosed is what a page is made of.
type disclosed struct {
	rows      []store.FeedRow
	reactions []store.ReactionCount
	links     []store.LinkRow
	incidents map[lantern.ID]lantern.ID // signal → incident
}

// handed counts the signals of others that a page hands out.
func (d disclosed) handed(reader lantern.ID) (n int) {
	for _, r := range d.rows {
		if r.State == lantern.Active && r.Member != reader {
			n++
		}
	}
	return n
}

// mayDisclose holds a reader to its quota, unless a correction lies ahead: those are never
// held up, so what lies before them goes out too.
func (x *Exchange) mayDisclose(ctx context.Context, reader, program lantern.ID, after int64) error {
	refusal := x.within(reader, fair.DiscloseUse)
	if refusal == nil {
		return nil
	}
	var ahead bool
	err := x.read(ctx, func(tx *sqldb.Tx) (err error) {
		ahead, err = store.CorrectionAhead(ctx, tx, program, reader, after)
		return err
	})
	if err == nil && !ahead {
		err = refusal
	}
	return err
}

// disclose reads a page in the transaction that also enters the recipients and logs the
// disclosure. A page without rows leaves no trace.
func (x *Exchange) disclose(t *txn, a policy.Actor, program lantern.ID, from place, head store.Head, m store.Membership, limit int) (
	d disclosed, next place, leaf int64, err error) {
	next = from
	next.seq = head.Seq
	// Key and state are read anew: the actor may have waited since it was authenticated.
	standings, err := store.Standings(t.ctx, t.Tx, []lantern.ID{a.Key})
	if err != nil {
		return d, next, 0, err
	}
	if !stands(a, standings, t.x.Clock()) {
		return d, next, 0, errKey
	}
	member, _, err := store.Member(t.ctx, t.Tx, a.Member)
	if err != nil {
		return d, next, 0, err
	}
	reads := member.State == lantern.ActiveMember || member.State == lantern.ReadOnly
	d.rows, err = store.FeedRows(t.ctx, t.Tx, program, a.Member, from.seq, limit, m.Direction, reads, from.imminent)
	if err != nil || len(d.rows) == 0 {
		return d, next, 0, err
	}
	if len(d.rows) == limit {
		next.seq = d.rows[limit-1].Seq
	}
	if d.reactions, err = store.ReactionsBetween(t.ctx, t.Tx, program, from.seq, next.seq); err != nil {
		return d, next, 0, err
	}
	if d.links, err = store.LinksBetween(t.ctx, t.Tx, program, from.seq, next.seq); err != nil {
		return d, next, 0, err
	}
	if d.incidents, err = store.IncidentsBetween(t.ctx, t.Tx, program, from.seq, next.seq); err != nil {
		return d, next, 0, err
	}
	digest := sha256.New()
	var sent []lantern.ID
	for _, r := range d.rows {
		fmt.Fprintf(digest, "%d %d\n", r.ID, r.Seq)
		if r.State == lantern.Active && r.Member != a.Member {
			sent = append(sent, r.ID)
		}
	}
	if err := store.AddRecipients(t.ctx, t.writing(), a.Member, sent, t.now); err != nil {
		return d, next, 0, fmt.Errorf("entering recipients: %w", err)
	}
	leaf, err = t.record(entry{kind: audit.Disclose, by: a, facts: facts{
		Programs: []lantern.ID{program}, Count: len(d.rows), Digest: hex.EncodeToString(digest.Sum(nil)),
	}})
	return d, next, leaf, err
}

// changes turns rows into what goes over the wire: active signals whole, all others as
// tombstones.
func (x *Exchange) changes(ctx context.Context, program lantern.ID, d disclosed) ([]lantern.Change, error) {
	list := make([]lantern.Change, len(d.rows))
	counts := map[lantern.ID]map[lantern.Reaction]int{}
	for _, c := range d.reactions {
		if counts[c.Signal] == nil {
			counts[c.Signal] = map[lantern.Reaction]int{}
		}
		counts[c.Signal][c.Reaction] = c.Members
	}
	links := map[lantern.ID][]lantern.Link{}
	for _, l := range d.links {
		links[l.Signal] = append(links[l.Signal], l.Link)
	}
	for i, r := range d.rows {
		c := lantern.Change{Seq: r.Seq, Time: r.Changed, Correction: r.Correction, Signal: tombstone(r.SignalRow)}
		if r.State == lantern.Active {
			s, err := opinion(r.SignalRow)
			if err != nil {
				return nil, err
			}
			if err := x.unseal(ctx, r.SignalRow, &s); err != nil {
				return nil, err
			}
			s.Disputed, s.Reactions, s.Links, s.Programs = r.Disputed, counts[r.ID], links[r.ID], []lantern.ID{program}
			s.Incident = d.incidents[r.ID]
			c.Signal, c.Value = s, r.ValueID
		}
		list[i] = c
	}
	return list, nil
}
