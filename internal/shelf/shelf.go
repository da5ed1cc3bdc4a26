// Package shelf keeps the segments of one match engine: the newest in memory, the older ones
// in files.
//
// A [Shelf] is written like a log and read like a table. [Shelf.Append] puts a segment on
// top, and what it says of a signal replaces what older ones say. [Shelf.Read] reads all of
// them as they are at one moment, without a lock. Segments of like size are merged in the
// background, so that few must be read.
//
// In a folder, [Shelf.Save] writes what is only in memory into a file, together with a
// position of the caller's, in one step: after a kill the folder is as one Save left it.
// [Shelf.Purge] makes sure that no file holds what was removed. A file is overwritten before
// it is unlinked, and unmapped only when nobody reads it any more.
//
// A damaged file is taken out, and [Shelf.Missing] says so until [Shelf.Refill] put all of
// it back: what is left never says less than that, and never what was taken back.
//
// The package knows nothing of signal types or keys.
package shelf

import (
	"sync"
	"sync/atomic"
	"time"

	"lantern/internal/segment"
)

// Options say how a shelf works. The zero value is good.
type Options struct {
	Kinds  func(types []string) uint32 // what a piece with signals of these types is to be known by
	Step   func(op string) error       // see [segment.OpenFolder]
	Inline int                         // size up to which Append merges; 0: inlineRows
}

// Shelf holds segments. Its methods may be called by any number of goroutines at once.
type Shelf struct {
	kinds   func([]string) uint32
	inline  int
	view    atomic.Pointer[View] // swapped whole; who loaded one works on it undisturbed
	readers readers              // who works on which
	missing atomic.Int64         // pieces that were damaged and taken out

	write   sync.Mutex // serialises those who swap the view, and guards what follows
	busy    *Piece     // the newest of the pieces that work is at; others leave it and older ones alone
	filling bool       // what is older than busy will be replaced; no tombstone may be dropped
	fallen  []*Piece   // taken out of the view, but maybe named by the manifest

	work    sync.Mutex  // serialises what takes long: merging and all that writes files
	merging atomic.Bool // somebody merges, or is about to
	atRest  atomic.Bool // nothing came for restAfter
	resting *time.Timer // until then
	*store              // nil: everything is in memory
}

// New returns an empty shelf that keeps everything in memory.
func New(opts Options) *Shelf {
	sh := &Shelf{kinds: opts.Kinds, inline: opts.Inline}
	if sh.kinds == nil {
		sh.kinds = func([]string) uint32 { return 0 }
	}
	if sh.inline == 0 {
		sh.inline = inlineRows
	}
	sh.view.Store(&View{})
	sh.resting = time.AfterFunc(restAfter, sh.rest)
	return sh
}

// Peek returns what the shelf holds, to look at its numbers. Only [Shelf.Read] may read its
// pieces: the memory of files may be given back at any time.
func (sh *Shelf) Peek() *View { return sh.view.Load() }

// Append puts a segment on top. When it returns, every Read that begins later sees it. It
// waits for other callers, and never for a merge in the background or for a file.
func (sh *Shelf) Append(s *segment.Segment) {
	sh.atRest.Store(false)
	sh.resting.Reset(restAfter)
	sh.wakeMerger(sh.append(sh.piece(s, nil)))
}

// append puts a piece on top of the view.
func (sh *Shelf) append(p *Piece) *View {
	sh.write.Lock()
	defer sh.write.Unlock()
	for {
		v := sh.view.Load()
		var next *View
		bad := faulty(v.Pieces, func() { next = sh.tidied(v.with(p)) })
		if bad == nil {
			sh.view.Store(next)
			return next
		}
		sh.takeOutHeld(bad)
	}
}
