package match

import (
	"slices"
	"weak"

	"lantern/internal/shelf"
	"lantern/signal"
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

// begin forgets what was remembered for another view. It reports whether v is one.
func (c *recall) begin(v *shelf.View) bool {
	of := weak.Make(v)
	if of == c.of && c.nothing != nil {
		return false
	}
	if c.of = of; c.nothing == nil {
		c.nothing = make([]uint64, recallSlots)
	}
	clear(c.nothing)
	c.nothing[0] = 1 // which lies in another slot, as 0 does in no other
	return true
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

// known remembers, within one text and view, what stretches of it were found to be: whoever repeats one, by the
// thousand if need be, has it normalized once.
type known struct {
	found map[reading][]Found
	sites map[string]string // canonical URLs; "" if there is none
	bytes int               // of readings and sites
}

// reading is a stretch of text read as a type, in one of several ways.
type reading struct {
	typ uint8
	way string // what else decides what it is
	raw string
}

// maxKnown is how many bytes of readings are remembered.
const maxKnown = 1 << 18

// forget forgets everything.
func (k *known) forget() {
	clear(k.found)
	clear(k.sites)
	k.bytes = 0
}

// grow makes room for one more stretch of n bytes.
func (k *known) grow(n int) {
	const entry = 100 // bytes, about, beside the stretch
	if k.bytes += n + entry; k.bytes > maxKnown {
		k.forget()
	}
	if k.found == nil {
		k.found, k.sites = map[reading][]Found{}, map[string]string{}
	}
}

// note remembers what was found.
func (k *known) note(r reading, found []Found) {
	k.grow(len(r.raw))
	k.found[r] = slices.Clone(found)
}

// site returns the canonical form of a URL, "" if it has none.
func (k *known) site(raw string) string {
	u, ok := k.sites[raw]
	if !ok {
		if v, err := signal.URL.Normalize(raw); err == nil {
			u = v.Canonical
		}
		k.grow(len(raw))
		k.sites[raw] = u
	}
	return u
}
