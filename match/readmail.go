package match

import (
	"bytes"
	"unicode/utf8"

	"lantern/internal/siphash"
	"lantern/internal/text"
)

// maxLocal is how many bytes before the at sign are looked at.
const maxLocal = 256

// localMarks are the marks a mailbox name may hold.
var localMarks = text.NewSet("!#$%&'*+-/=?^_`{|}~.")

// readMail finds the mail addresses whose domain begins at p, and handles written
// "@handle@platform".
func (s *scanner) readMail(p int) {
	at := s.atBefore(p)
	if at == 0 {
		return
	}
	h := text.Chain(s.text, p)
	if !h.Dotted && !s.want.username {
		return
	}
	local := p - at
	if s.want.email && h.Dotted {
		for q := local; q > 0 && local-q < maxLocal; {
			r, size := text.RuneBefore(s.text, q)
			if !(r < utf8.RuneSelf && (localMarks.Has(byte(r)) || text.ScriptOf(r) != text.NoScript) || r >= utf8.RuneSelf && text.RunRune(r)) {
				break
			}
			if q -= size; text.LeftFree(s.text, q, &text.MailJoin) && s.mayMail(q, local) {
				for _, e := range h.All() {
					s.look(s.e.n.email, q, e)
				}
			}
		}
	}
	if s.want.username {
		s.readFediverse(local, h.All())
	}
}

// atBefore returns the length of the at sign that ends at p, however written.
func (s *scanner) atBefore(p int) int {
	switch {
	case p == 0:
		return 0
	case s.text[p-1] == '@':
		return 1
	}
	return text.FormBefore(s.text, p, text.AtForms)
}

// readFediverse finds "@handle@platform" where the handle ends at q.
func (s *scanner) readFediverse(q int, ends []int) {
	p := q
	for p > 0 && q-p < maxLocal {
		r, size := text.RuneBefore(s.text, p)
		if !handleRune(r, &text.HandleJoin) {
			break
		}
		p -= size
	}
	s.readHandle(p)
	if p == q || p == 0 || s.text[p-1] != '@' || !s.mayHandle(q) || !text.LeftFree(s.text, p-1, &text.HandleJoin) {
		return
	}
	for _, e := range ends {
		s.look(s.e.n.username, p-1, e)
	}
}

// handleRune reports whether a handle joined by join can hold r.
func handleRune(r rune, join *text.Set) bool {
	if r >= 0 && r < utf8.RuneSelf {
		return text.Classes[r]&(text.Letter|text.Digit) != 0 || join.Has(byte(r))
	}
	return r > 0 && text.RunRune(r)
}

// handleReader brings a handle to the form that is marked as it is read.
type handleReader struct {
	start, end int
	lower      []byte
	hash       siphash.Stream
	marks      bool // it holds combining marks
}

// readHandle begins a handle at start.
func (s *scanner) readHandle(start int) {
	h := &s.handle
	h.start, h.end, h.lower, h.marks = start, start, h.lower[:0], false
	h.hash.Start(&s.e.marks[markHandle])
}

// mayHandle reports whether some signal may have for its handle what was begun and goes on to end. What holds
// combining marks always may.
func (s *scanner) mayHandle(end int) bool {
	h := &s.handle
	if end-h.start > maxLocal {
		return false
	}
	same := len(h.lower)
	for ; h.end < end && s.text[h.end] < utf8.RuneSelf; h.end++ {
		h.lower = append(h.lower, text.Lower(s.text[h.end]))
	}
	if h.end < end {
		h.marks = h.marks || bytes.ContainsFunc(s.text[h.end:end], text.Combines)
		h.lower, h.end = text.Coarse(h.lower, s.text[h.end:end]), end
	}
	return h.marks || s.v.May(h.hash.First(inPlace(h.lower), same))
}

// mayMail reports whether some signal may have this stretch for its mailbox. What holds
// characters outside ASCII always may.
func (s *scanner) mayMail(start, end int) bool {
	for _, c := range s.text[start:end] {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	s.lower = text.MailName(s.lower[:0], s.text[start:end])
	return s.v.May(s.e.markBytes(markMail, s.lower))
}
