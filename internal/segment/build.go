package segment

import (
	"slices"
	"strings"
)

// Build makes a segment of rows.
func Build(r *Rows) *Segment {
	return assemble(parts{
		ids:     r.IDs,
		gone:    func(i int) bool { return r.Gone[i] },
		types:   r.Types,
		nKeys:   len(r.Keys),
		keys:    over(sorted(r.Keys)),
		marks:   over(r.Marks),
		near:    over(r.Near),
		phrases: over(r.Phrases),
	})
}

func over[R any](rows []R) func(func(R)) {
	return func(yield func(R)) {
		for _, r := range rows {
			yield(r)
		}
	}
}

func count[R any](each func(func(R))) (n int) {
	each(func(R) { n++ })
	return n
}

// assemble lays out and fills a segment. Its header is signed when it is written to a file.
func assemble(p parts) *Segment {
	nMarks := count(p.marks)
	hashes := newNearRows(p.near)
	nearBytes, nearIndexBytes := hashes.sizes()
	var list []Phrase
	var words []uint64
	phraseBytes, filed := 0, [maxFiled + 1]int{}
	p.phrases(func(ph Phrase) {
		list = append(list, ph)
		phraseBytes += phraseHead + len(ph.Text)
		filed[ph.Filed]++
		words = ph.appendWords(words)
	})
	sortPhrases(list)
	slices.Sort(words)
	words = slices.Compact(words)
	slices.Sort(p.types)
	s := &Segment{n: len(p.ids), names: slices.Compact(p.types)}
	names := strings.Join(s.names, "\n")
	var whole int
	s.spans, whole = lay([sections]int{
		ids:         idListSize(p.ids),
		gone:        8 * ((s.n + 63) / 64),
		idFilter:    bloomSize(s.n, 8),
		types:       len(names),
		filter:      bloomSize(p.nKeys+nMarks+filed[0], 4),
		keyIndex:    indexSize(p.nKeys),
		keys:        (keySize - implied(p.nKeys)) * p.nKeys,
		marks:       markSize * nMarks,
		near:        nearBytes,
		nearIndex:   nearIndexBytes,
		phraseIndex: phraseDirSize(len(list)),
		phrases:     phraseBytes,

		// A common word that is claimed by mistake is so each time it stands in a text.
		filedWords:   bloomSize(filed[1], 2),
		filedPairs:   bloomSize(filed[2], 2),
		filedTriples: bloomSize(filed[3], 2),
		vocabulary:   bloomSize(len(words), 4),
	})
	s.image = make([]byte, whole)
	s.slice()

	s.ids.put(p.ids)
	for i, id := range p.ids {
		s.idFilter.add(mixed(id))
		if p.gone(i) {
			s.gone[i/8] |= 1 << (i % 8)
		}
	}
	copy(s.types, names)
	s.keys.fill(p.keys, s.filter.add)
	s.putMarks(p.marks)
	s.near.build(&hashes)
	s.putPhrases(list)
	for _, w := range words {
		s.vocabulary.add(w)
	}
	return s
}

func (s *Segment) putMarks(each func(func(Mark))) {
	b := s.marks
	each(func(m Mark) {
		le.PutUint64(b, m.Hash)
		le.PutUint32(b[8:], m.Row)
		b = b[markSize:]
		s.filter.add(m.Hash)
	})
}

// eachMark yields what putMarks was given.
func (s *Segment) eachMark(yield func(Mark)) {
	for b := s.marks; len(b) > 0; b = b[markSize:] {
		yield(Mark{le.Uint64(b), le.Uint32(b[8:]) & rowMask})
	}
}
