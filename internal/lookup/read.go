package lookup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"lantern"
	"lantern/internal/corpus"
)

// reader walks, opens and cuts files.
type reader struct {
	*run
	ctx   context.Context
	batch []planned

	cutter   corpus.Cutter // of one file after the other
	together []*job        // small pieces that will be sent at once
	size     int           // of these
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
	if err := r.ask(); err != nil {
		return err
	}
	each := r.hunted
	if r.Hunt == "" {
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
				_ = r.put(&job{file: &lookedFile{path: path}, ref: path, failed: why}) // its error ends the walk by ctx
			} else {
				_ = r.put(&job{ref: path, note: why}) // as above
			}
		})
		if err != nil {
			return err
		}
	}
	if err := r.plan(); err != nil {
		return err
	}
	return r.flush()
}

// ask asks the agent which digests of files it needs at this moment. What it needs later shows
// in its answers.
func (r *reader) ask() error {
	pieces := r.Agent.Pieces(r.ctx, "", true)
	defer pieces.Close()
	none := &lantern.Piece{Ref: "-", Kind: lantern.PieceNone, Digests: &lantern.Digests{}}
	line, err := pieces.Look(none, nil, func(lantern.Answer) error { return nil })
	if err != nil {
		return err
	}
	r.need(line.Lacks)
	return pieces.End()
}

// put hands on what has nothing to be sent.
func (r *reader) put(j *job) error {
	// Whoever tells waits for what comes before it, which must be on its way.
	if err := r.flush(); err != nil {
		return err
	}
	j.answers = make(chan lantern.Answer)
	close(j.answers)
	select {
	case r.queue <- j:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// What is sent together.
const (
	smallPiece = 64 << 10 // at most, of one piece
	togetherIn = 256 << 10
	together   = 64 // pieces
)

// push hands a piece on, with others if it is small.
func (r *reader) push(j *job) error {
	const most = 16 // answers that wait for those before them
	j.answers = make(chan lantern.Answer, most)
	small := len(j.piece.Body) <= smallPiece && !j.waits
	if !small {
		if err := r.flush(); err != nil {
			return err
		}
	}
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
	r.together, r.size = append(r.together, j), r.size+len(j.piece.Body)
	if small && len(r.together) < together && r.size < togetherIn {
		return nil
	}
	return r.flush()
}

// flush has the pieces sent that wait for others.
func (r *reader) flush() error {
	all := r.together
	if r.together, r.size = nil, 0; len(all) == 0 {
		return nil
	}
	select {
	case r.jobs <- all:
		return nil
	case <-r.ctx.Done():
		r.together = all // to be dropped
		return r.ctx.Err()
	}
}

// drop gives up what was not sent when a run ends early.
func (r *reader) drop() {
	for _, j := range r.together {
		close(j.answers)
	}
	r.together = nil
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
		return r.put(&job{file: &lookedFile{path: path}, ref: path, failed: corpus.Reason(err)})
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
		r.Passed(p.file.Size) // it needs not be read, so it is not counted as looked at
		f := &lookedFile{path: p.path}
		for _, why := range results[i].Trouble {
			if err := r.put(&job{file: f, ref: p.path, failed: why, before: true}); err != nil {
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
	return r.Agent.PlanHunt(r.ctx, r.Hunt, files, r.Dry)
}

// digest asks again about a file whose time changed, with the digest of its bytes.
func (r *reader) digest(p *planned) (lantern.HuntResult, error) {
	due := lantern.HuntResult{Verdict: lantern.HuntDue}
	f, err := os.Open(p.path)
	if err != nil {
		return due, nil // is told when it is read
	}
	defer f.Close()
	sums, err := corpus.Digests(r.ctx, f, corpus.SHA256)
	if err != nil {
		return due, r.ctx.Err()
	}
	p.file.SHA256 = sums.SHA256
	results, err := r.verdicts([]planned{*p})
	if err != nil {
		return due, err
	}
	return results[0], nil
}

// passed moves the progress on.
func (r *reader) passed(n int64) {
	r.bytes.Add(n)
	r.Passed(n)
}

// file reads and cuts one file. Only what ends the whole run is an error.
func (r *reader) file(path string, hunted *lantern.HuntedFile) error {
	f := &lookedFile{path: path, full: path, hunted: hunted}
	if full, err := filepath.Abs(path); err == nil && path != "-" {
		f.full = full
	}
	in, err := r.Open(r.ctx, path)
	if err != nil {
		return r.put(&job{file: f, ref: path, failed: corpus.Reason(err), ends: true})
	}
	defer in.Close()
	input := corpus.Input{Ref: path, Name: filepath.Base(path), Reader: passing{in, r}}
	still := func() bool { return true }
	if file, ok := in.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return nil
		} else if err == nil && info.Mode().IsRegular() {
			input.At, input.Size, f.info = file, info.Size(), info
			still = func() bool { return corpus.Still(file, info) }
		}
	}
	if hunted != nil {
		hunted.Pass = time.Now().UnixNano()
	}
	r.cutter.Room = r.bodies.take
	r.cutter.Emit = func(p *corpus.Piece) error { return r.piece(f, p, still) }
	r.cutter.Trouble = func(ref, why string) {
		f.trouble = append(f.trouble, why)
		_ = r.put(&job{file: f, ref: ref, failed: why}) // its error ends the work by ctx
	}
	if r.cutter.Sums = r.sums; path == "-" {
		r.cutter.Sums = nil // it cannot be read twice
	}
	_, err = r.cutter.File(r.ctx, input)
	return err
}

// piece sends a piece on, and ends its file with it if it is the final one.
func (r *reader) piece(f *lookedFile, p *corpus.Piece, still func() bool) error {
	ref := p.Ref
	p.Account, p.Source = r.Account, r.Source
	p.Ref = Ref(f.full + strings.TrimPrefix(ref, f.path))
	if f.hunted == nil {
		return r.push(&job{file: f, piece: p, ref: ref, ends: p.Final})
	}
	h := *f.hunted
	h.Pieces = f.pieces
	p.Hunted = &h
	if p.Final && !still() {
		f.lost.Store(true)
		if err := r.put(&job{file: f, ref: f.path, failed: "it changed meanwhile; the next hunt looks at it again"}); err != nil {
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
	end := &corpus.Piece{Piece: lantern.Piece{Ref: Ref(f.full), Kind: lantern.PieceNone}}
	last := *f.hunted
	last.Pieces = f.pieces
	end.Hunted = &last
	r.seal(f, &last, p)
	return r.push(&job{file: f, piece: end, ref: f.path, last: true, waits: true, ends: true})
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

// Ref is the agent's reference of a file: its path. One that is long, or holds what cannot
// be shown, becomes the end of what can, behind a digest that keeps it apart from others.
func Ref(path string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(path, ""))
	if clean == path && len(path) <= 200 {
		return path
	}
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8]) + "…" + strings.ToValidUTF8(clean[max(0, len(clean)-180):], "")
}
