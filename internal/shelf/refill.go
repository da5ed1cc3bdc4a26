package shelf

import (
	"context"
	"iter"
	"slices"

	"lantern/internal/segment"
)

// Refill replaces everything that was appended before it was called by segments that are
// made meanwhile, oldest first, and makes Missing 0. What is appended in that time counts as later.
// Until it returns, readers find what was there before. In a folder it saves position as
// [Shelf.Save] does. If making yields an error, nothing changes.
func (sh *Shelf) Refill(making iter.Seq2[*segment.Segment, error], position []byte) error {
	if err := checkPosition(position); err != nil {
		return err
	}
	sh.work.Lock()
	defer sh.work.Unlock()
	if sh.store != nil && sh.closed {
		return errClosed
	}
	_, old := sh.take(func(v *View) []*Piece {
		sh.filling = true
		return v.Pieces
	})
	defer sh.letGo()
	s, err := gather(making)
	if err != nil {
		return err
	}
	if sh.store == nil {
		sh.restart(old, []*Piece{sh.piece(s, nil)})
		return nil
	}
	var by []*Piece
	if s.Len() > 0 {
		if by, err = sh.write1(s); err != nil {
			return err
		}
	}
	if err := sh.commit(by, s.Len(), position, 0); err != nil {
		return sh.disown(by, err)
	}
	for _, p := range append(slices.Clip(old), sh.restart(old, by)...) {
		if p.file != nil && !slices.Contains(sh.retired, p) {
			sh.retired = append(sh.retired, p)
		}
	}
	return sh.sweep(context.Background())
}

// restart puts pieces in place of old ones, of which some may have fallen, below what came
// later. It returns those that fell.
func (sh *Shelf) restart(old, by []*Piece) (fallen []*Piece) {
	sh.write.Lock()
	defer sh.write.Unlock()
	later := slices.DeleteFunc(slices.Clone(sh.view.Load().Pieces), func(p *Piece) bool { return slices.Contains(old, p) })
	sh.view.Store(viewOf(slices.Concat(by, later)))
	sh.missing.Store(0)
	fallen, sh.fallen = sh.fallen, nil
	return fallen
}

// gathered is how many segments of about one size are merged while a shelf is filled.
const gathered = 4

// gather merges segments into one while they come, so that each row is copied few times and
// few copies are in memory.
func gather(making iter.Seq2[*segment.Segment, error]) (*segment.Segment, error) {
	var stack []*segment.Segment
	merge := func(from int) {
		s := segment.Merge(stack[from:], func(uint64) bool { return false })
		clear(stack[from:])
		stack = append(stack[:from], s)
	}
	for s, err := range making {
		if err != nil {
			return nil, err
		}
		stack = append(stack, s)
		for from := len(stack) - gathered; from >= 0; from = len(stack) - gathered {
			if stack[from].Size() >= gathered*stack[len(stack)-1].Size() {
				break
			}
			merge(from)
		}
	}
	merge(0)
	return stack[0], nil
}
