package hamming

import (
	"math/bits"
	"slices"
	"sync"
	"unsafe"
)

// Form is how an index is laid out.
type Form uint32

const (
	Wide    Form = iota // the fastest: 220 to 290 bytes a hash
	Compact             // 85 to 100 bytes a hash, and two to three times as slow
)

// Index finds near hashes. It never changes, and any number of goroutines may search it.
type Index struct {
	form    Form
	split   []chunk // none: everything is compared
	order   order
	dealer  *dealer
	rows    []Hash     // the distinct hashes, dealt, in the order of their first chunk
	starts  [][]uint32 // for each chunk where its buckets begin, and the end
	entries [][]entry  // Wide: for each chunk the rows bucket by bucket; without chunks one list of all
	numbers [][]uint32 // Compact: the same as numbers, without the first chunk, whose order the rows have
	groups  []uint32   // where the hashes of each row begin, and the end; nil if no two are equal
}

// Hit is a distinct hash that was found: positions From to before To of the list that
// [Build] returned hold the numbers of the hashes that equal it.
type Hit struct {
	From, To uint32
	Distance int
}

// Len returns how many distinct hashes x holds.
func (x *Index) Len() int { return len(x.rows) }

// All calls yield for every distinct hash, in the order of the index, with the positions of
// the hashes that equal it; see [Hit].
func (x *Index) All(yield func(h Hash, from, to uint32)) {
	var back order
	for at, b := range x.order.bits {
		back.bits[b] = uint8(at)
	}
	d := newDealer(&back)
	var h dealt
	for row := range x.rows {
		d.deal(&x.rows[row], &h)
		from, to := x.group(uint32(row))
		yield(h.Hash, from, to)
	}
}

// group returns which hashes equal a row.
func (x *Index) group(row uint32) (from, to uint32) {
	if x.groups == nil {
		return row, row + 1
	}
	return x.groups[row], x.groups[row+1]
}

// Search appends to dst every distinct hash that differs from q in at most radius bits,
// each once, in no particular order, and returns it. It takes no lock and, if dst has
// room, allocates nothing.
func (x *Index) Search(q Hash, radius int, dst []Hit) []Hit {
	if len(x.rows) == 0 || radius < 0 {
		return dst
	}
	s := searches.Get().(*search)
	defer searches.Put(s)
	s.x, s.radius, s.dst, s.first = x, radius, dst, len(dst)
	x.dealer.deal(&q, &s.q)
	s.run()
	dst, s.x, s.dst = s.dst, nil, nil
	return dst
}

var searches = sync.Pool{New: func() any { return new(search) }}

// most is how many buckets of one chunk a search may read: 24 bits, up to 2 of them other.
const most = 1 + 24 + 24*23/2

// search is one question and what is needed to answer it.
type search struct {
	x      *Index
	q      dealt
	radius int
	near   [maxChunks]int
	dst    []Hit
	first  int // where this search's hits begin in dst

	spans [2][most]span
	found [256]uint32
}

// run answers the question, by the chunks or, if that would read more, by comparing with
// every row.
func (s *search) run() {
	x := s.x
	if len(x.split) == 0 || s.radius > maxRadius {
		s.all()
		return
	}
	s.near = nearFor(x.split, s.radius)
	// Where the next chunk's rows lie is asked for before this chunk's are read, so that
	// both wait for memory at the same time.
	spans, read := s.gather(0, s.spans[0][:])
	for c := range x.split {
		var next []span
		if c+1 < len(x.split) {
			var n int
			next, n = s.gather(c+1, s.spans[(c+1)%2][:])
			read += n
		}
		if read > len(x.rows) {
			s.dst = s.dst[:s.first]
			s.all()
			return
		}
		s.scan(c, spans)
		spans = next
	}
}

// gather finds the buckets of a chunk that are to be read.
func (s *search) gather(c int, spans []span) ([]span, int) {
	k := s.x.split[c]
	if s.near[c] < 0 {
		return nil, 0
	}
	f := flipsOf(k.width, s.near[c])
	list, shift := s.x.list(c)
	return spans[:len(f)], gatherFast(spans, s.x.starts[c], f, k.value(&s.q.Hash), uint32(len(s.x.rows)), list, shift)
}

// list returns what lies in the buckets of a chunk: members of 1<<shift bytes.
func (x *Index) list(c int) (list unsafe.Pointer, shift int) {
	switch {
	case x.form == Wide:
		return unsafe.Pointer(&x.entries[c][0]), 4
	case c > 0:
		return unsafe.Pointer(&x.numbers[c-1][0]), 2
	}
	return unsafe.Pointer(&x.rows[0]), 5
}

// scan looks at the rows in some buckets of a chunk.
func (s *search) scan(c int, spans []span) {
	switch {
	case s.x.form == Wide:
		s.scanEntries(c, s.x.entries[c], spans)
	case c > 0:
		s.scanNumbers(c, s.x.numbers[c-1], spans)
	default:
		for _, p := range spans {
			for row := p.from; row < p.to; row++ {
				s.row(c, row)
			}
		}
	}
}

// The rows of so many buckets, and so many rows of one, are asked for before they are looked at.
const (
	bucketsAhead = 16
	rowsAhead    = 32
)

func (s *search) scanNumbers(c int, numbers []uint32, spans []span) {
	first := func(list []uint32) { fetchFast(list[:min(len(list), rowsAhead)], s.x.rows) }
	for _, p := range spans[:min(len(spans), bucketsAhead)] {
		first(numbers[p.from:p.to])
	}
	for i, p := range spans {
		if i+bucketsAhead < len(spans) {
			next := spans[i+bucketsAhead]
			first(numbers[next.from:next.to])
		}
		list := numbers[p.from:p.to]
		for ; len(list) > rowsAhead; list = list[rowsAhead:] {
			first(list[rowsAhead:])
			for _, row := range list[:rowsAhead] {
				s.row(c, row)
			}
		}
		for _, row := range list {
			s.row(c, row)
		}
	}
}

func (s *search) scanEntries(c int, entries []entry, spans []span) {
	for len(spans) > 0 {
		done, n := scanFast(spans, entries, s.q.filter, s.radius, s.found[:])
		for _, row := range s.found[:n] {
			s.row(c, row)
		}
		spans = spans[done:]
	}
}

// all compares with every row.
func (s *search) all() {
	n := uint32(len(s.x.rows))
	if s.x.form == Wide {
		s.spans[0][0] = span{0, n}
		s.scanEntries(0, s.x.entries[0], s.spans[0][:1])
		return
	}
	for row := range n {
		s.row(0, row)
	}
}

// row compares with one row that chunk c led to, and adds it if it is near and no earlier
// chunk led to it as well.
func (s *search) row(c int, row uint32) {
	if int(row) >= len(s.x.rows) {
		return // damaged; what is written at arrival was checked
	}
	r := &s.x.rows[row]
	diff := Hash{r[0] ^ s.q.Hash[0], r[1] ^ s.q.Hash[1], r[2] ^ s.q.Hash[2], r[3] ^ s.q.Hash[3]}
	d := bits.OnesCount64(diff[0]) + bits.OnesCount64(diff[1])
	if d > s.radius {
		return
	}
	if d += bits.OnesCount64(diff[2]) + bits.OnesCount64(diff[3]); d > s.radius {
		return
	}
	for i := range c {
		if bits.OnesCount32(s.x.split[i].value(&diff)) <= s.near[i] {
			return
		}
	}
	from, to := s.x.group(row)
	s.dst = append(s.dst, Hit{From: from, To: to, Distance: d})
}

// flipsOf returns the list of [flips] for a chunk, made once.
func flipsOf(width, near int) []uint32 { return allFlips[near][width] }

var allFlips = func() (all [maxNear + 1][maxWidth + 1][]uint32) {
	for near := range all {
		for width := range all[near] {
			all[near][width] = slices.Clip(flips(width, near))
		}
	}
	return all
}()

// maxWidth bounds the bits of a chunk.
const maxWidth = 24
