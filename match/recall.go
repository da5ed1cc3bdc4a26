package match

import (
	"slices"
	"weak"

	"lantern/internal/shelf"
)

// recall remembers words, by their hashes, of which a view said that they tell nothing: most words
// of a text stood in it before. It answers for one view alone.
type recall struct {
	of      weak.Pointer[shelf.View] // keeps nothing of it
	nothing []uint64                 // a hash h, if it is known, in slot h % recallSlots
	asked   []uint32
}

// recallSlots is how many words are remembered, at most: as much as fits in a near cache.
const recallSlots = 1 << 15

// begin forgets what was remembered for another view.
func (c *recall) begin(v *shelf.View) {
	of := weak.Make(v)
	if of == c.of && c.nothing != nil {
		return
	}
	if c.of = of; c.nothing == nil {
		c.nothing = make([]uint64, recallSlots)
	}
	clear(c.nothing)
	c.nothing[0] = 1 // which lies in another slot, as 0 does in no other
}

// unknown returns the numbers of the hashes of which it is not known that they tell nothing, until
// the next call.
func (c *recall) unknown(hashes []uint64) []uint32 {
	c.asked = slices.Grow(c.asked[:0], len(hashes)+1)
	n, room, nothing := 0, c.asked[:len(hashes)+1], (*[recallSlots]uint64)(c.nothing)
	for i, h := range hashes {
		room[n] = uint32(i) // kept if it counts, else the next is written over it
		if nothing[h%recallSlots] != h {
			n++
		}
	}
	return room[:n]
}

// tells reports whether some signal may be written with the word of a hash.
func (s *scanner) tells(h uint64) bool {
	slot := &s.recall.nothing[h%recallSlots]
	if *slot == h {
		return false
	}
	if s.v.May(s.e.markBytes(markWord, wordKey(h))) && s.v.May(s.e.markBytes(markWord, wordKey(^h))) {
		return true
	}
	*slot = h
	return false
}
