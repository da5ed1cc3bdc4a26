package corpus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"

	"lantern"
	"lantern/pdq"
)

// Sum is one hash of one file.
type Sum struct {
	Type    lantern.SignalType
	Value   string
	Quality int // of pdq, 0 to 100
}

// Hashed is what came of hashing one file.
type Hashed struct {
	Path      string
	Sums      []Sum  // those that could be made, in the order in which [Hasher] names them
	NoPicture bool   // pdq is wanted, and this is no picture of a format that is read
	Left      string // why it was not looked at, though nothing is wrong: a link, a device
	Err       error  // why hashes are missing; it does not name the file
}

// Hasher computes hashes of files. The fields must not change while it works.
type Hasher struct {
	Types  []lantern.SignalType // what is wanted, of [HashTypes]
	Passed func(bytes int64)    // so much more was read, or need not be; called by several goroutines
}

// HashTypes are the signal types that can be made of a file here. vpdq is not among them: it
// needs a decoder of videos, and files of frame hashes that other tools made are read.
func HashTypes() []lantern.SignalType {
	return []lantern.SignalType{"md5", "sha1", "sha256", "pdq"}
}

// Hash hashes all files that roots mean, with all cores, and calls each for every one in
// the order of [Walk]. A file that cannot be hashed harms no other. Memory is bounded
// whatever the number and size of the files: see [SumPicture]. It returns the error of each, or the cause if ctx
// ends; what came before was told.
func (h *Hasher) Hash(ctx context.Context, roots []string, each func(Hashed) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &hashRun{Hasher: h, ctx: ctx, jobs: make(chan *hashJob), queue: make(chan *hashJob, lookAhead)}
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		defer close(r.queue)
		defer close(r.jobs)
		if err := r.walk(roots); err != nil {
			cancel(err)
		}
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for j := range r.jobs {
				j.Hashed = r.file(j.Path)
				close(j.done)
			}
		})
	}
	for j := range r.queue {
		<-j.done
		if ctx.Err() != nil {
			continue // so that the others end
		}
		if err := each(j.Hashed); err != nil {
			cancel(err)
		}
	}
	return context.Cause(ctx)
}

// lookAhead bounds the files that are done and wait for one before them.
const lookAhead = 256

// hashRun is one Hash.
type hashRun struct {
	*Hasher
	ctx   context.Context
	jobs  chan *hashJob // to the workers
	queue chan *hashJob // the same in their order, to the one who tells
}

// hashJob is one file on its way.
type hashJob struct {
	Hashed
	done chan struct{} // closed when Hashed is complete
}

// walk hands the files out.
func (r *hashRun) walk(roots []string) error {
	put := func(j *hashJob) error {
		select {
		case r.queue <- j:
			return nil
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
	return Walk(r.ctx, roots, func(path string) error {
		j := &hashJob{Hashed: Hashed{Path: path}, done: make(chan struct{})}
		if err := put(j); err != nil {
			return err
		}
		select {
		case r.jobs <- j:
			return nil
		case <-r.ctx.Done():
			close(j.done)
			return context.Cause(r.ctx)
		}
	}, func(path, why string, failed bool) {
		j := &hashJob{Hashed: Hashed{Path: path, Left: why}, done: make(chan struct{})}
		if failed {
			j.Left, j.Err = "", errors.New(why)
		}
		close(j.done)
		_ = put(j) // its error ends the walk by ctx
	})
}

// file hashes one file.
func (r *hashRun) file(path string) Hashed {
	out := Hashed{Path: path}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		out.Err = errors.New("no regular file: a pipe, a socket or a device has no hash of its own; copy what comes from it into a file")
		return out
	}
	f, err := os.Open(path)
	if err != nil {
		out.Err = errors.New(Reason(err))
		return out
	}
	defer f.Close()
	in := &passing{counter: counter{ctx: r.ctx, r: f, n: new(int64)}, passed: r.Passed}
	defer func() {
		if info, err := f.Stat(); err == nil && info.Size() > *in.n { // what needs not be read is done, too
			r.Passed(info.Size() - *in.n)
		}
	}()
	sums := newSums(r.Types...)
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, err := buffered.Peek(pdq.SniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		out.Err = fmt.Errorf("reading: %s", Reason(err))
		return out
	}
	var picture *Sum
	var bad error // of the picture
	if slices.Contains(r.Types, "pdq") {
		if _, ok := pdq.Sniff(head); ok {
			picture, bad = r.picture(buffered, &sums)
		} else {
			out.NoPicture = true
		}
	}
	if len(sums.names) > 0 {
		if _, err := io.Copy(&sums, buffered); err != nil { // what a decoder left belongs to the file, too
			out.Err = fmt.Errorf("reading: %s", Reason(err))
			return out
		}
	}
	for _, t := range r.Types {
		if i := slices.Index(sums.names, t); i >= 0 {
			out.Sums = append(out.Sums, Sum{Type: t, Value: sums.hex(i)})
		} else if picture != nil {
			out.Sums = append(out.Sums, *picture)
		}
	}
	if bad != nil {
		out.Err = fmt.Errorf("the picture: %w", bad)
	}
	return out
}

// picture computes the perceptual hash of a file that begins like a picture. Of what it reads
// from in the sums are taken.
func (r *hashRun) picture(in io.Reader, sums io.Writer) (*Sum, error) {
	h, quality, err := SumPicture(r.ctx, io.TeeReader(in, sums))
	if err != nil {
		return nil, err
	}
	return &Sum{Type: "pdq", Value: h.String(), Quality: quality}, nil
}

// passing tells of what is read.
type passing struct {
	counter
	passed func(int64)
}

func (p *passing) Read(b []byte) (int, error) {
	n, err := p.counter.Read(b)
	p.passed(int64(n))
	return n, err
}
