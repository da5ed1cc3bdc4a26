package match

import (
	"weak"

	"lantern/internal/shelf"
	"lantern/internal/text"
)

// recall remembers what a view answered to questions about words: most words of a text stood in
// it before. It answers for one view alone, and compares words in whole.
type recall struct {
	of    weak.Pointer[shelf.View] // keeps nothing of it
	epoch uint32                   // of all that was remembered for it
	slots [asked][]recalled
}

// recalled is a word of up to 16 bytes in lower case, filled up with zeros.
type recalled struct {
	lo, hi uint64
	state  uint32 // twice the epoch, and 1 if the answer was yes
}

// The questions.
const (
	askHandle = iota // may a handle be this word?
	askTop           // may the host of a URL or a domain end with this label?
	asked
)

// recallSlots is how many words are remembered, at most: as much as fits in a near cache.
const recallSlots = 1 << 12

// begin forgets what was remembered for another view.
func (c *recall) begin(v *shelf.View) {
	if of := weak.Make(v); of != c.of {
		c.of = of
		if c.epoch++; c.epoch == 1<<31 {
			*c = recall{of: of, epoch: 1}
		}
	}
	for i := range c.slots {
		if c.slots[i] == nil {
			c.slots[i] = make([]recalled, recallSlots)
		}
	}
}

// recalls answers a question about a word of ASCII in the window, of letters, digits, hyphens and
// underscores.
func (s *scanner) recalls(question, start, end int) bool {
	lo, hi, ok := text.LoadWord(s.text, start, end)
	if !ok {
		return s.ask(question, start, end)
	}
	slot := &s.recall.slots[question][text.Spread(lo, hi)%recallSlots]
	if slot.lo == lo && slot.hi == hi && slot.state>>1 == s.recall.epoch {
		return slot.state&1 == 1
	}
	*slot = recalled{lo, hi, s.recall.epoch << 1}
	if s.ask(question, start, end) {
		slot.state |= 1
		return true
	}
	return false
}

// ask asks the view.
func (s *scanner) ask(question, start, end int) bool {
	if question == askHandle {
		return s.mayHandle(start, end)
	}
	s.lower = text.AppendLower(s.lower[:0], s.text[start:end])
	return s.v.May(s.e.markBytes(markTop, s.lower))
}
