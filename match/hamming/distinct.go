package hamming

import (
	"cmp"
	"slices"
)

// distinct fills in the rows, their entries and which hashes belong to each. Within a bucket of the
// first chunk it puts equal hashes side by side, by number: all that are not few in the order of their bits.
func (b *builder) distinct() {
	x, n := b.x, len(b.hashes)
	x.rows, x.groups, b.list = fresh[Hash](&b.pages, n), fresh[uint32](&b.pages, n+1), fresh[entry](&b.pages, n)
	b.starts = fresh[uint32](&b.pages, 1<<b.first.width+1)
	stretches := make([]stretch, b.cores)
	b.parts(n, func(core, from, to int) {
		s := &stretches[core]
		*s = stretch{b: b, from: b.bucketAt(from), to: b.bucketAt(to)}
		s.fill()
	})
	rows := uint32(0)
	for i := range stretches {
		rows += stretches[i].close(rows)
	}
	b.starts[len(b.starts)-1] = rows
	x.rows, b.list = x.rows[:rows], b.list[:rows]
	if x.groups[rows] = uint32(n); int(rows) == n {
		x.groups = nil
	} else {
		x.groups = x.groups[:rows+1]
	}
}

// bucketAt returns the first bucket of the first chunk that begins at a place or behind it.
func (b *builder) bucketAt(at int) int {
	if at == len(b.hashes) {
		return len(b.buckets) - 1
	}
	bucket, _ := slices.BinarySearch(b.buckets, uint32(at))
	return bucket
}

// stretch is some buckets of the first chunk whose hashes become rows, on one core. As many
// rows are set aside for them as there are hashes.
type stretch struct {
	b        *builder
	from, to int
	rows     uint32
	hashes   []Hash
	dealt    []dealt
	order    []ranked
}

// fill writes the rows of the stretch.
func (s *stretch) fill() {
	b, first := s.b, s.b.buckets[s.from]
	for from := s.from; from < s.to; {
		end := from + 1 // so many buckets together that they are dealt at once
		for end < s.to && b.buckets[end+1]-b.buckets[from] <= blockRows {
			end++
		}
		begin := b.buckets[from]
		numbers := b.numbers[begin:b.buckets[end]]
		s.hashes = s.hashes[:0]
		for _, n := range numbers {
			s.hashes = append(s.hashes, b.hashes[n])
		}
		s.dealt = slices.Grow(s.dealt[:0], len(numbers))[:len(numbers)]
		b.deal(s.hashes, s.dealt)
		for ; from < end; from++ {
			b.starts[from] = first + s.rows
			s.bucket(s.dealt[b.buckets[from]-begin:b.buckets[from+1]-begin], b.buckets[from])
		}
	}
}

// bucket writes the rows of one bucket, whose hashes' numbers stand at begin.
func (s *stretch) bucket(list []dealt, begin uint32) {
	x, numbers := s.b.x, s.b.numbers[begin:][:len(list)]
	row := s.b.buckets[s.from] + s.rows
	if differ(list) {
		for i := range list {
			s.put(&list[i], row, begin+uint32(i))
			row++
		}
		s.rows += uint32(len(list))
		return
	}
	for i, r := range s.rank(list, numbers) {
		numbers[i] = r.number
		h := &list[r.at]
		if i > 0 && x.rows[row-1] == h.Hash {
			continue
		}
		s.put(h, row, begin+uint32(i))
		row++
	}
	s.rows = row - s.b.buckets[s.from]
}

// put writes a row, whose hashes begin at a place.
func (s *stretch) put(h *dealt, row, group uint32) {
	s.b.x.rows[row] = h.Hash
	s.b.x.groups[row] = group
	s.b.list[row] = entry{h.filter[0], uint32(h.filter[1]), row}
}

// differ reports whether hashes are few and surely differ from one another: then they may stay as they come.
func differ(list []dealt) bool {
	const few = 12 // comparing each with each costs less than putting them in order, of which nothing can be foretold
	if len(list) > few {
		return false
	}
	for i := range list {
		for k := range i {
			if list[i].Hash[0] == list[k].Hash[0] {
				return false
			}
		}
	}
	return true
}

// ranked is a hash of a bucket: the word that nearly always ranks it, where it is and its number.
type ranked struct {
	word       uint64
	at, number uint32
}

// fewRows is how many rows are quicker ranked by insertion.
const fewRows = 40

// rank puts the hashes of a bucket in order, equal ones by number, as they come.
func (s *stretch) rank(list []dealt, numbers []uint32) []ranked {
	compare := func(a, b ranked) int {
		if a.word != b.word {
			return cmp.Compare(a.word, b.word)
		}
		return cmp.Or(slices.Compare(list[a.at].Hash[1:], list[b.at].Hash[1:]), cmp.Compare(a.at, b.at))
	}
	order := s.order[:0]
	for i := range list {
		r := ranked{list[i].Hash[0], uint32(i), numbers[i]}
		order = append(order, r)
		if len(list) > fewRows {
			continue
		}
		j := i
		for ; j > 0 && (order[j-1].word > r.word || order[j-1].word == r.word && compare(order[j-1], r) > 0); j-- {
			order[j] = order[j-1]
		}
		order[j] = r
	}
	if len(list) > fewRows {
		slices.SortFunc(order, compare)
	}
	s.order = order
	return order
}

// close moves the rows of the stretch to where those before it end, as equal hashes left
// room, and returns how many there are.
func (s *stretch) close(row uint32) uint32 {
	b := s.b
	begin := b.buckets[s.from]
	end, gap := begin+s.rows, begin-row
	if gap == 0 {
		return s.rows
	}
	copy(b.x.rows[row:], b.x.rows[begin:end])
	copy(b.x.groups[row:], b.x.groups[begin:end])
	for i, e := range b.list[begin:end] {
		e.row -= gap
		b.list[int(row)+i] = e
	}
	for bucket := s.from; bucket < s.to; bucket++ {
		b.starts[bucket] -= gap
	}
	return s.rows
}
