package shelf

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"
)

// readers knows who may still be reading a view that was replaced, so that the memory of a
// file is given back only when nobody is. Who reads counts up before loading the view and
// down when done. There are two sets of counters: whoever waits turns new readers to
// the other set and waits until the first is empty, then does the same the other way round.
// By then everybody who could have loaded an older view is gone, however many came since.
type readers struct {
	turn atomic.Uint32
	sets [2][readerSlots]readerSlot
}

// readerSlots is how many counters a set has, so that processors do not fight for one.
const readerSlots = 16

// readerSlot is one counter, alone in its cache lines.
type readerSlot struct {
	n atomic.Int64
	_ [120]byte
}

// enter counts a reader in. The view must be loaded after it.
func (r *readers) enter() *readerSlot {
	// Goroutines have stacks of their own, so where this one lies spreads them well.
	var here byte
	at := uint64(uintptr(unsafe.Pointer(&here))) >> 11 * 0x9e3779b97f4a7c15 >> 60
	s := &r.sets[r.turn.Load()&1][at%readerSlots]
	s.n.Add(1)
	return s
}

// leave counts a reader out.
func (s *readerSlot) leave() { s.n.Add(-1) }

// wait returns when everybody who entered before it was called has left. Callers take turns.
func (r *readers) wait(ctx context.Context) error {
	for range 2 {
		old := &r.sets[(r.turn.Add(1)+1)&1]
		for i := range old {
			for spin := 0; old[i].n.Load() != 0; spin++ {
				if err := pause(ctx, spin); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// pause lets others run, for longer when it has been called often.
func pause(ctx context.Context, spin int) error {
	if spin < 100 {
		runtime.Gosched()
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200 * time.Microsecond):
		return nil
	}
}

// Read calls do with what the engine holds. do may be called again, with less, when a page
// of a file could not be read: it must then forget what it found.
func (sh *Shelf) Read(do func(v *View)) {
	for !sh.tryRead(do) {
	}
}

// tryRead calls do. It returns false if a file failed under it; the file is out of the view
// then.
func (sh *Shelf) tryRead(do func(v *View)) bool {
	v := sh.view.Load()
	if v.files == 0 { // in memory, which is there as long as v is
		do(v)
		return true
	}
	slot := sh.readers.enter()
	defer slot.leave()
	v = sh.view.Load()
	if bad := faulty(v.Pieces, func() { do(v) }); bad != nil {
		sh.takeOut(bad)
		return false
	}
	return true
}

// faulty calls do, which reads pieces, and returns the one whose memory could not be read,
// if any. A file that was cut short, or a disk that fails, would else end the process.
func faulty(pieces []*Piece, do func()) (bad *Piece) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if fault, ok := r.(interface{ Addr() uintptr }); ok {
			for _, p := range pieces {
				if p.file != nil && p.file.Holds(fault.Addr()) {
					bad = p
					return
				}
			}
		}
		panic(r)
	}()
	do()
	return nil
}

// guarded calls do, which reads pieces, and takes the one out whose memory could not be
// read. It reports whether there was one.
func (sh *Shelf) guarded(pieces []*Piece, do func()) (failed bool) {
	bad := faulty(pieces, do)
	if bad != nil {
		sh.takeOut(bad)
	}
	return bad != nil
}
