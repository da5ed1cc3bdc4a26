package segment

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
		hashes:  m.hashes,
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
	cursors := make([]idCursor, len(m.list))
	for i, s := range m.list {
		n += s.n
		cursors[i] = s.ids.cursor(s.n)
	}
	m.ids, m.gone = make([]uint64, 0, n), make([]bool, 0, n)
	for {
		last, least := -1, uint64(0)
		for i := range cursors {
			if c := &cursors[i]; c.at < c.n && (last < 0 || c.id <= least) {
				last, least = i, c.id
			}
		}
		if last < 0 {
			return
		}
		isGone := m.list[last].Gone(uint32(cursors[last].at))
		for i := range cursors {
			c := &cursors[i]
			if c.at == c.n || c.id != least {
				continue
			}
			if i == last && !isGone {
				m.rows[i][c.at] = uint32(len(m.ids))
			} else {
				m.rows[i][c.at], m.thinned[i] = dropped, true
			}
			c.next()
		}
		if !isGone || needed(least) {
			m.ids, m.gone = append(m.ids, least), append(m.gone, isGone)
		}
	}
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
		m.keysOf(i, func(Key) { n++ })
	}
	return n
}

func (m *merger) hashes(yield func(uint64)) {
	for i, s := range m.list {
		if m.thinned[i] {
			m.keysOf(i, func(k Key) { yield(k.Hash) })
		} else {
			s.keys.each(func(_ int, hash uint64) { yield(hash) })
		}
	}
}

func (m *merger) keys(yield func(Key)) {
	for i := range m.list {
		m.keysOf(i, yield)
	}
}

// keysOf yields what is left of the keys of one segment.
func (m *merger) keysOf(i int, yield func(Key)) {
	s := m.list[i]
	s.keys.each(func(j int, hash uint64) {
		k := s.keys.key(j)
		k.Hash = hash
		var ok bool
		if k.Row, ok = m.to(i, k.Row); ok {
			yield(k)
		}
	})
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
