package match

import (
	"cmp"
	"slices"

	"lantern"
	"lantern/internal/segment"
	"lantern/internal/shelf"
	"lantern/internal/text"
	"lantern/signal"
)

// findPhrases calls found for the phrases that begin with one of the words of l from number from to
// before number behind, in no order. Nearly none does, and the filters of each piece say so:
// all words are asked about, and all pairs and triples, so that memory accesses do not wait for one
// another, and only then what may stand there is compared, while its memory is on its way. A phrase is
// filed under the rarest of its words, which may stand behind that stretch.
func (s *scanner) findPhrases(v view, l *text.Words, from, behind int, found func(signal lantern.ID, start, end int)) {
	s.candidates = s.candidates[:0]
	filed := 1
	if s.siftPairs(v, l, from) {
		filed = 3
	}
	for ; filed <= text.MaxFiled; filed++ {
		s.sift(v, l, filed, from)
	}
	if len(s.candidates) > 0 {
		s.compare(v, l, from, behind, found)
	}
}

// siftPairs asks about words and pairs of them at once. It notes nothing and returns false where the processor cannot, or a
// filter is too large for it.
func (s *scanner) siftPairs(v view, l *text.Words, from int) bool {
	hashes := l.Hashes[from:]
	for k, p := range v.Pieces {
		if !p.Files(1) && !p.Files(2) {
			continue
		}
		if !p.SiftPairs(hashes, &s.sifted, &s.siftedPairs) {
			s.candidates = s.candidates[:0]
			return false
		}
		for _, i := range s.sifted {
			s.candidates = append(s.candidates, candidate{p.FindPhrases(hashes[i]), from + int(i), k})
		}
		for _, i := range s.siftedPairs {
			s.candidates = append(s.candidates, candidate{p.FindPhrases(text.Pair(hashes[i], hashes[i+1])), from + int(i), k})
		}
	}
	return true
}

// sift asks about all neighbors of so many words.
func (s *scanner) sift(v view, l *text.Words, filed, from int) {
	files := func(p *shelf.Piece) bool { return p.Files(filed) }
	if !slices.ContainsFunc(v.Pieces, files) {
		return
	}
	l.FiledUnder(filed, from, func(hashes []uint64, at int) {
		for k, p := range v.Pieces {
			if !files(p) {
				continue
			}
			s.sifted = p.Sift(filed, hashes, s.sifted[:0])
			for _, i := range s.sifted {
				s.candidates = append(s.candidates, candidate{p.FindPhrases(hashes[i]), at + int(i), k})
			}
		}
	})
}

// candidate is where phrases may stand. It holds no pointer, since what a list is of may go.
type candidate struct {
	list  segment.PhraseList
	word  int // the first of those they are filed under
	piece int
}

// compare calls found for the phrases that stand where they may.
func (s *scanner) compare(v view, l *text.Words, from, behind int, found func(signal lantern.ID, start, end int)) {
	var row segment.Phrase
	for i := range s.candidates {
		at := &s.candidates[i]
		p := v.Pieces[at.piece]
		for p.NextPhrase(&at.list, &row) {
			n, first := int(row.Words&(1<<anchorShift-1)), at.word-int(row.Words>>anchorShift)
			if l.Stands(row.Text, n, first) && first >= from && first < behind && v.Alive(at.piece, row.Row) {
				found(signalAt(p, row.Row), l.List[first].Start, l.List[first+n-1].End)
			}
		}
	}
}

// Phrases finds the phrases that stand in b, a text, and appends them to dst, which it returns,
// in the order of their start, end and signal. Offsets are bytes of b. It takes no lock. Bent words, which Scan reads once
// more as they may be meant, it reads as they stand.
func (e *Engine) Phrases(b []byte, dst []Span) []Span {
	if v := (view{e.shelf.Peek()}); !v.mayType(e.n.phrase) {
		return dst
	}
	s := e.scanners.Get().(*scanner)
	s.words.Cut(b)
	from := len(dst)
	s.spans, s.spansFrom = dst, from
	e.shelf.Read(s.readSpans)
	dst, s.spans = s.spans, nil
	s.words.Forget()  // it is the caller's
	e.scanners.Put(s) // not released: nothing has become known
	if len(dst)-from < 2 {
		return dst
	}
	slices.SortFunc(dst[from:], func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Signal, b.Signal))
	})
	return dst
}

// newScanner returns a scanner whose parts that are called back are made once.
func newScanner() *scanner {
	s := &scanner{}
	s.maySay = func(word uint64) bool { return s.v.MaySay(word) }
	s.readSpans = func(v *shelf.View) {
		s.spans = s.spans[:s.spansFrom]
		s.findPhrases(view{v}, &s.words, 0, len(s.words.List), func(id lantern.ID, start, end int) {
			s.spans = append(s.spans, Span{Signal: id, Start: start, End: end, Weak: signal.Phrase.Weak})
		})
	}
	return s
}
