package segment

import "math/bits"

// nearTable is the section of perceptual hashes: 32 bytes of bits for each, then 4 bytes
// of row for each. It is searched from end to end.
type nearTable []byte

func (t nearTable) len() int { return len(t) / nearSize }

// build writes the hashes that each yields.
func (t nearTable) build(each func(yield func(Near))) {
	i := 0
	each(func(h Near) {
		for w, b := range h.Bits {
			le.PutUint64(t[32*i+8*w:], b)
		}
		le.PutUint32(t[32*t.len()+4*i:], h.Row)
		i++
	})
}

// row is the row of hash i.
func (t nearTable) row(i int) uint32 { return le.Uint32(t[32*t.len()+4*i:]) & rowMask }

// each yields what build was given.
func (t nearTable) each(yield func(Near)) {
	for i := range t.len() {
		b := t[32*i:]
		yield(Near{[4]uint64{le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])}, t.row(i)})
	}
}

// search yields every hash that differs from q in at most radius bits, and in how many.
// Unrelated hashes differ in about 128 bits, so that the first half nearly always decides.
func (t nearTable) search(q *[4]uint64, radius int, yield func(row uint32, distance int)) {
	for i := range t.len() {
		b := t[32*i : 32*i+32]
		d := bits.OnesCount64(le.Uint64(b)^q[0]) + bits.OnesCount64(le.Uint64(b[8:])^q[1])
		if d > radius {
			continue
		}
		d += bits.OnesCount64(le.Uint64(b[16:])^q[2]) + bits.OnesCount64(le.Uint64(b[24:])^q[3])
		if d <= radius {
			yield(t.row(i), d)
		}
	}
}
