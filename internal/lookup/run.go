package lookup

import (
	"context"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"lantern"
	"lantern/client"
	"lantern/internal/corpus"
)

// Config says what is looked at for whom. All functions but Passed are called by the goroutine
// that called [Run], in the order of the files.
type Config struct {
	Agent   *client.Agent
	Account string // the member's own account the files belong to, if known
	Source  string // where they come from, by which sampling ratios are set; not in a hunt
	Hunt    string // the hunt that is run; "": none
	Dry     bool   // keep no hits, note nothing

	Open   func(ctx context.Context, path string) (io.ReadCloser, error)
	Found  func(Found) error      // an error ends the run
	Failed func(ref, why string)  // something could not be looked at
	Note   func(ref, what string) // something to be said beside
	Stale  func(reasons []string) // once: the agent is out of contact
	Passed func(bytes int64)      // so much more was read, or need not be; called by the reader
}

// Found is one match.
type Found struct {
	File   string // as the path was given, with the members of archives behind "!"
	Record string // in a file of records: the record's own reference
	State  lantern.AnswerState
	Match  lantern.Match
}

// Tally counts what was done.
type Tally struct {
	Found     int
	Files     int   // looked at
	Unchanged int   // looked at before, for everything there is
	Troubled  int   // in which something could not be looked at, now or before
	Unread    int   // records in them that cannot be read as records
	Left      int   // files that were, whole or in part, not in the agent's sample
	Bytes     int64 // that were read; those of files that were not opened again do not count
	Shadow    bool  // the agent only counted what it found
}

// Run looks at files and folders, "-" for what Open gives for it. It returns the cause if ctx
// ends, and the first error that concerns more than one file; what was found until then was
// told.
func Run(ctx context.Context, c Config, paths []string) (Tally, error) {
	r := &run{Config: c, jobs: make(chan []*job), queue: make(chan *job, lookAhead)}
	ctx, r.cancel = context.WithCancelCause(ctx)
	defer r.cancel(nil)
	r.room.changed = make(chan struct{}, 1)
	var group sync.WaitGroup
	group.Go(func() {
		defer close(r.queue)
		defer close(r.jobs)
		reads := &reader{run: r, ctx: ctx}
		if err := reads.files(paths); err != nil {
			r.cancel(err) // first, so that nothing that is dropped counts as looked at
		}
		reads.drop()
	})
	for range runtime.GOMAXPROCS(0) + 1 { // one more, for those that wait for the agent
		group.Go(func() { r.work(ctx) })
	}
	for j := range r.queue {
		if err := r.tell(ctx, j); err != nil {
			r.cancel(err)
			break
		}
	}
	for range r.queue { // so that the reader ends
	}
	group.Wait()
	r.tally.Bytes = r.bytes.Load()
	return r.tally, context.Cause(ctx)
}

// run is one Run.
type run struct {
	Config
	jobs   chan []*job // to the workers
	queue  chan *job   // the same and what needs no worker, to the one who tells
	room   room
	bodies bodies
	cancel context.CancelCauseFunc
	bytes  atomic.Int64
	needs  atomic.Uint32 // corpus.Sums the agent is known to need; it only grows

	tally Tally // of the one who tells, as is what follows
	stale bool
}

// lookAhead bounds the steps that are under way.
const lookAhead = 256

// lookedFile is a file on its way.
type lookedFile struct {
	path     string              // as it was named
	full     string              // as it is named to the agent, the same from wherever it is called
	info     fs.FileInfo         // of a regular file, when it was opened
	hunted   *lantern.HuntedFile // nil outside of hunts
	sent     sync.WaitGroup      // pieces under way
	lost     atomic.Bool         // a piece could not be noted: the file is not done
	pieces   int                 // sent so far; the reader's
	trouble  []string            // what could not be read; the reader's
	troubled bool                // of the one who tells, as is what follows
	unread   unread              // in its records
	left     string              // the last ref of which somebody was told that it, or a part, is not sampled
}

// job is one step, in the order in which its outcome is told.
type job struct {
	file    *lookedFile
	piece   *corpus.Piece       // nil: nothing to send
	last    bool                // the file is done when all before it are
	waits   bool                // it has others before it
	over    bool                // it was sent, or will not be; the worker's
	answers chan lantern.Answer // closed when there are no more
	ref     string              // of what, as it is told
	failed  string              // what could not be looked at
	note    string              // what is said beside
	ends    bool                // the file ends here
	same    bool                // the file was looked at before
	before  bool                // and this could not be looked at then
}

// work sends pieces until there are none.
func (r *run) work(ctx context.Context) {
	pieces := r.Agent.Pieces(ctx, r.Hunt, r.Dry)
	defer pieces.Close()
	for all := range r.jobs {
		if ctx.Err() == nil {
			if err := r.send(ctx, pieces, all); err != nil {
				r.cancel(err)
			}
		}
		for _, j := range all {
			r.over(j)
			if j.piece.Kind == lantern.PieceText { // those of records lie in memory of several
				r.bodies.give(j.piece.Body)
			}
			j.piece.Body = nil
		}
	}
	if ctx.Err() == nil {
		if err := pieces.End(); err != nil {
			r.cancel(err)
		}
	}
}

// tell tells what came of one step.
func (r *run) tell(ctx context.Context, j *job) error {
	for answer := range j.answers {
		if err := r.answer(j, answer); err != nil {
			return err
		}
	}
	if j.note != "" {
		r.Note(j.ref, j.note)
	}
	if j.failed != "" {
		r.failed(j, "", j.failed)
	}
	if j.ends {
		j.file.unread.tell(j.file.path, r.Failed)
	}
	if j.ends && ctx.Err() == nil {
		if j.same {
			r.tally.Unchanged++
		} else {
			r.tally.Files++
		}
	}
	return nil
}

// failed says that something could not be looked at, of a record at the end of its file. A
// file counts once.
func (r *run) failed(j *job, record, why string) {
	if strings.HasPrefix(why, lantern.OutOfSample) {
		r.leave(j, why)
		return
	}
	if !j.file.troubled {
		j.file.troubled = true
		r.tally.Troubled++
	}
	if number, rest, ok := cutRecord(why); ok {
		record, why = number, rest
		r.tally.Unread++
	}
	if record == "" {
		r.Failed(j.ref, why)
		return
	}
	j.file.unread.before = j.before
	j.file.unread.add(record, reason{j.ref, why})
}

// leave says that a file, or a part of it, was not in the sample: of a file of records, or one
// in pieces, once.
func (r *run) leave(j *job, why string) {
	if j.file.left == j.ref {
		return
	}
	if j.file.left == "" {
		r.tally.Left++
	}
	j.file.left = j.ref
	r.Note(j.ref, why)
}

// answer tells the matches of one answer, and what could not be looked at.
func (r *run) answer(j *job, answer lantern.Answer) error {
	if answer.State == lantern.AnswerStale && !r.stale {
		r.stale = true
		r.Stale(answer.Reasons)
	}
	r.tally.Shadow = r.tally.Shadow || answer.State == lantern.AnswerShadow
	record := ""
	if answer.Ref != j.piece.Ref {
		record = answer.Ref
	}
	for _, why := range answer.Reasons {
		switch answer.State {
		case lantern.NotSampled, lantern.CouldNotLook:
			r.failed(j, record, why)
		case lantern.AnswerOK: // looked at, with something to say about it
			r.Note(j.ref, why)
		}
	}
	for _, m := range answer.Matches {
		f := Found{File: j.ref, Record: record, State: answer.State, Match: m}
		r.tally.Found++
		if err := r.Found(f); err != nil {
			return err
		}
	}
	return nil
}

// pieceRoom bounds the bytes under way.
const pieceRoom = 48 << 20

// room bounds the bytes under way. What is larger than all of it passes alone.
type room struct {
	mu      sync.Mutex
	used    int           // guarded by mu
	changed chan struct{} // holds one if somebody left since the reader last looked
}

func (r *room) enter(ctx context.Context, n int) error {
	for {
		r.mu.Lock()
		if r.used == 0 || r.used+n <= pieceRoom {
			r.used += n
			r.mu.Unlock()
			return nil
		}
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.changed:
		}
	}
}

func (r *room) leave(n int) {
	r.mu.Lock()
	r.used -= n
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default: // the reader will look again anyway
	}
}
