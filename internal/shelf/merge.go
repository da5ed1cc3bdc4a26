package shelf

import (
	"context"
	"errors"
	"time"

	"lantern/internal/segment"
)

// How pieces are merged. Each piece is kept so many times as large as all newer ones
// that would be merged with it, so that there are few, and each row is copied few times.
// Append merges what is small itself, so that single changes do not pile up; larger runs
// are merged in the background, files into files and memory into memory. Once nothing has
// come for a while, a few copies more are well spent on fewer pieces to ask.

// inlineRows is the size up to which [Shelf.Append] merges: well under a millisecond.
const inlineRows = 4096

// How many times as large as all newer ones a piece is, at least. With 2, a row is copied half as often
// as with 4; files stay for long, and each lookup asks all of them.
const (
	growthInMemory = 2
	growthAtRest   = 16 // in memory, once nothing has come for restAfter
	growthOfFiles  = 4
)

// restAfter is how long nothing comes before the shelf is at rest.
const restAfter = time.Second

// cheapFiles is the size up to which files are merged whatever their sizes: a megabyte is written at once.
const cheapFiles = 1 << 15

// runFrom returns where the run begins that should be merged and ends before end: end-1 if
// none should. It begins at lo at the earliest and is at most limit large, and whatever is not larger than cheap is merged.
func runFrom(pieces []*Piece, growth, lo, end, cheap, limit int) int {
	from, total := end-1, pieces[end-1].Size()
	for from > lo {
		size := pieces[from-1].Size()
		if size >= growth*total && total+size > cheap || total+size > limit {
			break
		}
		from, total = from-1, total+size
	}
	return from
}

// tidied merges the newest pieces of a view if they are small. The caller holds write.
func (sh *Shelf) tidied(v *View) *View {
	lo := v.files
	for i, p := range v.Pieces {
		if p == sh.busy {
			lo = max(lo, i+1)
		}
	}
	from := runFrom(v.Pieces, growthInMemory, lo, len(v.Pieces), 0, sh.inline)
	if from == len(v.Pieces)-1 {
		return v
	}
	p := sh.merged(v.Pieces[:from], v.Pieces[from:])
	next, _ := v.instead(v.Pieces[from:], p...)
	return next
}

// merged merges a run in memory into one piece, or none if nothing is left of it. Tombstones
// stay only if something older may hold what they bury. The caller holds write.
func (sh *Shelf) merged(older, run []*Piece) []*Piece {
	filling := sh.filling
	s := segment.Merge(segmentsOf(run), func(id uint64) bool { return filling || speak(older, id) })
	if s.Len() == 0 {
		return nil
	}
	return []*Piece{sh.piece(s, nil)}
}

// nextRun returns the run of v that is most worth merging, or nil.
func (sh *Shelf) nextRun(v *View) []*Piece {
	inMemory := growthInMemory
	if sh.atRest.Load() {
		inMemory = growthAtRest
	}
	for _, part := range []struct {
		pieces        []*Piece
		growth, cheap int
	}{{v.Pieces[v.files:], inMemory, 0}, {v.Pieces[:v.files], growthOfFiles, cheapFiles}} {
		for end := len(part.pieces); end >= 2; end-- {
			if from := runFrom(part.pieces, part.growth, 0, end, part.cheap, segment.MaxRows); end-from >= 2 {
				return part.pieces[from:end]
			}
		}
	}
	return nil
}

// wakeMerger starts merging in the background if v needs it and nobody does it already.
func (sh *Shelf) wakeMerger(v *View) {
	if sh.nextRun(v) != nil && sh.merging.CompareAndSwap(false, true) {
		go sh.merge()
	}
}

// rest merges what was not worth it while changes came.
func (sh *Shelf) rest() {
	sh.atRest.Store(true)
	sh.wakeMerger(sh.view.Load())
}

// merge merges until nothing is left to merge, or a file cannot be written; then the next
// change or Save tries again.
func (sh *Shelf) merge() {
	for {
		again, err := sh.mergeOnce()
		if again && err == nil {
			continue
		}
		sh.merging.Store(false)
		// What came between the last look and the line above woke nobody.
		if err != nil || sh.nextRun(sh.view.Load()) == nil || !sh.merging.CompareAndSwap(false, true) {
			return
		}
	}
}

// Idle returns when nothing is merged in the background any more. Tests and benchmarks wait for it.
func (sh *Shelf) Idle() {
	for spin := 0; sh.merging.Load(); spin++ {
		if pause(context.Background(), spin) != nil {
			return
		}
	}
}

// mergeOnce merges one run, if there is one.
func (sh *Shelf) mergeOnce() (again bool, err error) {
	sh.work.Lock()
	defer sh.work.Unlock()
	if sh.store != nil && sh.closed {
		return false, errClosed
	}
	v, run := sh.take(sh.nextRun)
	defer sh.letGo()
	switch {
	case len(run) == 0 && sh.store == nil:
		return false, nil
	case len(run) == 0:
		return false, sh.note(sh.tidyFiles())
	case run[0].file != nil:
		return true, sh.note(sh.mergeFiles(v, run))
	}
	older := v.Pieces[:v.index(run)]
	var s *segment.Segment
	if sh.guarded(older, func() {
		s = segment.Merge(segmentsOf(run), func(id uint64) bool { return speak(older, id) })
	}) {
		return true, nil
	}
	var by []*Piece
	if s.Len() > 0 {
		by = append(by, sh.piece(s, nil))
	}
	sh.swap(run, by...)
	return true, nil
}

// take chooses pieces to work at and keeps [Shelf.Append] from them. The caller holds work,
// and calls letGo when done.
func (sh *Shelf) take(choose func(*View) []*Piece) (*View, []*Piece) {
	sh.write.Lock()
	defer sh.write.Unlock()
	v := sh.view.Load()
	run := choose(v)
	if len(run) > 0 {
		sh.busy = run[len(run)-1]
	}
	return v, run
}

func (sh *Shelf) letGo() {
	sh.write.Lock()
	sh.busy, sh.filling = nil, false
	sh.write.Unlock()
}

// index is where a run begins.
func (v *View) index(run []*Piece) int {
	for i, p := range v.Pieces {
		if p == run[0] {
			return i
		}
	}
	return len(v.Pieces)
}

// swap puts pieces in place of a run. It reports whether the run was still there: a file of
// it may have been taken out.
func (sh *Shelf) swap(run []*Piece, by ...*Piece) bool {
	sh.write.Lock()
	defer sh.write.Unlock()
	next, ok := sh.view.Load().instead(run, by...)
	sh.view.Store(next)
	return ok
}

// errClosed is the answer of a shelf that was closed.
var errClosed = errors.New("the engine is closed")

// errDamaged says that a piece was taken out, so that what was begun must begin again.
var errDamaged = errors.New("a segment was damaged and taken out")
