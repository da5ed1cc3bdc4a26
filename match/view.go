package match

import (
	"lantern"
	"lantern/internal/shelf"
)

// view is what the engine holds while one question is answered.
type view struct{ *shelf.View }

// read calls do with what the engine holds. do may be called again, with less, when a page
// of a file could not be read: it must then forget what it found.
func (e *Engine) read(do func(v view)) {
	e.shelf.Read(func(v *shelf.View) { do(view{v}) })
}

// mayType reports whether a signal of the type with that number may be held.
func (v view) mayType(n uint8) bool { return v.Kinds>>n&1 == 1 }

// signalAt is the signal of a row of a piece.
func signalAt(p *shelf.Piece, row uint32) lantern.ID { return lantern.ID(p.ID(row)) }
