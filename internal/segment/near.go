package segment

import (
	"math/bits"
	"sync"

	"lantern/match/hamming"
)

// nearTable holds the perceptual hashes. A few lie side by side and are searched from end to
// end: 32 bytes of bits for each, then 4 bytes of row for each. Many lie in an index, and
// beside it only their rows, in its order.
type nearTable struct {
	hashes []byte         // the section of hashes, or of rows alone
	flat   []byte         // the section of the index; empty if there is none
	index  *hamming.Index // in flat
}

// manyNear is from how many hashes on there is an index.
const manyNear = 1 << 12

// width is how many bytes of hashes one hash takes.
func (t *nearTable) width() int {
	if len(t.flat) > 0 {
		return rowSize
	}
	return nearSize
}

func (t *nearTable) len() int { return len(t.hashes) / t.width() }

// open reads the index. It reports whether there is none or it can be used.
func (t *nearTable) open() bool {
	if len(t.flat) == 0 {
		return true
	}
	var err error
	t.index, err = hamming.Open(t.flat)
	return err == nil
}

// nearRows are hashes on their way into a table.
type nearRows struct {
	list    []Near
	index   *hamming.Index // nil: too few
	numbers []uint32       // of list, in the order of index
}

func newNearRows(each func(func(Near))) (r nearRows) {
	each(func(n Near) { r.list = append(r.list, n) })
	if len(r.list) < manyNear || !hamming.Flat() {
		return r
	}
	hashes := make([]hamming.Hash, len(r.list))
	for i, n := range r.list {
		hashes[i] = n.Bits
	}
	r.index, r.numbers = hamming.Build(hashes, hamming.Wide)
	return r
}

// sizes are those of the two sections.
func (r *nearRows) sizes() (hashes, flat int) {
	if r.index == nil {
		return nearSize * len(r.list), 0
	}
	return rowSize * len(r.list), int(r.index.Size())
}

// build fills the sections.
func (t *nearTable) build(r *nearRows) {
	if r.index != nil {
		if _, err := r.index.WriteTo(&filler{t.flat}); err != nil || !t.open() {
			panic("segment: an index of hashes does not fit into its section") // sizes made the room
		}
		for i, n := range r.numbers {
			le.PutUint32(t.hashes[rowSize*i:], r.list[n].Row)
		}
		return
	}
	for i, h := range r.list {
		for w, b := range h.Bits {
			le.PutUint64(t.hashes[32*i+8*w:], b)
		}
		le.PutUint32(t.hashes[32*len(r.list)+rowSize*i:], h.Row)
	}
}

// filler writes into bytes that are there.
type filler struct{ room []byte }

func (f *filler) Write(p []byte) (int, error) {
	f.room = f.room[copy(f.room, p):]
	return len(p), nil
}

// row is the row of hash i, in the order in which they lie.
func (t *nearTable) row(i int) uint32 {
	rows := t.hashes
	if t.index == nil {
		rows = rows[32*t.len():]
	}
	return le.Uint32(rows[rowSize*i:]) & rowMask
}

// each yields the hashes, in the order in which they lie.
func (t *nearTable) each(yield func(Near)) {
	if t.index != nil {
		t.index.All(func(h hamming.Hash, from, to uint32) {
			for i := from; i < min(to, uint32(t.len())); i++ { // damaged bounds may lie anywhere
				yield(Near{h, t.row(int(i))})
			}
		})
		return
	}
	for i := range t.len() {
		b := t.hashes[32*i:]
		yield(Near{[4]uint64{le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])}, t.row(i)})
	}
}

// search yields every hash that differs from q in at most radius bits, and in how many.
func (t *nearTable) search(q *[4]uint64, radius int, yield func(row uint32, distance int)) {
	if t.index == nil {
		t.scan(q, radius, yield)
		return
	}
	hits := hitLists.Get().(*[]hamming.Hit)
	defer hitLists.Put(hits)
	*hits = t.index.Search(*q, radius, (*hits)[:0])
	for _, h := range *hits {
		for i := h.From; i < min(h.To, uint32(t.len())); i++ {
			yield(t.row(int(i)), h.Distance)
		}
	}
}

var hitLists = sync.Pool{New: func() any { return new([]hamming.Hit) }}

// scan compares with every hash. Unrelated hashes differ in about 128 bits, so that the
// first half nearly always decides.
func (t *nearTable) scan(q *[4]uint64, radius int, yield func(row uint32, distance int)) {
	for i := range t.len() {
		b := t.hashes[32*i : 32*i+32]
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
