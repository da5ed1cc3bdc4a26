package draft

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"lantern"
)

// How the rows of a file are put together. A batch is small enough that an interrupted run
// repeats little, and large enough that its transaction costs each row little; with a few
// under way, the exchange always has the next one at hand. The bytes bound keeps a batch
// within what a request may have, whatever its rows hold.
const (
	batchRows  = 500
	batchBytes = 2 << 20
	atOnce     = 4
)

// Sharing brings the rows of a file to an exchange.
type Sharing struct {
	From  *Reader
	Rules Rules

	// Complete fills in what a row leaves out, before it is checked. May be nil.
	Complete func(*lantern.Draft)

	// Share sends drafts; several calls are under way at once. nil: a dry run.
	Share func(context.Context, []lantern.Draft) ([]lantern.ShareResult, error)

	// Done is called with each row in the order of the file. The result of a row that was
	// not sent is zero; row.Err says why, or is nil in a dry run. Flush is called after
	// each batch. Their errors end the run.
	Done  func(row Row, result lantern.ShareResult) error
	Flush func() error

	// Interrupt ends a read of the file that waits for more. Run then leaves nothing behind. nil: there
	// is no way.
	Interrupt func()
}

// batch is some rows on their way.
type batch struct {
	rows    []Row
	keys    map[string]bool // of the rows that are sent
	size    int
	after   []*batch // earlier ones that must be done: with a row on the same value, or the first
	end     error    // why no row follows, if that is not the end of the file
	results []lantern.ShareResult
	err     error         // why there are no results
	done    chan struct{} // closed when results or err stand
}

func newBatch() *batch { return &batch{keys: map[string]bool{}, done: make(chan struct{})} }

// Run goes through the file and returns after the last row, or with the first error: every
// row before it was done with, none after it. It leaves nothing behind but, if the file
// waits for its writer and there is no Interrupt, a goroutine that waits for it.
func (s *Sharing) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue, read := make(chan *batch, atOnce), make(chan struct{})
	go s.read(ctx, queue, read)
	early := s.Interrupt != nil
	defer func() {
		if !early {
			return
		}
		cancel()
		select {
		case <-read:
		default:
			s.Interrupt()
		}
		for range queue { // until nothing is read or shared any more
		}
	}()
	for b := range queue {
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.finish(b); err != nil {
			return err
		}
	}
	early = false
	return ctx.Err()
}

// finish hands out what became of a batch.
func (s *Sharing) finish(b *batch) error {
	if b.err != nil {
		return b.err
	}
	next := 0
	for _, row := range b.rows {
		var result lantern.ShareResult
		if row.Err == nil && s.Share != nil {
			result = b.results[next]
			next++
		}
		if err := s.Done(row, result); err != nil {
			return err
		}
	}
	return errors.Join(s.Flush(), b.end)
}

// read makes the batches, starts each and puts it into the queue, which bounds how many
// are under way. It closes all once it reads no more of the file. The first batch goes alone: of
// what a quota leaves room for, some is the beginning of the file, so that whoever takes a
// run up where it ended comes further each time.
func (s *Sharing) read(ctx context.Context, queue chan<- *batch, all chan<- struct{}) {
	defer close(queue)
	var sending sync.WaitGroup
	defer sending.Wait()
	free := make(chan struct{}, atOnce)
	var flying []*batch
	b := newBatch()
	first := b
	for {
		row, err := s.From.Read()
		if err == nil {
			s.add(b, flying, row)
			if len(b.rows) < batchRows && b.size < batchBytes {
				continue
			}
		}
		last := err != nil
		if last {
			close(all)
		}
		if last && !errors.Is(err, io.EOF) {
			b.end = err
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		flying = append(slices.DeleteFunc(flying, (*batch).landed), b)
		started := b
		sending.Go(func() {
			s.send(ctx, started)
			<-free
		})
		select {
		case queue <- b:
		case <-ctx.Done():
			return
		}
		if last {
			return
		}
		b = newBatch()
		b.after = []*batch{first}
	}
}

// landed reports whether nothing of the batch is under way any more.
func (b *batch) landed() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// add checks a row and puts it into the batch, behind those that hold its value.
func (s *Sharing) add(b *batch, flying []*batch, row Row) {
	if s.Complete != nil {
		s.Complete(&row.Signal.Draft)
	}
	key := row.check(&s.Rules)
	if row.Err == nil && s.Share != nil {
		b.keys[key] = true
		for _, f := range flying {
			if f.keys[key] {
				b.after = append(b.after, f)
			}
		}
	}
	b.rows = append(b.rows, row)
	b.size += row.size
}

// check adds what the rules say to the complaints of reading. A cell that could not be
// read is complained about once; of an object or foreign row that could not be read the rest is unknown.
func (r *Row) check(rules *Rules) (key string) {
	var reading *lantern.Error
	if r.Err != nil && (!errors.As(r.Err, &reading) || r.cells == nil || r.unread || reading.Field == "") {
		return ""
	}
	key, err := rules.Check(&r.Signal)
	if reading == nil {
		r.Err = err
		return key
	}
	all := append(complaints{reading}, reading.Also...)
	unread := slices.Clone(all)
	var more *lantern.Error
	if errors.As(err, &more) {
		for _, e := range append([]*lantern.Error{more}, more.Also...) {
			if !slices.ContainsFunc(unread, func(u *lantern.Error) bool { return e.Field == u.Field || strings.HasPrefix(e.Field, u.Field+"/") }) {
				all.add(e)
			}
		}
	}
	r.Err = all.err()
	return key
}

// send shares the good rows of a batch.
func (s *Sharing) send(ctx context.Context, b *batch) {
	defer close(b.done)
	var drafts []lantern.Draft
	for _, row := range b.rows {
		if row.Err == nil {
			drafts = append(drafts, row.Signal.Draft)
		}
	}
	if len(drafts) == 0 || s.Share == nil {
		return
	}
	for _, f := range b.after {
		select {
		case <-f.done:
		case <-ctx.Done():
			b.err = ctx.Err()
			return
		}
	}
	results, err := s.Share(ctx, drafts)
	if err == nil && len(results) != len(drafts) {
		err = errors.New("the exchange answered another number of drafts than it was sent")
	}
	if err != nil {
		b.err = err
		return
	}
	b.results = results
}
