package match

import (
	"cmp"
	"slices"

	"lantern"
	"lantern/internal/segment"
	"lantern/internal/shelf"
	"lantern/signal"
)

// findPhrases calls found for the phrases that begin with one of the words from number from to
// before number behind, in no order. Nearly none does, and the filter of each piece says so:
// all words are asked about, then all pairs, so that its memory accesses do not wait for one
// another. A phrase is filed under its longest pair, which may stand behind that stretch.
func (s *scanner) findPhrases(v view, from, behind int, found func(signal lantern.ID, start, end int)) {
	l := &s.words
	for k, p := range v.Pieces {
		if p.Phrases() == 0 {
			continue
		}
		for _, hashes := range [][]uint64{l.Hashes, l.Pairs} {
			part := hashes[min(from, len(hashes)):]
			s.sifted = p.Sift(part, s.sifted[:0])
			for _, i := range s.sifted {
				s.findAt(v, k, p, from+int(i), part[i], func(row *segment.Phrase, first, last int) {
					if first >= from && first < behind {
						found(signalAt(p, row.Row), l.List[first].Start, l.List[last].End)
					}
				})
			}
		}
	}
}

// findAt calls found for the phrases with a hash that is that of word i, or of it and the next.
func (s *scanner) findAt(v view, k int, p *shelf.Piece, i int, hash uint64, found func(row *segment.Phrase, first, last int)) {
	from, behind := p.FindPhrases(hash)
	for j := from; j < behind; j++ {
		row := p.Phrase(j)
		n, first := int(row.Words&(1<<anchorShift-1)), i-int(row.Words>>anchorShift)
		if s.words.Stands(row.Text, n, first) && v.Alive(k, row.Row) {
			found(&row, first, first+n-1)
		}
	}
}

// Phrases finds the phrases that stand in text and appends them to dst, which it returns,
// in the order of their start, end and signal. Offsets are bytes of text as given. It takes no lock.
func (e *Engine) Phrases(text []byte, dst []Span) []Span {
	if v := (view{e.shelf.Peek()}); !v.mayType(e.n.phrase) {
		return dst
	}
	s := e.scanners.Get().(*scanner)
	defer s.release(e)
	l := &s.words
	l.Cut(text)
	from := len(dst)
	e.read(func(v view) {
		dst = dst[:from]
		s.findPhrases(v, 0, len(l.List), func(id lantern.ID, start, end int) {
			dst = append(dst, Span{Signal: id, Start: start, End: end, Weak: signal.Phrase.Weak})
		})
	})
	l.Forget() // it is the caller's
	slices.SortFunc(dst[from:], func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Signal, b.Signal))
	})
	return dst
}
