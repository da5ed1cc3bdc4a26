package exchange

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// groupTimeout bounds one transaction. It is not the caller's: an act whose caller left
// must not take its neighbours down.
const groupTimeout = 30 * time.Second

// op is one act that waits for its transaction.
type op struct {
	ctx  context.Context
	fn   func(*txn) error
	done chan error
}

// write runs fn in a transaction, alone or together with the acts of other callers, and
// returns after the commit. It is the only way to change anything.
//
// fn may run more than once, so it must set its results anew each time. It should check
// before it writes: an error before the first write costs the neighbours nothing.
func (x *Exchange) write(ctx context.Context, fn func(*txn) error) error {
	return x.writeFor(ctx, 0, 1, fn)
}

// writeFor is write for an act of a member that could crowd out the others': sharing and
// reading. weight is how many signals it is about. Corrections, acknowledgements and challenges never wait in a member's lane.
func (x *Exchange) writeFor(ctx context.Context, member lantern.ID, weight int, fn func(*txn) error) error {
	if err := x.fence.err(); err != nil {
		return err
	}
	o := &op{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if x.ctx.Err() != nil {
		return errClosing
	}
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(x.ctx, func() { cancel(errClosing) })()
	if err := x.queue.Push(waiting, member, weight, o); err != nil {
		return context.Cause(waiting)
	}
	// From here the act may be committed whether or not the caller waits, so it waits.
	select {
	case err := <-o.done:
		return err
	case <-x.stopped:
		select {
		case err := <-o.done:
			return err
		default: // queued after the last look into the queue: it never ran
			return errClosing
		}
	}
}

// commitLoop takes what is queued and commits it together.
func (x *Exchange) commitLoop() {
	defer close(x.stopped)
	for {
		select {
		case <-x.ctx.Done():
			x.refuseQueued()
			return
		case <-x.queue.Ready():
			runtime.Gosched() // whoever is about to queue an act comes along
			if group := x.queue.Take(); len(group) > 0 {
				x.commit(group)
			}
		}
	}
}

func (x *Exchange) refuseQueued() {
	for _, o := range x.queue.Drain() {
		o.done <- errClosing
	}
}

// commit runs a group; if it fails as a whole, each act runs alone.
func (x *Exchange) commit(group []*op) {
	errs, err := x.try(group, false)
	if err != nil && len(group) > 1 {
		for _, o := range group {
			x.commit([]*op{o})
		}
		return
	}
	for i, o := range group {
		if err != nil {
			o.done <- err
		} else {
			o.done <- errs[i]
		}
	}
}

// try runs the acts in one transaction. errs are those of acts that wrote nothing; err
// says that nothing was committed. fenced lets them run behind the fence: only the
// acceptance of a restore may.
func (x *Exchange) try(group []*op, fenced bool) (errs []error, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), groupTimeout)
	defer cancel()
	var touched []lantern.ID
	var erased, linked, told bool
	var tree audit.Tree
	err = x.DB.Write(ctx, func(tx *sqldb.Tx) error {
		t, err := x.begin(ctx, tx)
		if err != nil {
			return err
		}
		if err := x.fence.admit(t.tree); err != nil && !fenced {
			return err
		}
		linked = x.fence.linked(t.tree)
		errs = make([]error, len(group))
		for i, o := range group {
			if errs[i] = o.ctx.Err(); errs[i] != nil {
				continue
			}
			wrote := t.wrote
			t.wrote = false
			if errs[i] = o.fn(t); errs[i] != nil && t.wrote {
				return errs[i]
			}
			if t.wrote {
				t.seats = nil
			}
			t.wrote = t.wrote || wrote
		}
		err = t.flush(ctx)
		touched, erased, tree, told = t.programs(), t.erased, t.tree, t.told
		return err
	})
	if err == nil && linked && !fenced {
		x.fence.rise(tree, -1)
	}
	if err == nil {
		x.commits.Add(1)
		x.acts.Add(int64(len(group)))
		x.wakes.wake(touched...)
	}
	if err == nil && told {
		x.hooks.nudge()
	}
	if err == nil && erased {
		select {
		case x.erased <- struct{}{}:
		default: // scrubLoop is to look anyway
		}
	}
	return errs, err
}

// txn is a transaction of the exchange: the rows, and the log entries and feed places
// that go with them.
type txn struct {
	*sqldb.Tx
	x      *Exchange
	ctx    context.Context
	random io.Reader
	now    time.Time // one time for the whole transaction, never before an earlier one's
	month  string    // of now, "2006-01"
	tree   audit.Tree
	base   int64 // size of the tree before
	leaves []store.LeafRow
	heads  map[lantern.ID]*store.Head
	claims map[policy.Request]bool // requests whose one happening is this transaction
	events []happening
	shares []batch          // written at the end
	seats  map[seat]placeIn // what acts that changed nothing read of programs
	kek    string           // id of the key-encryption key in force, once it was asked for
	told   bool             // there is something to send
	wrote  bool
	erased bool // something was erased whose bytes must be destroyed

	slab                    // of what entries of the log keep
	text, plain, aad []byte // scratch of record
}

// begin locks the log's head and reads the clock under it.
func (x *Exchange) begin(ctx context.Context, tx *sqldb.Tx) (*txn, error) {
	head, ok, err := store.ReadLogHead(ctx, tx, true)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the log has no head")
	}
	t := &txn{Tx: tx, x: x, ctx: ctx, random: bufio.NewReaderSize(x.Random, 512), heads: map[lantern.ID]*store.Head{}, claims: map[policy.Request]bool{}}
	if err := t.tree.UnmarshalBinary(head.Edge); err != nil {
		return nil, fmt.Errorf("reading the log head: %w", err)
	}
	t.base = t.tree.Size()
	t.now = later(x.Clock(), head.Last)
	t.month = t.now.Format("2006-01")
	return t, nil
}

// later returns the clock's time, or the first microsecond after last if that is later:
// no time in the log or a feed runs backwards, whatever the clock does.
func later(clock, last time.Time) time.Time {
	clock = clock.UTC().Truncate(time.Microsecond)
	if next := last.Add(time.Microsecond); next.After(clock) {
		return next
	}
	return clock
}

// writing returns the transaction for a statement that writes. Whoever calls it has
// finished checking.
func (t *txn) writing() *sqldb.Tx {
	t.wrote = true
	return t.Tx
}

// facts is the part of a log record that stays: identifiers and closed words, no text,
// no value.
type facts struct {
	Member   lantern.ID   `json:"member,omitempty"` // who acted
	Actor    lantern.ID   `json:"actor,omitempty"`
	Key      lantern.ID   `json:"key,omitempty"`
	Object   lantern.ID   `json:"object,omitempty"` // what was acted on
	Signal   lantern.ID   `json:"signal,omitempty"`
	Owner    lantern.ID   `json:"owner,omitempty"` // the sharer of the signal
	Programs []lantern.ID `json:"programs,omitempty"`
	Policy   []int        `json:"policy,omitempty"` // versions of the programs' policies

	Type   lantern.SignalType `json:"type,omitempty"`
	Status lantern.Status     `json:"status,omitempty"`
	Tags   []lantern.Tag      `json:"tags,omitempty"`
	Basis  lantern.ReviewedBy `json:"basis,omitempty"`
	State  string             `json:"state,omitempty"`  // what it became
	Reason string             `json:"reason,omitempty"` // a word of a closed set
	Month  string             `json:"month"`            // of the act, "2006-01"
	Count  int                `json:"count,omitempty"`
	Digest string             `json:"digest,omitempty"`
	Upto   int64              `json:"upto,omitempty"` // the place of a feed that a snapshot reaches

	Restore *restoreFacts `json:"restore,omitempty"`
	Anchor  *anchorFacts  `json:"anchor,omitempty"`
}

// entry is what an act leaves in the log.
type entry struct {
	kind   audit.Kind
	by     policy.Actor
	facts  facts
	person []byte       // what identifies, e.g. the value; sealed with the signal's key
	record *seal.Record // the signal's key, needed if person is set
}

// record appends a leaf and returns its index.
func (t *txn) record(e entry) (int64, error) { return t.enter(&e) }

// enter is record for what happens once for each signal: an entry is large to hand around.
func (t *txn) enter(e *entry) (int64, error) {
	if err := t.claim(e.by); err != nil {
		return 0, err
	}
	f := &e.facts
	if e.by.Member != 0 {
		f.Member, f.Actor, f.Key = e.by.Member, e.by.ID(), e.by.Key
	}
	f.Month = t.month
	var err error
	if t.text, err = f.encode(t.text[:0]); err != nil {
		return 0, err
	}
	leaf, opening, err := audit.Commit(audit.Record{Kind: e.kind, Time: t.now, Person: e.person, Facts: t.text}, t.random)
	if err != nil {
		return 0, fmt.Errorf("committing to a log record: %w", err)
	}
	kept := t.room(audit.LeafSize + 3*32 + seal.Overhead + len(e.person)) // all that the row keeps but for the facts
	keep := func(b []byte) []byte {
		start := len(kept)
		kept = append(kept, b...)
		return kept[start:len(kept):len(kept)]
	}
	row := store.LeafRow{
		Index: t.tree.Size(), Data: keep(leaf[:]), Actor: f.Member, Owner: f.Owner, Signal: f.Signal,
		Facts: string(t.text), FactsSalt: keep(opening.FactsSalt[:]), Commitment: keep(opening.PersonCommit[:]),
	}
	if row.Owner == 0 {
		row.Owner = f.Member
	}
	if e.record != nil {
		t.plain = append(append(t.plain[:0], opening.PersonSalt[:]...), e.person...)
		t.aad = appendPersonAAD(t.aad[:0], f.Signal)
		row.Person, err = e.record.AppendSeal(kept[len(kept):], t.random, t.aad, t.plain)
		clear(t.plain)
		if err != nil {
			return 0, fmt.Errorf("sealing a log record: %w", err)
		}
	} else {
		row.PersonSalt = keep(opening.PersonSalt[:])
	}
	t.wrote = true
	t.tree.Append(audit.LeafHash(leaf))
	t.leaves = append(t.leaves, row)
	return row.Index, nil
}

// head is a program's place and time, read and locked the first time.
func (t *txn) head(program lantern.ID) (*store.Head, error) {
	if h := t.heads[program]; h != nil {
		return h, nil
	}
	h, ok, err := store.ReadHead(t.ctx, t.Tx, program, true)
	if err == nil && !ok {
		err = fmt.Errorf("program %s has no feed head", program)
	}
	if err != nil {
		return nil, err
	}
	t.heads[program] = &h
	return &h, nil
}

// next gives the next place in a program's feed.
func (t *txn) next(program lantern.ID) (int64, time.Time, error) {
	h, err := t.head(program)
	if err != nil {
		return 0, time.Time{}, err
	}
	h.Seq++
	h.Last = later(t.now, h.Last)
	t.wrote = true
	return h.Seq, h.Last, nil
}

// programs lists the feeds that changed.
func (t *txn) programs() []lantern.ID {
	var list []lantern.ID
	for id := range t.heads {
		list = append(list, id)
	}
	return list
}

// flush writes what was shared, the events, the heads, the leaves and the tiles they
// complete.
func (t *txn) flush(ctx context.Context) error {
	if len(t.shares) > 0 {
		if err := t.x.shareAll(t, t.shares); err != nil {
			return err
		}
	}
	if err := t.announce(ctx); err != nil {
		return err
	}
	for _, h := range t.heads {
		if err := store.PutHead(ctx, t.Tx, *h); err != nil {
			return err
		}
	}
	if len(t.leaves) == 0 {
		return nil
	}
	if err := store.InsertLeaves(ctx, t.Tx, t.leaves); err != nil {
		return err
	}
	for _, id := range audit.CompletedTiles(t.base, t.tree.Size()) {
		data, err := audit.BuildTile(ctx, id, t.leafReader(), store.RootReader(t.Tx))
		if err != nil {
			return fmt.Errorf("building a tile: %w", err)
		}
		root := audit.TileHash(data)
		if err := store.InsertTile(ctx, t.Tx, id.Level, id.N, data, root[:]); err != nil {
			return err
		}
	}
	edge, err := t.tree.MarshalBinary()
	if err != nil {
		return err
	}
	return store.PutLogHead(ctx, t.Tx, store.LogHead{Edge: edge, Last: t.now})
}

// leafReader reads the entries of this transaction from memory, and earlier ones as stored.
func (t *txn) leafReader() audit.LeafReader {
	stored := store.LeafReader(t.Tx)
	return func(ctx context.Context, from, to int64) (list []audit.Leaf, err error) {
		if from < t.base {
			if list, err = stored(ctx, from, min(to, t.base)); err != nil {
				return nil, err
			}
		}
		for i := max(from, t.base); i < to; i++ {
			leaf, err := audit.ParseLeaf(t.leaves[i-t.base].Data)
			if err != nil {
				return nil, fmt.Errorf("reading log entry %d: %w", i, err)
			}
			list = append(list, leaf)
		}
		return list, nil
	}
}

// startLog makes the log's head, with its first entry, if the database is empty.
func (x *Exchange) startLog(ctx context.Context) error {
	var empty audit.Tree
	edge, err := empty.MarshalBinary()
	if err != nil {
		return err
	}
	return x.DB.Write(ctx, func(tx *sqldb.Tx) error {
		fresh, err := store.InitLog(ctx, tx, edge)
		if err != nil || !fresh {
			return err
		}
		if seen := x.fence.seen(); seen.size > 0 {
			return &lantern.Error{Kind: lantern.Unavailable, Reason: fmt.Sprintf("the database is empty, and the log had %d entries", seen.size),
				Fix: "see that it is the right database, or restore a backup: lantern exchange restore"}
		}
		t, err := x.begin(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := t.record(entry{kind: audit.Start}); err != nil {
			return err
		}
		return t.flush(ctx)
	})
}
