package match

import (
	"context"
	"encoding/binary"
	"io"

	"lantern/internal/shelf"
	"lantern/signal"
)

// ScanWindows is Scan with windows of another size.
func (e *Engine) ScanWindows(r io.Reader, opts ScanOptions, body int, emit func(Spot) error) error {
	return e.scan(context.Background(), r, opts, body, emit)
}

// OpenStep is Open with a seam before every operation on a file, and merges in the
// background of all that is larger than inline.
func OpenStep(dir string, localKey [32]byte, step func(string) error, inline int) (*Engine, error) {
	return open(dir, localKey, shelf.Open, step, inline)
}

// Needles lists what files hold of an entry that no other entry has, if its values are its own.
func (e *Engine) Needles(en Entry) (list [][]byte) {
	n := e.types.number[en.Type]
	canonical := en.Canonical
	if e.types.list[n].Compare == signal.URLPrefix {
		canonical = page(canonical)
	}
	for _, key := range append([]string{canonical}, en.Weak...) {
		list = append(list, binary.LittleEndian.AppendUint64(nil, e.keyMark(n, key)))
	}
	for kind, key := range hints(e.types.list[n], &en) {
		list = append(list, binary.LittleEndian.AppendUint64(nil, e.mark(kind, key)))
	}
	switch e.types.list[n].Compare {
	case signal.Words:
		list = append(list, []byte(en.Canonical))
	case signal.Hamming:
		h, _ := nearBits(en.Canonical)
		list = append(list, binary.LittleEndian.AppendUint64(nil, h[0]))
	case signal.Frames:
		for _, h := range signal.FrameHashes(en.Canonical) {
			list = append(list, binary.LittleEndian.AppendUint64(nil, h[0]))
		}
	}
	return append(list, binary.LittleEndian.AppendUint64(nil, uint64(en.Signal)))
}

// Idle returns when nothing is merged in the background any more.
func (e *Engine) Idle() { e.shelf.Idle() }
