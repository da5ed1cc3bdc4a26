package shelf

import (
	"math/bits"
	"slices"

	"lantern/internal/segment"
)

// Piece is one segment of a shelf, in memory or in a file. What a later piece says about
// a signal replaces it.
type Piece struct {
	*segment.Segment
	Kinds uint32        // what [Options.Kinds] says of its types
	file  *segment.File // nil: in memory
}

// piece makes a piece of a segment, which is in memory if f is nil.
func (sh *Shelf) piece(s *segment.Segment, f *segment.File) *Piece {
	return &Piece{Segment: s, Kinds: sh.kinds(s.Types()), file: f}
}

// View is what a shelf holds at one moment. It never changes.
type View struct {
	Pieces []*Piece // oldest first
	Held   int      // signals
	Kinds  uint32   // of all pieces
	files  int      // so many pieces, the first, are files
}

// newView puts pieces together that hold so many signals.
func newView(pieces []*Piece, held int) *View {
	v := &View{Pieces: pieces, Held: held}
	for _, p := range pieces {
		v.Kinds |= p.Kinds
		if p.file != nil {
			v.files++
		}
	}
	return v
}

// Alive reports whether the signal that piece number i holds in a row is still held: no later
// piece says otherwise. It is asked about hits only.
func (v *View) Alive(i int, row uint32) bool {
	id := v.Pieces[i].ID(row)
	return id != 0 && !speak(v.Pieces[i+1:], id)
}

// speak reports whether some of the pieces says something about a signal.
func speak(pieces []*Piece, id uint64) bool {
	for _, p := range pieces {
		if about, _ := p.Speaks(id); about {
			return true
		}
	}
	return false
}

// holding returns which of up to 64 signals are held, as bits.
func (v *View) holding(ids []uint64) (held uint64) {
	var known uint64
	for _, p := range slices.Backward(v.Pieces) {
		about, is := p.SpeaksAny(ids)
		held |= is &^ known
		known |= about
	}
	return held
}

// May reports whether some piece may hold what set this mark.
func (v *View) May(mark uint64) bool {
	for _, p := range v.Pieces {
		if p.May(mark) {
			return true
		}
	}
	return false
}

// MaySay reports whether some phrase may hold a word with this hash.
func (v *View) MaySay(word uint64) bool {
	for _, p := range v.Pieces {
		if p.MaySay(word) {
			return true
		}
	}
	return false
}

// with returns a view in which p replaces what v says about the signals p speaks about.
func (v *View) with(p *Piece) *View {
	held := v.Held
	if len(v.Pieces) == 0 {
		held = p.Held()
	} else {
		held += v.more(p)
	}
	return newView(append(slices.Clip(v.Pieces), p), held)
}

// more returns how many signals more are held with p on top.
func (v *View) more(p *Piece) (n int) {
	var room [64]uint64
	for from := 0; from < p.Len(); from += len(room) {
		ids, is := room[:min(len(room), p.Len()-from)], uint64(0)
		for i := range ids {
			row := uint32(from + i)
			if ids[i] = p.ID(row); !p.Gone(row) {
				is |= 1 << i
			}
		}
		n += bits.OnesCount64(is) - bits.OnesCount64(v.holding(ids))
	}
	return n
}

// viewOf puts pieces together and counts what they hold. The first costs nothing, the others a
// look-up for each signal they speak about. If a file fails under it, the count is too low.
func viewOf(pieces []*Piece) *View {
	v := &View{}
	held := 0
	faulty(pieces, func() {
		for _, p := range pieces {
			v = v.with(p)
			held = v.Held
		}
	})
	return newView(pieces, held)
}

// instead returns a view in which some pieces stand in place of run, neighbours in v. ok is
// false if run is not in v any more.
func (v *View) instead(run []*Piece, by ...*Piece) (next *View, ok bool) {
	at := slices.Index(v.Pieces, run[0])
	if at < 0 || at+len(run) > len(v.Pieces) || v.Pieces[at+len(run)-1] != run[len(run)-1] {
		return v, false
	}
	return newView(slices.Concat(v.Pieces[:at], by, v.Pieces[at+len(run):]), v.Held), true
}

// segmentsOf lists the segments of pieces.
func segmentsOf(pieces []*Piece) []*segment.Segment {
	list := make([]*segment.Segment, len(pieces))
	for i, p := range pieces {
		list[i] = p.Segment
	}
	return list
}
