package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/corpus"
	"lantern/internal/display"
)

// looking is one run over a member's own files, by lantern match or lantern hunt: one
// goroutine reads and cuts them, several send the pieces to the agent, and what comes back is
// shown in the order of the files. Memory is bounded by the pieces under way.
type looking struct {
	a       *app
	agent   *client.Agent
	account string
	hunt    string // its name; "" for lantern match
	dry     bool
	out     *display.Listing[matchRow]
	bar     *display.Bar

	jobs   chan *job // to the workers
	queue  chan *job // the same, to the output
	room   room
	cancel context.CancelCauseFunc

	stale bool // whether somebody was told that the agent's answers are stale
	counts
}

// counts counts what was done. Only the output changes it, but for bytes.
type counts struct {
	found     int
	files     int // looked at
	unchanged int // looked at before, for everything there is
	troubled  int // in which something could not be looked at
	bytes     atomic.Int64
}

// lookedFile is a file on its way.
type lookedFile struct {
	path     string
	hunted   *lantern.HuntedFile // nil for lantern match
	sent     sync.WaitGroup      // pieces under way
	pieces   int                 // sent so far; the reader's
	lost     atomic.Bool         // a piece could not be noted: the file is not done
	troubled bool                // the output's
	trouble  []string            // what could not be read; the reader's until the file's last piece is sent
}

// job is one step, in the order in which its outcome is shown.
type job struct {
	file    *lookedFile
	piece   *corpus.Piece       // nil: nothing to send
	last    bool                // the file is done when all before it are
	answers chan lantern.Answer // closed when there are no more
	note    string              // what could not be looked at
	say     string              // what is told beside
	ref     string              // of what, as it is shown
	ends    bool                // the file ends here
	same    bool                // the file was looked at before
}

// lookAhead bounds the steps, and pieceRoom the bytes, that are under way.
const (
	lookAhead = 256
	pieceRoom = 48 << 20
)

// run looks at the files.
func (l *looking) run(ctx context.Context, paths []string) error {
	ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	l.jobs, l.queue = make(chan *job), make(chan *job, lookAhead)
	l.room.limit, l.room.changed = pieceRoom, make(chan struct{}, 1)
	l.bar = l.measure(ctx, paths)
	defer func() { l.bar.Stop() }()
	var group sync.WaitGroup
	group.Go(func() {
		defer close(l.queue)
		defer close(l.jobs)
		r := &reader{looking: l, ctx: ctx}
		if err := r.files(paths); err != nil {
			l.cancel(err)
		}
	})
	for range runtime.GOMAXPROCS(0) + 1 { // one more, for those that wait for the agent
		group.Go(func() { l.work(ctx) })
	}
	for j := range l.queue {
		if err := l.show(ctx, j); err != nil {
			l.cancel(err)
			break
		}
	}
	for range l.queue { // so that the reader ends
	}
	group.Wait()
	return context.Cause(ctx)
}

// measure starts the progress bar, over all bytes there are.
func (l *looking) measure(ctx context.Context, paths []string) *display.Bar {
	what := "matching"
	if l.hunt != "" {
		what = "hunting"
	}
	if !l.a.watched() {
		return &display.Bar{}
	}
	total := int64(0)
	err := corpus.Walk(ctx, paths, func(path string) error {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil // is told when it is read
		}
		total += info.Size()
		return nil
	}, func(string, string, bool) {})
	if err != nil || total == 0 {
		total = -1
	}
	return l.a.bytesBar(what, total)
}

// work sends pieces until there are none.
func (l *looking) work(ctx context.Context) {
	pieces := l.agent.Pieces(ctx, l.hunt, l.dry)
	defer pieces.Close()
	for j := range l.jobs {
		if ctx.Err() == nil {
			if err := l.send(ctx, pieces, j); err != nil {
				l.cancel(err)
			}
		}
		close(j.answers)
		if !j.last {
			j.file.sent.Done()
		}
		l.room.leave(len(j.piece.Body))
	}
	if ctx.Err() == nil {
		if err := pieces.End(); err != nil {
			l.cancel(err)
		}
	}
}

// send has the agent look at one piece.
func (l *looking) send(ctx context.Context, pieces *client.Pieces, j *job) error {
	if j.last {
		j.file.sent.Wait() // they are ahead, with other workers
		if j.file.lost.Load() {
			return nil
		}
	}
	done, err := pieces.Look(&j.piece.Piece, j.piece.Body, func(answer lantern.Answer) error {
		select {
		case j.answers <- answer:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err == nil && !done.Kept {
		j.file.lost.Store(true)
	}
	return err
}

// show shows what came of one step.
func (l *looking) show(ctx context.Context, j *job) error {
	for answer := range j.answers {
		if err := l.answer(j, answer); err != nil {
			return err
		}
	}
	if j.say != "" {
		l.a.note("%s", j.say)
	}
	if j.note != "" {
		l.trouble(j.file, j.ref, j.note)
	}
	if j.ends && ctx.Err() == nil {
		if j.same {
			l.unchanged++
		} else {
			l.files++
		}
	}
	return nil
}

// trouble says that something could not be looked at.
func (l *looking) trouble(f *lookedFile, ref, why string) {
	if !f.troubled {
		f.troubled = true
		l.troubled++
	}
	l.a.note("%s: could not be looked at: %s", ref, why)
}

// answer shows the matches of one answer and says what could not be looked at.
func (l *looking) answer(j *job, answer lantern.Answer) error {
	if answer.State == lantern.AnswerStale && !l.stale {
		l.stale = true
		l.a.note("warning: the agent has had no contact with the exchange for a while: %s", display.Join(answer.Reasons))
	}
	for _, r := range answer.Reasons {
		switch answer.State {
		case lantern.CouldNotLook:
			l.trouble(j.file, j.ref, r)
		case lantern.AnswerOK: // looked at, with something to say about it
			l.a.note("%s: %s", j.ref, r)
		}
	}
	for _, match := range answer.Matches {
		row := matchRow{File: j.ref, Match: match, State: answer.State}
		if answer.Ref == j.piece.Ref {
			row.Account = l.account
		} else {
			row.Ref = answer.Ref // a record, which may say itself whose it is
		}
		l.found++
		if err := l.out.Add(row); err != nil {
			return err
		}
	}
	if len(answer.Matches) == 0 {
		return nil
	}
	return l.out.Flush()
}

// room bounds the bytes under way. What is larger than all of it passes alone.
type room struct {
	mu      sync.Mutex
	used    int // guarded by mu
	limit   int
	changed chan struct{}
}

func (r *room) enter(ctx context.Context, n int) error {
	for {
		r.mu.Lock()
		if r.used == 0 || r.used+n <= r.limit {
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
	default: // the one who waits is woken already
	}
}

// reader walks, opens and cuts files.
type reader struct {
	*looking
	ctx   context.Context
	batch []planned
}

// planned is a file whose verdict is asked for.
type planned struct {
	path string
	file lantern.HuntedFile
}

// planBatch is how many files' verdicts are asked for at once.
const planBatch = 200

// files reads everything the paths mean.
func (r *reader) files(paths []string) error {
	each := r.hunted
	if r.hunt == "" {
		each = func(path string) error { return r.file(path, nil) }
	}
	for _, path := range paths {
		if path == "-" {
			if err := r.file(path, nil); err != nil {
				return err
			}
			continue
		}
		err := corpus.Walk(r.ctx, []string{path}, each, func(path, why string, failed bool) {
			if failed {
				_ = r.put(&job{file: &lookedFile{path: path}, ref: path, note: why}) // its error ends the walk by ctx
			} else {
				_ = r.put(&job{say: path + ": " + why})
			}
		})
		if err != nil {
			return err
		}
	}
	return r.plan()
}

// put hands on what has nothing to be sent.
func (r *reader) put(j *job) error {
	j.answers = make(chan lantern.Answer)
	close(j.answers)
	select {
	case r.queue <- j:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// push hands a piece on.
func (r *reader) push(j *job) error {
	const most = 16 // answers that wait for those before them
	j.answers = make(chan lantern.Answer, most)
	if err := r.room.enter(r.ctx, len(j.piece.Body)); err != nil {
		return err
	}
	if !j.last {
		j.file.sent.Add(1)
	}
	select {
	case r.queue <- j:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	select {
	case r.jobs <- j:
	case <-r.ctx.Done():
		close(j.answers)
		return r.ctx.Err()
	}
	return nil
}

// hunted takes one file of a hunt.
func (r *reader) hunted(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("no regular file, so that nothing tells whether it changed")
	}
	full := ""
	if err == nil {
		full, err = filepath.Abs(path)
	}
	if err != nil {
		return r.put(&job{file: &lookedFile{path: path}, ref: path, note: corpus.Reason(err)})
	}
	r.batch = append(r.batch, planned{path, lantern.HuntedFile{Path: full, Size: info.Size(), Modified: corpus.Modified(info, time.Now())}})
	if len(r.batch) < planBatch {
		return nil
	}
	return r.plan()
}

// plan asks for the verdicts on the files that wait for one, and reads those that are due.
func (r *reader) plan() error {
	batch := r.batch
	if r.batch = nil; len(batch) == 0 {
		return nil
	}
	results, err := r.verdicts(batch)
	if err != nil {
		return err
	}
	for i, p := range batch {
		if results[i].Verdict == lantern.HuntDigest {
			if results[i], err = r.digest(&batch[i]); err != nil {
				return err
			}
		}
		if results[i].Verdict != lantern.HuntUnchanged {
			if err := r.file(p.path, &batch[i].file); err != nil {
				return err
			}
			continue
		}
		r.passed(p.file.Size)
		f := &lookedFile{path: p.path}
		for _, why := range results[i].Trouble {
			if err := r.put(&job{file: f, ref: p.path, note: why}); err != nil {
				return err
			}
		}
		if err := r.put(&job{file: f, ends: true, same: true}); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) verdicts(batch []planned) ([]lantern.HuntResult, error) {
	files := make([]lantern.HuntedFile, len(batch))
	for i := range batch {
		files[i] = batch[i].file
	}
	return r.agent.PlanHunt(r.ctx, r.hunt, files, r.dry)
}

// digest asks again about a file whose time changed, with the digest of its bytes.
func (r *reader) digest(p *planned) (lantern.HuntResult, error) {
	due := lantern.HuntResult{Verdict: lantern.HuntDue}
	f, err := os.Open(p.path)
	if err != nil {
		return due, nil // is told when it is read
	}
	defer f.Close()
	if p.file.SHA256, err = corpus.SHA256(r.ctx, f); err != nil {
		return due, r.ctx.Err()
	}
	results, err := r.verdicts([]planned{*p})
	if err != nil {
		return due, err
	}
	return results[0], nil
}

// passed moves the progress on.
func (r *reader) passed(n int64) {
	r.bytes.Add(n)
	r.bar.Add(int(n))
}

// file reads and cuts one file. Only what ends the whole run is an error.
func (r *reader) file(path string, hunted *lantern.HuntedFile) error {
	f := &lookedFile{path: path, hunted: hunted}
	in, _, err := r.a.input(r.ctx, path)
	if err != nil {
		return r.put(&job{file: f, ref: path, note: corpus.Reason(err), ends: true})
	}
	defer in.Close()
	input := corpus.Input{Ref: path, Name: filepath.Base(path), Reader: passing{in, r}}
	still := func() bool { return true }
	if file, ok := in.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return nil
		} else if err == nil && info.Mode().IsRegular() {
			input.At, input.Size = file, info.Size()
			still = func() bool { return corpus.Still(file, info) }
		}
	}
	if hunted != nil {
		hunted.Pass = time.Now().UnixNano()
	}
	cutter := corpus.Cutter{
		Emit: func(p *corpus.Piece) error { return r.piece(f, p, still) },
		Trouble: func(ref, why string) {
			f.trouble = append(f.trouble, why)
			_ = r.put(&job{file: f, ref: ref, note: why}) // its error ends the work by ctx
		},
	}
	_, err = cutter.File(r.ctx, input)
	return err
}

// piece sends a piece on, and ends its file with it if it is the final one.
func (r *reader) piece(f *lookedFile, p *corpus.Piece, still func() bool) error {
	ref := p.Ref
	p.Account = r.account
	p.Ref = shortRef(ref)
	if f.hunted == nil {
		return r.push(&job{file: f, piece: p, ref: ref, ends: p.Final})
	}
	p.Ref = shortRef(f.hunted.Path + strings.TrimPrefix(ref, f.path)) // the same from wherever it is called
	h := *f.hunted
	h.Pieces = f.pieces
	p.Hunted = &h
	if p.Final && !still() {
		f.lost.Store(true)
		if err := r.put(&job{file: f, ref: f.path, note: "it changed meanwhile; the next hunt looks at it again"}); err != nil {
			return err
		}
	}
	lost := f.lost.Load()
	alone := f.pieces == 0 && p.Final && !lost
	if alone {
		r.seal(f, &h, p)
	}
	f.pieces++
	err := r.push(&job{file: f, piece: p, ref: ref, last: alone, ends: p.Final && (alone || lost)})
	if err != nil || alone || !p.Final || lost {
		return err
	}
	end := &corpus.Piece{Piece: lantern.Piece{Ref: shortRef(f.hunted.Path), Kind: lantern.PieceNone}}
	last := *f.hunted
	last.Pieces = f.pieces
	end.Hunted = &last
	r.seal(f, &last, p)
	return r.push(&job{file: f, piece: end, ref: f.path, last: true, ends: true})
}

// seal makes a piece the last of its file.
func (r *reader) seal(f *lookedFile, h *lantern.HuntedFile, p *corpus.Piece) {
	h.Last, h.Trouble = true, f.trouble[:min(len(f.trouble), 5)]
	if p.Digests != nil && h.SHA256 == "" {
		h.SHA256 = p.Digests.SHA256
	}
}

// passing moves the progress on with what is read.
type passing struct {
	in io.Reader
	r  *reader
}

func (p passing) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.r.passed(int64(n))
	return n, err
}
