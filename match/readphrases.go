package match

import (
	"sort"

	"lantern"
	"lantern/internal/text"
)

// readPhrases finds the phrases of the window.
func (s *scanner) readPhrases() {
	if !s.want.phrase {
		return
	}
	l := &s.words
	from := sort.Search(len(l.List), func(i int) bool { return l.List[i].Start >= s.lo })
	behind := sort.Search(len(l.List), func(i int) bool { return l.List[i].Start >= s.hi })
	s.readWords(l, from, behind, s.notePhrase)
	s.readCodedPhrases(l.Codes)
}

// notePhrase records a phrase.
func (s *scanner) notePhrase(id lantern.ID, start, end int) {
	f := Found{Signal: id, How: lantern.HowPhrase, Weak: s.e.types.list[s.e.n.phrase].Weak}
	s.found = append(s.found[:0], f)
	s.note(s.e.n.phrase, s.found, start, end)
}

// readWords finds the phrases that begin with one of the words of l from number from to before number behind, and those of which
// words are bent, wherever they begin. It notes where codes stand.
func (s *scanner) readWords(l *text.Words, from, behind int, note func(id lantern.ID, start, end int)) {
	s.findPhrases(s.v, l, from, behind, note)
	var ways int
	var held bool
	if s.bent, ways, held = l.Bent(s.bent[:0], s.maySay); !held {
		return
	}
	for way := range text.Ways {
		if way&^ways == 0 {
			s.straight.Straighten(l, s.bent, way)
			s.findPhrases(s.v, &s.straight, 0, len(s.straight.List), note)
		}
	}
}

// readCodedPhrases finds the phrases that codes make. Codes are undone with as many words around each as may belong to one phrase
// with it; codes so near that they may belong to one together.
func (s *scanner) readCodedPhrases(codes []text.Code) {
	l := &s.words
	before, behind := 0, 0 // words that begin before a code, and that end before its end
	pass := func(c *text.Code) {
		before += text.Leap(len(l.List)-before, func(i int) bool { return l.List[before+i].Start >= c.Start })
		behind += text.Leap(len(l.List)-behind, func(i int) bool { return l.List[behind+i].End > c.End })
	}
	for k := 0; k < len(codes); {
		first := k
		pass(&codes[k])
		from := codes[k].Start
		if before > 0 {
			from = l.List[l.Reach(before-1, -1)].Start
		}
		reached, last := -1, behind // words up to reached, at least, are near the last code, behind which word last stands
		for k++; k < len(codes); k++ {
			if pass(&codes[k]); before-1 > reached {
				if reached = l.Reach(last, 1); before-1 > reached && l.Reach(before-1, -1) > reached {
					break
				}
			}
			last = behind
		}
		end := codes[k-1].End
		if last < len(l.List) {
			end = l.List[l.Reach(last, 1)].End
		}
		if from < s.hi && end > s.lo {
			s.readUndone(from, end, codes[first:k])
		}
	}
}

// undone is a part of a text in which each code is its character.
type undone struct {
	text  []byte
	from  int // where it begins in the text
	codes []text.Code
	at    []int // where the characters of codes are
}

// read undoes codes in a part of b.
func (u *undone) read(b []byte, from, to int, codes []text.Code) {
	u.text, u.from, u.codes, u.at = u.text[:0], from, codes, u.at[:0]
	for i := range codes {
		c := &codes[i]
		u.text = append(u.text, b[from:c.Start]...)
		u.at = append(u.at, len(u.text))
		u.text = append(u.text, c.Char)
		from = c.End
	}
	u.text = append(u.text, b[from:to]...)
}

// stood returns where what stands from start to end stood. ok is false if it holds no code, and none stands directly before it.
func (u *undone) stood(start, end int) (from, to int, ok bool) {
	from, _ = u.byteAt(start)
	_, to = u.byteAt(end - 1)
	k := sort.SearchInts(u.at, start-1)
	return from, to, k < len(u.at) && u.at[k] < end
}

// byteAt returns where what a byte stands for begins and ends.
func (u *undone) byteAt(i int) (start, end int) {
	switch k := sort.SearchInts(u.at, i+1) - 1; {
	case k < 0:
		start = u.from + i
	case u.at[k] == i:
		return u.codes[k].Start, u.codes[k].End
	default:
		start = u.codes[k].End + i - u.at[k] - 1
	}
	return start, start + 1
}

// readUndone finds the phrases of which codes are part, or directly before which one stands, in a part of the window.
func (s *scanner) readUndone(from, to int, codes []text.Code) {
	u := &s.undone
	u.read(s.text, from, to, codes)
	s.decoded.Cut(u.text)
	s.readWords(&s.decoded, 0, len(s.decoded.List), func(id lantern.ID, start, end int) {
		if start, end, ok := u.stood(start, end); ok && end-start <= text.MaxPhrase {
			s.notePhrase(id, start, end)
		}
	})
}
