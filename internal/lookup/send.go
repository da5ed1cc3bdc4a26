package lookup

import (
	"context"
	"errors"
	"io"
	"os"

	"lantern"
	"lantern/client"
	"lantern/internal/corpus"
)

// send has the agent look at pieces.
func (r *run) send(ctx context.Context, pieces *client.Pieces, all []*job) error {
	if j := all[0]; j.waits { // and is alone
		j.file.sent.Wait() // they are ahead, with other workers
		if j.file.lost.Load() {
			return nil
		}
	}
	bodies := make([]client.PieceBody, len(all))
	for i, j := range all {
		bodies[i] = client.PieceBody{Piece: &j.piece.Piece, Body: j.piece.Body}
	}
	return pieces.LookAll(bodies, func(i int, answer lantern.Answer) error {
		return all[i].answer(ctx, answer)
	}, func(i int, line lantern.PieceAnswer) error {
		j := all[i]
		if d := j.piece.Digests; d != nil && !d.Complete() && (line.Lacks == nil || len(line.Lacks) > 0) {
			var err error
			if line, err = r.again(ctx, j, line.Lacks); err != nil {
				return err
			}
		}
		if !line.Kept {
			j.file.lost.Store(true)
		}
		r.over(j)
		return nil
	})
}

// over notes that nothing more comes of a job.
func (r *run) over(j *job) {
	if j.over {
		return
	}
	j.over = true
	close(j.answers)
	if !j.last {
		j.file.sent.Done()
	}
	r.room.leave(len(j.piece.Body))
}

// answer hands an answer to the one who tells.
func (j *job) answer(ctx context.Context, answer lantern.Answer) error {
	select {
	case j.answers <- answer:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// need notes that the agent needs digests; nil: maybe every one.
func (r *run) need(names []lantern.SignalType) {
	if names == nil {
		r.needs.Or(uint32(corpus.AllSums))
	}
	r.needs.Or(uint32(corpus.SumsOf(names)))
}

// sums are the digests that are taken of files. A hunt knows a file again by its SHA-256.
func (r *run) sums() corpus.Sums {
	s := corpus.Sums(r.needs.Load())
	if r.Hunt != "" {
		s |= corpus.SHA256
	}
	return s
}

// again sends the last piece of a file, of which the agent lacks digests, with all of them: a signal
// of such a type came after the file was read. The stream of the others goes on meanwhile.
func (r *run) again(ctx context.Context, j *job, lacks []lantern.SignalType) (lantern.PieceAnswer, error) {
	r.need(lacks)
	sums, err := j.file.digests(ctx)
	if ctx.Err() != nil {
		return lantern.PieceAnswer{}, ctx.Err()
	}
	if err != nil {
		reason := "its digests were not looked up: " + corpus.Reason(err)
		return lantern.PieceAnswer{}, j.answer(ctx, lantern.Answer{Ref: j.piece.Ref, State: lantern.CouldNotLook, Reasons: []string{reason}})
	}
	j.piece.Digests = sums
	pieces := r.Agent.Pieces(ctx, r.Hunt, r.Dry)
	defer pieces.Close()
	line, err := pieces.Look(&j.piece.Piece, j.piece.Body, func(answer lantern.Answer) error { return j.answer(ctx, answer) })
	if err != nil {
		return line, err
	}
	return line, pieces.End()
}

// errChanged says that what was read is not there any more.
var errChanged = errors.New("it changed meanwhile")

// digests reads a file once more, which must be as it was when it was cut.
func (f *lookedFile) digests(ctx context.Context) (*lantern.Digests, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if info, err := in.Stat(); err != nil || f.info == nil || !os.SameFile(info, f.info) || !corpus.Still(in, f.info) {
		return nil, errChanged
	}
	sums, err := corpus.Digests(ctx, io.LimitReader(in, f.info.Size()), corpus.AllSums)
	if err == nil && !corpus.Still(in, f.info) {
		err = errChanged
	}
	return sums, err
}
