package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// Opinion is a signal as another member may see it, with who reacted to it.
type Opinion struct {
	lantern.Signal
	Feedback []lantern.Feedback // oldest first
}

// ValueState is what the members of a program say of one value at this moment.
type ValueState struct {
	ID       lantern.ID
	Type     lantern.SignalType
	Value    string    // canonical
	Created  time.Time // of the oldest opinion
	Changed  time.Time // when any of it last changed for the reader
	Opinions []Opinion // active ones; none if the reader must drop the value
}

// ValueQuery selects values.
type ValueQuery struct {
	Types []lantern.SignalType // none: all
	Start time.Time            // changed then or later, to the second
	Stop  time.Time            // changed before; zero: no bound
	Limit int
}

// ValuePage is a part of a program read by value, in the order of change.
type ValuePage struct {
	Values []ValueState
	Next   lantern.Cursor // "" on the last page
	Ahead  time.Time      // when the first value of the next page changed; zero on the last page, or if it is not known
	Since  time.Time      // when the reader's rights changed last, as far as it reads by value; zero: never
	AsOf   time.Time      // all that changed before is in this page or in those before it
}

// valueAttempts is how often a page is read in a snapshot before it is read under the lock.
const valueAttempts = 3

// valueSpan is how many places one page looks through that hold nothing for its reader.
const valueSpan = 20 * lantern.MaxPage

// errMoved says that a page must be read again.
var errMoved = errors.New("what was read has moved")

// Values reads a program by value, for clients of foreign protocols: each value once, at the
// place of its last change, with all opinions on it that the reader may see. A value on
// which none is left comes without opinions if the reader was handed it this way before, or
// shared it: its client can only drop what it is told. Types that name a person are left out
// unless the program lets foreign clients have them.
//
// Times are whole seconds for such clients, and they go on from the last one they saw, so a
// page holds whole changes only: all that was written before AsOf is in it. When the
// reader's rights change, everything counts as changed at that moment, so that nothing hides
// behind an old time. A page is logged as a disclosure before it is returned.
func (x *Exchange) Values(ctx context.Context, a policy.Actor, program lantern.ID, q ValueQuery, cursor lantern.Cursor) (page ValuePage, err error) {
	v, err := x.view(a, program, lantern.FeedFilter{}, cursor)
	if err != nil {
		return page, err
	}
	v.foreign = true
	b := &byValue{x: x, v: v, q: q, first: cursor == ""}
	if b.q.Limit <= 0 || b.q.Limit > lantern.MaxPage {
		b.q.Limit = lantern.MaxPage
	}
	// Whoever began to write before this has ended when it ran: what is read afterwards
	// holds every change up to its time.
	if err := x.writeFor(ctx, a.Member, 1, b.begin); err != nil {
		return page, err
	}
	for attempt := 0; ; attempt++ {
		under := attempt == valueAttempts
		if !under {
			if err := x.readFor(ctx, a.Member, func(tx *sqldb.Tx) error { return b.read(ctx, tx) }); err != nil {
				return page, err
			}
			if len(b.rows) == 0 {
				break
			}
			here := *v
			here.from.seq = b.after
			if err := x.mayDisclose(ctx, &here); err != nil {
				return page, err
			}
		}
		err := x.writeFor(ctx, a.Member, 1, func(t *txn) error {
			if under {
				if err := b.read(t.ctx, t.Tx); err != nil || len(b.rows) == 0 {
					return err
				}
			}
			return b.disclose(t)
		})
		if err == nil {
			x.used(a.Member, fair.DiscloseUse, len(handed(b.rows, a.Member)))
			break
		}
		if !errors.Is(err, errMoved) {
			return page, err
		}
	}
	return b.page(ctx)
}

// byValue is one page on its way.
type byValue struct {
	x     *Exchange
	v     *view
	q     ValueQuery
	first bool // the reader came without a cursor

	s      standing
	types  []lantern.SignalType
	reader store.ValueReader
	fresh  bool // reader is not stored yet
	asOf   time.Time

	after    int64              // the place before the page
	places   []store.ValuePlace // what is on the page
	rows     []store.FeedRow    // what the reader sees of it
	feedback map[lantern.ID][]lantern.Feedback
	next     int64     // the place to go on from; 0: nothing is left
	ahead    time.Time // see ValuePage
}

// begin reads who asks, when, and since when in these rights.
func (b *byValue) begin(t *txn) (err error) {
	if b.s, err = b.x.look(t.ctx, t.Tx, b.v); err != nil {
		return err
	}
	p, _, err := store.Program(t.ctx, t.Tx, b.v.program)
	if err != nil {
		return err
	}
	b.types, b.asOf = foreignTypes(p, b.q.Types), later(t.now, b.s.head.Last)
	known := false
	if b.reader, known, err = store.ReadValueReader(t.ctx, t.Tx, b.v.program, b.v.a.Member); err != nil {
		return err
	}
	if b.fresh = b.reader.Epoch != b.s.membership.Epoch; b.fresh {
		b.reader = store.ValueReader{Epoch: b.s.membership.Epoch}
		if known { // whoever read before holds something
			b.reader.Since = b.asOf
		}
	}
	return nil
}

// foreignTypes are the signal types, of those wanted, that a program shows to foreign clients.
func foreignTypes(p lantern.Program, wanted []lantern.SignalType) (list []lantern.SignalType) {
	for _, t := range signal.Types() {
		if t.Compare != signal.None && policy.OnForeign(p.Policy, t.Personal) && (len(wanted) == 0 || slices.Contains(wanted, t.Name)) {
			list = append(list, t.Name)
		}
	}
	return list
}

// changed is when a place changed for the reader.
func (b *byValue) changed(p store.ValuePlace) time.Time {
	if p.Changed.Before(b.reader.Since) {
		return b.reader.Since
	}
	return p.Changed
}

// read reads the page: one value more than fits shows whether there is another.
func (b *byValue) read(ctx context.Context, tx *sqldb.Tx) (err error) {
	if b.s, err = b.x.look(ctx, tx, b.v); err != nil {
		return err
	}
	b.places, b.rows, b.next, b.ahead = nil, nil, 0, time.Time{}
	r := store.FeedRange{Program: b.v.program, Reader: b.v.a.Member, Direction: b.s.membership.Direction, Reads: b.s.reads,
		After: b.v.from.seq, Upto: b.s.head.Seq}
	if start := b.q.Start; b.first && start.After(b.reader.Since.Truncate(time.Second)) {
		if r.After, err = store.PlaceBefore(ctx, tx, r.Program, r.Upto, start); err != nil {
			return err
		}
	}
	b.after = r.After
	for looked := 0; r.After < r.Upto; {
		r.Limit = b.q.Limit + 1 - len(b.places)
		if looked > 0 {
			r.Limit = lantern.MaxPage // little here is for the reader
		}
		part, err := store.ValuePlaces(ctx, tx, r, b.types)
		if err != nil {
			return err
		}
		rows, err := store.ValueRows(ctx, tx, r, part)
		if err != nil {
			return err
		}
		if full, err := b.take(ctx, tx, part, rows); full || err != nil {
			return err
		}
		if len(part) < r.Limit {
			break
		}
		r.After = part[len(part)-1].Seq
		if looked += len(part); looked >= valueSpan {
			b.next = r.After
			break
		}
	}
	return b.addFeedback(ctx, tx)
}

// take puts on the page what the reader sees of a part, and reports whether that was all it
// may hold.
func (b *byValue) take(ctx context.Context, tx *sqldb.Tx, part []store.ValuePlace, rows []store.FeedRow) (bool, error) {
	by, fallen := map[lantern.ID][]store.FeedRow{}, []lantern.ID{}
	for _, r := range rows {
		by[r.ValueID] = append(by[r.ValueID], r)
		if r.State != lantern.Active {
			fallen = append(fallen, r.ID)
		}
	}
	told, err := store.Told(ctx, tx, b.v.a.Member, fallen)
	if err != nil {
		return true, err
	}
	for _, p := range part {
		if at := b.changed(p); !b.q.Stop.IsZero() && !at.Before(b.q.Stop) {
			return true, b.addFeedback(ctx, tx)
		}
		shown := only(by[p.Value], func(r store.FeedRow) bool { return r.State == lantern.Active })
		if len(shown) == 0 {
			shown = only(by[p.Value], func(r store.FeedRow) bool {
				return r.Wrapped != nil && r.Value != nil && (told[r.ID] || r.Member == b.v.a.Member)
			})
		}
		if len(shown) == 0 {
			continue
		}
		if len(b.places) == b.q.Limit {
			b.next, b.ahead = b.places[len(b.places)-1].Seq, b.changed(p)
			return true, b.addFeedback(ctx, tx)
		}
		b.places, b.rows = append(b.places, p), append(b.rows, shown...)
	}
	return false, nil
}

// only returns the rows that are to be kept.
func only(rows []store.FeedRow, keep func(store.FeedRow) bool) (list []store.FeedRow) {
	for _, r := range rows {
		if keep(r) {
			list = append(list, r)
		}
	}
	return list
}

// addFeedback reads who reacted to what is on the page. Whoever reacts moves the signal.
func (b *byValue) addFeedback(ctx context.Context, tx *sqldb.Tx) (err error) {
	special := map[lantern.ID]bool{}
	for _, p := range b.places {
		special[p.Value] = p.Special
	}
	var list []lantern.ID
	for _, r := range b.rows {
		if r.State == lantern.Active && special[r.ValueID] {
			list = append(list, r.ID)
		}
	}
	b.feedback, err = store.FeedbackOn(ctx, tx, list)
	return err
}

// disclose enters what was read as handed out, if it is still where it was.
func (b *byValue) disclose(t *txn) error {
	anew, err := b.x.look(t.ctx, t.Tx, b.v)
	if err != nil {
		return err
	}
	if anew.reads != b.s.reads || anew.membership.Direction != b.s.membership.Direction || anew.membership.Epoch != b.reader.Epoch {
		return resync("what the member may see has changed")
	}
	seqs, all := make([]int64, len(b.rows)), []lantern.ID{}
	digest := sha256.New()
	for i, r := range b.rows {
		seqs[i] = r.Seq
		fmt.Fprintf(digest, "%d %d\n", r.ID, r.Seq)
		if r.State == lantern.Active {
			all = append(all, r.ID)
		}
	}
	still, err := store.StillPlaced(t.ctx, t.Tx, b.v.program, seqs)
	if err != nil {
		return err
	}
	if len(still) < len(seqs) {
		return errMoved
	}
	if err := store.MarkTold(t.ctx, t.writing(), b.v.program, b.v.a.Member, handed(b.rows, b.v.a.Member), all, t.now); err != nil {
		return fmt.Errorf("entering a recipient: %w", err)
	}
	if b.fresh {
		if err := store.PutValueReader(t.ctx, t.writing(), b.v.program, b.v.a.Member, b.reader); err != nil {
			return err
		}
	}
	_, err = t.record(entry{kind: audit.Disclose, by: b.v.a, facts: facts{
		Programs: []lantern.ID{b.v.program}, Count: len(b.rows), Digest: hex.EncodeToString(digest.Sum(nil)), Reason: "by value",
	}})
	return err
}

// page unseals what was read.
func (b *byValue) page(ctx context.Context) (page ValuePage, err error) {
	leave, err := b.x.reads.Enter(ctx, b.v.a.Member)
	if err != nil {
		return page, err
	}
	defer leave()
	page = ValuePage{Ahead: b.ahead, Since: b.reader.Since, AsOf: b.asOf}
	by := map[lantern.ID][]store.FeedRow{}
	for _, r := range b.rows {
		by[r.ValueID] = append(by[r.ValueID], r)
	}
	for _, p := range b.places {
		v := ValueState{ID: p.Value, Changed: b.changed(p)}
		for _, r := range by[p.Value] {
			o, err := b.x.shownOpinion(ctx, r.SignalRow)
			if err != nil {
				return page, err
			}
			v.Type, v.Value = r.Type, o.Value
			if v.Created.IsZero() || r.Created.Before(v.Created) {
				v.Created = r.Created
			}
			if r.State == lantern.Active {
				o.Programs, o.Feedback = []lantern.ID{b.v.program}, b.feedback[r.ID]
				v.Opinions = append(v.Opinions, o)
			}
		}
		page.Values = append(page.Values, v)
	}
	if b.next > 0 {
		page.Next = b.x.cursor(b.v.a.Member, b.v.program, place{seq: b.next, epoch: b.v.from.epoch, since: b.v.from.since})
	}
	return page, nil
}

// shownOpinion unseals one opinion.
func (x *Exchange) shownOpinion(ctx context.Context, r store.SignalRow) (Opinion, error) {
	s, err := opinion(r)
	if err == nil {
		err = x.unseal(ctx, r, &s)
	}
	return Opinion{Signal: s}, err
}

// moveBeside moves what stands on the values of placements that are about to leave them, by
// erasure or narrowing: whoever reads by value would otherwise find the change behind what it
// read already.
func moveBeside(t *txn, places ...store.Placement) error {
	for _, p := range places {
		if p.Value == 0 {
			continue
		}
		others, err := store.OnValue(t.ctx, t.Tx, p)
		if err != nil {
			return err
		}
		if err := movePlacements(t, others); err != nil {
			return err
		}
	}
	return nil
}
