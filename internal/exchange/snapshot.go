package exchange

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"sync"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// snapshotWindow is how many entries of a feed are read and encoded at a time.
const snapshotWindow = 2000

// Snapshot writes all that a feed holds for the actor as lines of JSON, one [lantern.Change]
// each and a [lantern.FeedMark] at the end, and gives them to emit in blocks of whole lines.
// It is made for this reader and kept nowhere. Before the first block it is in the log and
// every signal of it counts as sent; the reader goes on from the mark with [Exchange.Feed].
//
// What moves in the feed while it is written is left out of what is not written yet, and
// stands after the mark. emit may block for as long as its reader takes: no transaction
// waits for it. Whoever ends ctx when the reader's rights end ([Exchange.Guard]) cuts it off.
func (x *Exchange) Snapshot(ctx context.Context, a policy.Actor, program lantern.ID, f lantern.FeedFilter, emit func([]byte) error) error {
	v, err := x.view(a, program, f, "")
	if err != nil {
		return err
	}
	if !f.IsZero() {
		return x.filteredSnapshot(ctx, v, emit)
	}
	return x.wholeSnapshot(ctx, v, emit)
}

// filteredSnapshot is made of pages, each entered by itself: of what the filter holds back
// nobody may later be told that it was there.
func (x *Exchange) filteredSnapshot(ctx context.Context, v *view, emit func([]byte) error) error {
	for {
		page, head, err := x.page(ctx, v, lantern.MaxPage)
		if err != nil {
			return err
		}
		var block []byte
		for _, c := range page.Changes {
			line, err := json.Marshal(c)
			if err != nil {
				return fmt.Errorf("encoding a change: %w", err)
			}
			block = append(append(block, line...), '\n')
		}
		if !page.More {
			block, err = appendMark(block, lantern.FeedMark{Next: page.Next, AsOf: later(x.Clock(), head.Last), Leaf: page.Leaf})
			if err != nil {
				return err
			}
		}
		if err := emit(block); err != nil || !page.More {
			return err
		}
	}
}

func appendMark(b []byte, m lantern.FeedMark) ([]byte, error) {
	line, err := json.Marshal(m)
	if err != nil {
		return b, fmt.Errorf("encoding a mark: %w", err)
	}
	return append(append(b, line...), '\n'), nil
}

// window is one part of a snapshot on its way through a worker.
type window struct {
	store.FeedRange
	block  []byte
	handed int
	done   chan error
}

func (x *Exchange) wholeSnapshot(ctx context.Context, v *view, emit func([]byte) error) error {
	if err := x.mayDisclose(ctx, v); err != nil {
		return err
	}
	var s standing
	var mark lantern.FeedMark
	err := x.writeFor(ctx, v.a.Member, 1, func(t *txn) (err error) {
		s, mark.Leaf, err = x.discloseAll(t, v)
		return err
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	n := runtime.GOMAXPROCS(0)
	work, inOrder := make(chan *window), make(chan *window, 2*n)
	for range n {
		workers.Go(func() {
			for w := range work {
				w.done <- x.encodeWindow(ctx, v, s, w)
			}
		})
	}
	var failed error
	workers.Go(func() {
		defer close(work)
		defer close(inOrder)
		failed = x.cutWindows(ctx, v, s, func(w *window) bool {
			select {
			case inOrder <- w:
			case <-ctx.Done():
				return false
			}
			select {
			case work <- w:
				return true
			case <-ctx.Done():
				w.done <- ctx.Err()
				return false
			}
		})
	})
	for w := range inOrder {
		if err := <-w.done; err != nil {
			return err
		}
		x.used(v.a.Member, fair.DiscloseUse, w.handed)
		if err := emit(w.block); err != nil {
			return err
		}
		blocks.Put(&w.block)
	}
	if failed != nil || ctx.Err() != nil {
		return cmp.Or(failed, ctx.Err())
	}
	mark.Next, mark.AsOf = x.cursor(v.a.Member, v.program, place{seq: s.head.Seq, epoch: v.from.epoch, since: v.from.since, lean: v.from.lean}), later(x.Clock(), s.head.Last)
	last, err := appendMark(nil, mark)
	if err != nil {
		return err
	}
	return emit(last)
}

// discloseAll enters the whole feed as sent, as it stands in this transaction, and logs it.
func (x *Exchange) discloseAll(t *txn, v *view) (s standing, leaf int64, err error) {
	if s, err = x.look(t.ctx, t.Tx, v); err != nil || s.head.Seq == 0 {
		return s, 0, err
	}
	// A feed that grew in this transaction has its newest head here.
	if h := t.heads[v.program]; h != nil {
		s.head = *h
	}
	if s.reads && s.membership.Direction != lantern.ContributeOnly {
		if err := store.AddReading(t.ctx, t.writing(), v.program, v.a.Member, 0, s.head.Seq, t.now); err != nil {
			return s, 0, fmt.Errorf("entering a recipient: %w", err)
		}
	}
	leaf, err = t.record(entry{kind: audit.Disclose, by: v.a, facts: facts{Programs: []lantern.ID{v.program}, Reason: "snapshot", Upto: s.head.Seq}})
	return s, leaf, err
}

// cutWindows cuts the feed into windows until there is nothing left or hand says no.
func (x *Exchange) cutWindows(ctx context.Context, v *view, s standing, hand func(*window) bool) error {
	r := store.FeedRange{Program: v.program, Reader: v.a.Member, Direction: s.membership.Direction, Reads: s.reads, Limit: math.MaxInt32}
	for r.After < s.head.Seq {
		r.Upto = s.head.Seq
		err := x.read(ctx, func(tx *sqldb.Tx) (err error) {
			r.Upto, err = store.PlaceAfter(ctx, tx, r, snapshotWindow)
			return err
		})
		if err != nil {
			return err
		}
		if !hand(&window{FeedRange: r, done: make(chan error, 1)}) {
			return ctx.Err()
		}
		r.After = r.Upto
	}
	return nil
}

// blocks are buffers of windows.
var blocks = sync.Pool{New: func() any { b := make([]byte, 0, snapshotWindow*1000); return &b }}

// windowMemory is what reading a window needs.
type windowMemory struct {
	plain store.PlainRows
	opener
}

var windowMemories = sync.Pool{New: func() any { return new(windowMemory) }}

// encodeWindow reads, unseals and encodes one window, if the reader may still read.
func (x *Exchange) encodeWindow(ctx context.Context, v *view, s standing, w *window) error {
	buffer, read := blocks.Get().(*[]byte), windowMemories.Get().(*windowMemory)
	defer windowMemories.Put(read)
	return x.readFor(ctx, v.a.Member, func(tx *sqldb.Tx) (err error) {
		own := *v
		anew, err := x.look(ctx, tx, &own)
		if err != nil {
			return err
		}
		if anew.reads != s.reads || anew.membership.Direction != s.membership.Direction {
			return resync("what the member may see has changed")
		}
		w.block, w.handed = (*buffer)[:0], 0
		special := w.FeedRange
		special.Special = true
		d, _, err := gather(ctx, tx, special)
		if err != nil {
			return err
		}
		plain, err := read.plain.Read(ctx, tx, w.FeedRange)
		if err != nil {
			return err
		}
		read.x = x
		for len(plain) > 0 || len(d.rows) > 0 {
			next, beside := &plain, around{}
			if len(plain) == 0 || len(d.rows) > 0 && d.rows[0].Seq < plain[0].Seq {
				next, beside = &d.rows, d.around
			}
			if err := x.encodeRow(ctx, v, w, &(*next)[0], beside, &read.opener); err != nil {
				return err
			}
			*next = (*next)[1:]
		}
		return nil
	})
}

// encodeRow unseals and encodes one entry.
func (x *Exchange) encodeRow(ctx context.Context, v *view, w *window, r *store.FeedRow, a around, o *opener) (err error) {
	var value, note []byte
	if r.State == lantern.Active {
		if value, note, err = o.open(ctx, &r.SignalRow); err != nil {
			return err
		}
		if r.Member != v.a.Member {
			w.handed++
		}
	}
	w.block, err = appendChange(w.block, v.program, r, a, value, note)
	return err
}
