package segment

import "slices"

// dropped is the new row of a signal whose rows are left out.
const dropped = 1<<32 - 1

// Merge returns a segment that says what the given ones say, oldest first: of each signal,
// what the last one that speaks about it says. A signal that is gone is left out altogether
// unless needed, which is asked about its id, reports that something older speaks of it.
// Of rows that a later segment replaced, nothing is left.
func Merge(list []*Segment, needed func(id uint64) bool) *Segment {
	m := merger{list: list, rows: make([][]uint32, len(list)), thinned: make([]bool, len(list))}
	for i, s := range list {
		m.rows[i] = make([]uint32, s.n)
	}
	m.unite(needed)
	var types []string
	for _, s := range list {
		types = append(types, s.Types()...)
	}
	return assemble(parts{
		ids:     m.ids,
		gone:    func(i int) bool { return m.gone[i] },
		types:   types,
		nKeys:   m.countKeys(),
		keys:    m.keys,
		marks:   m.marks,
		near:    m.near,
		phrases: m.phrases,
	})
}

// merger is one Merge.
type merger struct {
	list []*Segment
	rows [][]uint32 // for each segment and row the row it gets, or dropped
	ids  []uint64
	gone []bool

	thinned []bool // for each segment whether some row of it is dropped
}

// unite merges the ids.
func (m *merger) unite(needed func(uint64) bool) {
	n := 0
	var cursors []idCursor
	var heads []uint64 // the ids at which they stand
	var of []int       // the numbers of their segments
	for i, s := range m.list {
		n += s.n
		if s.n > 0 {
			c := s.ids.cursor(s.n)
			cursors, heads, of = append(cursors, c), append(heads, c.id), append(of, i)
		}
	}
	m.ids, m.gone = make([]uint64, 0, n), make([]bool, 0, n)
	for last := uint64(0); len(heads) > 0; {
		at := least(heads)
		id, c, i := heads[at], &cursors[at], of[at]
		isGone := m.list[i].Gone(uint32(c.at))
		if id == last || isGone { // id == last: a later segment spoke about it
			m.rows[i][c.at], m.thinned[i] = dropped, true
		} else {
			m.rows[i][c.at] = uint32(len(m.ids))
		}
		if id != last && (!isGone || needed(id)) {
			m.ids, m.gone = append(m.ids, id), append(m.gone, isGone)
		}
		last = id
		if c.next(); c.at < c.n {
			heads[at] = c.id
		} else {
			cursors, heads, of = slices.Delete(cursors, at, at+1), slices.Delete(heads, at, at+1), slices.Delete(of, at, at+1)
		}
	}
}

// least returns the number of the least of heads, the last of several. Which it is cannot be foretold, so
// there must be no jump.
func least(heads []uint64) int {
	at, low := 0, heads[0]
	for i, h := range heads {
		if h <= low {
			at, low = i, h
		}
	}
	return at
}

// to returns the row that row of segment i gets.
func (m *merger) to(i int, row uint32) (uint32, bool) {
	if int(row) >= len(m.rows[i]) {
		return 0, false // damaged
	}
	r := m.rows[i][row]
	return r, r != dropped
}

// countKeys returns how many keys there will be, of segments that are not damaged. Most lose none.
func (m *merger) countKeys() (n int) {
	for i, s := range m.list {
		if !m.thinned[i] {
			n += s.keys.len()
			continue
		}
		for c := m.keysOf(i); c.next(); {
			n++
		}
	}
	return n
}

// keys yields what is left of all keys, rising.
func (m *merger) keys(yield func(Key)) {
	var cursors []*keyCursor
	var heads []uint64 // the hashes at which they stand
	for i := range m.list {
		if c := m.keysOf(i); c.next() {
			cursors, heads = append(cursors, c), append(heads, c.key.Hash)
		}
	}
	var same []Key // keys of one hash
	for len(heads) > 0 {
		at := least(heads)
		c := cursors[at]
		if len(same) > 0 && same[0].Hash != c.key.Hash {
			flush(same, yield)
			same = same[:0]
		}
		same = append(same, c.key)
		if c.next() {
			heads[at] = c.key.Hash
		} else {
			cursors, heads = slices.Delete(cursors, at, at+1), slices.Delete(heads, at, at+1)
		}
	}
	flush(same, yield)
}

// flush yields keys of one hash in order.
func flush(same []Key, yield func(Key)) {
	if len(same) > 1 {
		slices.SortFunc(same, Key.compare)
	}
	for _, k := range same {
		yield(k)
	}
}

// keyCursor goes through what is left of the keys of one segment. It reads a block of keys at a time,
// so that finding the new rows of one does not wait for the others'.
type keyCursor struct {
	x      *index
	rows   []uint32 // the rows that signals get, see merger
	key    Key
	at     int // of the key behind the block
	prefix int // of the last key of the block
	behind int // where the keys of that prefix end
	block  [keyBlock]Key
	left   []Key // of the block
}

const keyBlock = 32

// keysOf returns a cursor before the first key of segment i.
func (m *merger) keysOf(i int) *keyCursor {
	return &keyCursor{x: &m.list[i].keys, rows: m.rows[i], prefix: -1}
}

// next goes to the next key that is left. It returns false if there is none.
func (c *keyCursor) next() bool {
	for len(c.left) == 0 {
		if !c.read() {
			return false
		}
	}
	c.key, c.left = c.left[0], c.left[1:]
	return true
}

// read reads the next block. It returns false if there is none. Damaged directories and rows make it leave keys out.
func (c *keyCursor) read() bool {
	n, prefixes := 0, len(c.x.dir)/4-1
	for n < keyBlock {
		for c.at >= c.behind && c.prefix < prefixes {
			if c.prefix++; c.prefix < prefixes {
				c.behind = min(int(le.Uint32(c.x.dir[4*c.prefix+4:])), c.x.len())
			}
		}
		if c.prefix == prefixes {
			break
		}
		k := &c.block[n]
		*k = c.x.key(c.at)
		k.Hash |= uint64(c.prefix) << c.x.shift &^ c.x.kept
		c.at++
		n++
	}
	c.left = c.block[:0]
	for _, k := range c.block[:n] {
		if int(k.Row) >= len(c.rows) {
			continue // damaged
		}
		k.Row = c.rows[k.Row]
		c.block[len(c.left)] = k
		if k.Row != dropped {
			c.left = c.left[:len(c.left)+1]
		}
	}
	return n > 0
}

func (m *merger) marks(yield func(Mark)) {
	for i, s := range m.list {
		s.eachMark(func(k Mark) {
			var ok bool
			if k.Row, ok = m.to(i, k.Row); ok {
				yield(k)
			}
		})
	}
}

func (m *merger) near(yield func(Near)) {
	for i, s := range m.list {
		s.near.each(func(k Near) {
			var ok bool
			if k.Row, ok = m.to(i, k.Row); ok {
				yield(k)
			}
		})
	}
}

func (m *merger) phrases(yield func(Phrase)) {
	for i, s := range m.list {
		s.EachPhrase(func(p *Phrase) {
			if row, ok := m.to(i, p.Row); ok {
				moved := *p
				moved.Row = row
				yield(moved)
			}
		})
	}
}
