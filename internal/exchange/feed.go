package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
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

// FilteredFeed is [Exchange.Feed] through a filter. A page looks through a bounded part of the
// feed, so it may be empty and yet say that there is more. Its cursor goes with its filter.
func (x *Exchange) FilteredFeed(ctx context.Context, a policy.Actor, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, limit int, wait time.Duration) (lantern.FeedPage, error) {
	v, err := x.view(a, program, f, cursor)
	if err != nil {
		return lantern.FeedPage{}, err
	}
	if limit <= 0 || limit > lantern.MaxPage {
		limit = lantern.MaxPage
	}
	guarded, leave := x.Guard(ctx, a)
	defer leave()
	timeout, cancel := context.WithTimeout(guarded, min(max(wait, 0), lantern.MaxWait))
	defer cancel()
	for {
		room := x.wakes.room(program)
		page, head, err := x.page(ctx, v, limit)
		if err != nil {
			return lantern.FeedPage{}, err
		}
		if len(page.Changes) == 0 && !page.More && wait > 0 && x.await(timeout, room) {
			continue
		}
		if context.Cause(guarded) == errKey {
			return lantern.FeedPage{}, errKey
		}
		page.AsOf = later(x.Clock(), head.Last)
		return page, nil
	}
}

// view is one reader's way through one feed.
type view struct {
	a       policy.Actor
	program lantern.ID
	filter  lantern.FeedFilter
	from    place
	first   bool // nothing was read yet, and the reader came without a cursor

	// Of a foreign client; see ForeignFeed.
	foreign bool                      // it cannot be told of corrections alone
	keep    func(*store.FeedRow) bool // what may be handed out; nil: whatever the reader may see
	signals []lantern.ID              // only these; nil: all
	picked  bool                      // what is handed out is not all that lies between
}

// view checks who reads what from where.
func (x *Exchange) view(a policy.Actor, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor) (*view, error) {
	if err := policy.Can(a, policy.ReadFeed, x.Clock()); err != nil {
		return nil, err
	}
	// Behind the fence even an empty page would do harm: who reads again from the beginning
	// drops what does not come back.
	if err := x.fence.err(); err != nil {
		return nil, err
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	v := &view{a: a, program: program, filter: f, first: cursor == "", from: place{filter: filterMark(f)}}
	var err error
	if cursor != "" {
		v.from, err = x.readCursor(a.Member, program, v.from.filter, cursor)
	}
	return v, err
}

// await waits until the room's door opens, which it reports, or ctx ends.
func (x *Exchange) await(ctx context.Context, room <-chan struct{}) bool {
	x.wakes.enter(1)
	defer x.wakes.enter(-1)
	select {
	case <-room:
		return true
	case <-ctx.Done():
		return false
	}
}

// How much of a feed one page looks through, in entries: of those it passes over most are
// not for the reader.
const (
	pageSpan   = 5 * lantern.MaxPage
	filterSpan = 20 * lantern.MaxPage
)

// standing is what the feed is to its reader at one moment.
type standing struct {
	membership store.Membership
	head       store.Head
	reads      bool  // see policy.Reads
	untrained  error // why a person is told of corrections alone; nil if not
}

// look reads what the feed is to the reader and refuses one who may not go on. Key and
// state are read anew: the actor may have waited since it was authenticated.
func (x *Exchange) look(ctx context.Context, tx *sqldb.Tx, v *view) (s standing, err error) {
	r, ok, err := store.ReadReader(ctx, tx, v.program, v.a.Member, v.a.Key)
	if err == nil && (!ok || !r.Membership.Left.IsZero()) {
		err = errMissing("program")
	}
	if err != nil {
		return s, err
	}
	who, now := v.a, x.Clock()
	if who.MemberState = r.State; r.HasKey && r.Trained.Before(who.Trained) {
		who.Trained = r.Trained
	}
	s = standing{r.Membership, r.Head, policy.Reads(who, r.Policy, now), policy.MayRead(who, r.Policy, now)}
	if v.first {
		v.from.epoch, v.from.since, v.first = s.membership.Epoch, s.head.Horizon, false
	}
	switch lean := s.untrained != nil; {
	case lean && v.foreign:
		return s, s.untrained
	case !lean && v.from.lean:
		return s, resync("what the person may see has changed")
	default:
		v.from.lean = lean
	}
	if err := fresh(v.from, s.membership, s.head); err != nil {
		return s, err
	}
	keys := map[lantern.ID]store.Standing{}
	if r.HasKey {
		keys[v.a.Key] = r.Key
	}
	if !stands(v.a, keys, now) {
		return s, errKey
	}
	return s, nil
}

// page reads one page and moves the view on. It is read in a snapshot and entered in the
// log in a transaction that leaves out what has moved since: so whoever takes a signal
// back finds everyone it was handed to, and nobody is handed it later.
func (x *Exchange) page(ctx context.Context, v *view, limit int) (page lantern.FeedPage, head store.Head, err error) {
	var s standing
	var d disclosed
	next := v.from
	err = x.readFor(ctx, v.a.Member, func(tx *sqldb.Tx) error {
		if s, err = x.look(ctx, tx, v); err != nil {
			return err
		}
		next.epoch, next.since, next.lean = v.from.epoch, v.from.since, v.from.lean
		if next.seq = s.head.Seq; next.seq > v.from.seq {
			d, next.seq, err = x.pick(ctx, tx, v, s, limit)
		}
		return err
	})
	if err != nil {
		return page, s.head, err
	}
	if len(d.rows) > 0 {
		if err := x.mayDisclose(ctx, v); err != nil {
			return page, s.head, err
		}
		read := d.rows
		err = x.writeFor(ctx, v.a.Member, 1, func(t *txn) error {
			d.rows, page.Leaf, err = x.disclose(t, v, s, read, next.seq)
			return err
		})
		if err != nil {
			return page, s.head, err
		}
		x.used(v.a.Member, fair.DiscloseUse, len(handed(d.rows, v.a.Member)))
	}
	if page.Changes, err = x.changes(ctx, v, d); err != nil {
		return page, s.head, err
	}
	v.from = next
	page.Next = x.cursor(v.a.Member, v.program, next)
	page.More = next.seq < s.head.Seq
	return page, s.head, nil
}

// pick chooses what goes on a page, and says how far the page reaches.
func (x *Exchange) pick(ctx context.Context, tx *sqldb.Tx, v *view, s standing, limit int) (d disclosed, upto int64, err error) {
	r := store.FeedRange{Program: v.program, Reader: v.a.Member, Direction: s.membership.Direction, Reads: s.reads,
		After: v.from.seq, Upto: s.head.Seq, Limit: limit}
	span := int64(pageSpan)
	if !v.filter.IsZero() {
		r.Sent, r.Special, span = true, v.filter.Imminent, filterSpan
	}
	if r.Upto-r.After > span && v.signals == nil {
		if r.Upto, err = store.PlaceAfter(ctx, tx, r, span); err != nil {
			return d, 0, err
		}
	}
	if v.keep != nil {
		return x.pickForeign(ctx, tx, v, r, limit)
	}
	if v.filter.IsZero() {
		return gather(ctx, tx, r)
	}
	for r.Limit = lantern.MaxPage; ; {
		part, upto, err := gather(ctx, tx, r)
		if err != nil {
			return d, 0, err
		}
		part.rows = slices.DeleteFunc(part.rows, func(r store.FeedRow) bool {
			return r.State == lantern.Active && !r.Sent && policy.Excludes(&v.filter, r.Type, r.Member, r.Created)
		})
		list, err := part.opinions(v.program)
		if err != nil {
			return d, 0, err
		}
		for i, c := range list {
			if policy.Passes(&v.filter, policy.Filtered{Signal: c.Signal, Corroboration: c.Corroboration, Sent: part.rows[i].Sent}) {
				d.rows = append(d.rows, part.rows[i])
			}
			if len(d.rows) == limit {
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

func resync(reason string) error {
	return &lantern.Error{Kind: lantern.Resync, Field: "/cursor", Reason: reason, Fix: "read from the beginning and drop what does not come back"}
}

// fresh refuses a place from which going on would hide something.
func fresh(p place, m store.Membership, h store.Head) error {
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

// handed lists the signals of others that rows hand out.
func handed(rows []store.FeedRow, reader lantern.ID) (list []lantern.ID) {
	for _, r := range rows {
		if r.State == lantern.Active && r.Member != reader {
			list = append(list, r.ID)
		}
	}
	return list
}

// mayDisclose holds a reader to its quota, unless a correction lies ahead: those are never
// held up, so what lies before them goes out too.
func (x *Exchange) mayDisclose(ctx context.Context, v *view) error {
	refusal := x.within(v.a.Member, fair.DiscloseUse)
	if refusal == nil {
		return nil
	}
	var ahead bool
	err := x.read(ctx, func(tx *sqldb.Tx) (err error) {
		ahead, err = store.CorrectionAhead(ctx, tx, v.program, v.a.Member, v.from.seq)
		return err
	})
	if err == nil && !ahead {
		err = refusal
	}
	return err
}

// disclose enters who is sent what and logs the disclosure. Rows that moved since they were
// read leave the page: they come at their new places. A page without rows leaves no trace.
func (x *Exchange) disclose(t *txn, v *view, s standing, read []store.FeedRow, upto int64) (rows []store.FeedRow, leaf int64, err error) {
	anew, err := x.look(t.ctx, t.Tx, v)
	if err != nil {
		return nil, 0, err
	}
	if anew.reads != s.reads || anew.membership.Direction != s.membership.Direction {
		return nil, 0, resync("what the member may see has changed")
	}
	seqs := make([]int64, len(read))
	for i, r := range read {
		seqs[i] = r.Seq
	}
	still, err := store.StillPlaced(t.ctx, t.Tx, v.program, seqs)
	if err != nil {
		return nil, 0, err
	}
	digest := sha256.New()
	for _, r := range read {
		if still[r.Seq] {
			rows = append(rows, r)
			fmt.Fprintf(digest, "%d %d\n", r.ID, r.Seq)
		}
	}
	if len(rows) == 0 {
		return nil, 0, nil
	}
	if v.filter.IsZero() && !v.picked && s.reads && s.membership.Direction != lantern.ContributeOnly {
		err = store.AddReading(t.ctx, t.writing(), v.program, v.a.Member, v.from.seq, upto, t.now)
	} else {
		err = store.AddRecipients(t.ctx, t.writing(), v.a.Member, handed(rows, v.a.Member), t.now)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("entering a recipient: %w", err)
	}
	leaf, err = t.record(entry{kind: audit.Disclose, by: v.a, facts: facts{
		Programs: []lantern.ID{v.program}, Count: len(rows), Digest: hex.EncodeToString(digest.Sum(nil)),
	}})
	return rows, leaf, err
}

// opinions turns rows into what goes over the wire but for values and notes: active
// signals whole, all others as tombstones.
func (d disclosed) opinions(program lantern.ID) ([]lantern.Change, error) {
	list := make([]lantern.Change, len(d.rows))
	for i, r := range d.rows {
		c := lantern.Change{Seq: r.Seq, Time: r.Changed, Correction: r.Correction, Signal: tombstone(r.SignalRow)}
		if r.State == lantern.Active {
			s, err := opinion(r.SignalRow)
			if err != nil {
				return nil, err
			}
			s.Disputed, s.Reactions, s.Links, s.Programs = d.disputed[r.ID], d.reactions[r.ID], d.links[r.ID], []lantern.ID{program}
			s.Incident = d.incidents[r.ID]
			c.Signal, c.Value, c.Corroboration = s, r.ValueID, d.corroboration[r.ID]
		}
		list[i] = c
	}
	return list, nil
}

// changes turns rows into what goes over the wire.
func (x *Exchange) changes(ctx context.Context, v *view, d disclosed) ([]lantern.Change, error) {
	leave, err := x.reads.Enter(ctx, v.a.Member)
	if err != nil {
		return nil, err
	}
	defer leave()
	list, err := d.opinions(v.program)
	for i, r := range d.rows {
		if err == nil && r.State == lantern.Active {
			err = x.unseal(ctx, r.SignalRow, &list[i].Signal)
		}
	}
	return list, err
}
