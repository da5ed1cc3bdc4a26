package hamming

import (
	"math/bits"
	"slices"
	"unsafe"
)

// parting brings a list into the buckets of a chunk, keeping the order within each. Writing to
// hundreds of thousands of places in turn takes longer than writing twice: first each goes to the
// part of the list where its bucket lies, then each part, which fits the nearer caches, is put in order.
//
// Until its part is in order, a member keeps the lower half of its number, and has the lower bits of its value
// in the place of the upper: members of a part come in the order of their numbers, so where a part went on when
// the upper half changed tells it again.
type parting[T member] struct {
	low    int        // how many lower bits of a value do not tell its part
	starts []uint32   // how many go to each part; then where the parts begin, and the end
	ends   []uint32   // where the next of each part goes
	next   int        // the number of the member that is put next
	marks  [][]uint32 // for each upper half of numbers, ends when it began
	placed []T
	lines  []T // of each part what is not placed yet, if it goes to its place by lines
}

// member is what a parting brings to its bucket. Its last four bytes are its number: its place in the list.
type member interface{ entry | uint32 }

func numberOf[T member](m *T) *uint32 {
	return (*uint32)(unsafe.Add(unsafe.Pointer(m), unsafe.Sizeof(*m)-4))
}

const (
	partRows    = 8192 // about how many of a part are put into their buckets together
	maxPartBits = 9    // so many parts at most are written at once
	halfBits    = 16   // of a number
)

// low returns how many lower bits of the chunk's values do not tell in which part of n rows they lie.
func (c chunk) low(n int) int {
	return c.width - min(max(bits.Len(uint(n/partRows)), c.width-halfBits), c.width, maxPartBits)
}

func newParting[T member](pages *pages, c chunk, n int) *parting[T] {
	low := c.low(n)
	return &parting[T]{low: low, starts: make([]uint32, 1<<(c.width-low)+1), placed: fresh[T](pages, n), marks: make([][]uint32, halves(n))}
}

// halves returns how many upper halves the numbers of n members have.
func halves(n int) int { return (n + 1<<halfBits - 1) >> halfBits }

// lineBytes is what goes to a part at once.
const lineBytes = 128

func (p *parting[T]) perLine() int {
	var one T
	return lineBytes / int(unsafe.Sizeof(one))
}

// count counts how many go to each part.
func (p *parting[T]) count(values []uint32) {
	for _, v := range values {
		p.starts[v>>p.low]++
	}
}

// byLine sets about going to places by lines, if that is quicker here. They must be aligned.
func (p *parting[T]) byLine() {
	if byLines && len(p.placed) > 0 && uintptr(unsafe.Pointer(&p.placed[0]))%lineBytes == 0 {
		p.lines = make([]T, (len(p.starts)-1)*p.perLine())
	}
}

// add adds what was counted elsewhere.
func (p *parting[T]) add(counts []uint32) {
	for i, n := range counts {
		p.starts[i] += n
	}
}

// place turns how many go to each part into where they begin, and returns these for [parting.put]
// to go on from.
func (p *parting[T]) place() (ends []uint32) {
	sum(p.starts, 0)
	return slices.Clone(p.starts)
}

// sum turns how many there are of each into where each begins, from begin on.
func sum(counts []uint32, begin uint32) {
	for i, n := range counts {
		counts[i] = begin
		begin += n
	}
}

// put brings the next members to where their parts go on.
func (p *parting[T]) put(values []uint32, list []T) {
	for len(values) > 0 {
		if p.next&(1<<halfBits-1) == 0 {
			p.marks[p.next>>halfBits] = slices.Clone(p.ends)
		}
		n := min(len(values), 1<<halfBits-p.next&(1<<halfBits-1))
		if p.lines != nil {
			p.putFast(values[:n], list[:n])
		} else {
			p.putEach(values[:n], list[:n])
		}
		p.next += n
		values, list = values[n:], list[n:]
	}
}

// putEach is put of members whose numbers have one upper half.
func (p *parting[T]) putEach(values []uint32, list []T) {
	low := p.low
	list = list[:len(values)]
	for i, v := range values {
		end := &p.ends[v>>low]
		to := &p.placed[*end]
		*to = list[i]
		number := numberOf(to)
		*number = *number&(1<<halfBits-1) | v<<halfBits
		*end++
	}
}

// flush places what is left in lines.
func (p *parting[T]) flush() {
	each := uint32(p.perLine())
	for i := range len(p.lines) / int(each) {
		end := p.ends[i]
		begin := max(p.starts[i], end&^(each-1))
		copy(p.placed[begin:end], p.lines[uint32(i)*each+begin%each:])
	}
}

// finish puts the parts from from to before to in order, and fills in where their buckets begin.
func (p *parting[T]) finish(from, to int, starts []uint32) {
	next := make([]uint32, 1<<p.low)
	var list []T
	var rest []uint16
	for part := from; part < to; part++ {
		begin, end := p.starts[part], p.starts[part+1]
		list = append(list[:0], p.placed[begin:end]...)
		rest = slices.Grow(rest[:0], len(list))[:len(list)]
		clear(next)
		at := uint32(0)
		for upper := range p.marks {
			until := end - begin
			if upper+1 < len(p.marks) {
				until = p.marks[upper+1][part] - begin
			}
			whole(list[at:until], rest[at:until], next, uint32(upper)<<halfBits)
			at = until
		}
		sum(next, 0)
		for i, n := range next {
			starts[part<<p.low+i] = begin + n
		}
		deliver(p.placed[begin:end], list, rest, next)
	}
}

// whole gives members their numbers back, all with one upper half, and counts the lower bits of their values. It is
// not part of finish, where what it works on would not stay in registers: both together took a quarter longer.
//
//go:noinline
func whole[T member](list []T, rest []uint16, counts []uint32, upper uint32) {
	rest, mask := rest[:len(list)], uint32(len(counts)-1)
	for i := range list {
		number := numberOf(&list[i])
		v := *number >> halfBits & mask
		*number = *number&(1<<halfBits-1) | upper
		rest[i] = uint16(v)
		counts[v]++
	}
}

// deliver brings members to their buckets; it stays apart for the same reason.
//
//go:noinline
func deliver[T member](placed, list []T, rest []uint16, next []uint32) {
	list, mask := list[:len(rest)], uint16(len(next)-1)
	for i, v := range rest {
		to := &next[v&mask]
		placed[*to] = list[i]
		*to++
	}
}
