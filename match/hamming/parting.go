package hamming

import (
	"math/bits"
	"slices"
	"unsafe"
)

// parting brings a list into the buckets of a chunk, keeping the order within each. Writing to
// hundreds of thousands of places in turn takes longer than writing twice: first each goes to the
// part of the list where its bucket lies, then each part, which fits the nearer caches, is put in order.
type parting[T any] struct {
	low    int      // how many lower bits of a value do not tell its part
	starts []uint32 // how many go to each part; then where the parts begin, and the end
	ends   []uint32 // where the next of each part goes
	placed []T
	rest   []uint16 // the lower bits of the value of each in placed
	lines  []T      // of each part what is not placed yet, if it goes to its place by lines
}

const (
	partRows    = 8192 // about how many of a part are put into their buckets together
	maxPartBits = 10   // so many parts at most are written at once
	restBits    = 16
)

// low returns how many lower bits of the chunk's values do not tell in which part of n rows they lie.
func (c chunk) low(n int) int {
	return c.width - min(max(bits.Len(uint(n/partRows)), c.width-restBits), c.width, maxPartBits)
}

func newParting[T any](pages *pages, c chunk, n int) *parting[T] {
	low := c.low(n)
	return &parting[T]{low: low, starts: make([]uint32, 1<<(c.width-low)+1), placed: fresh[T](pages, n), rest: fresh[uint16](pages, n)}
}

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

// put brings a list to where its parts go on.
func (p *parting[T]) put(values []uint32, list []T) {
	if p.lines != nil {
		p.putFast(values, list)
		return
	}
	low, mask := p.low, uint32(1)<<p.low-1
	list = list[:len(values)]
	for i, v := range values {
		end := &p.ends[v>>low]
		p.placed[*end] = list[i]
		p.rest[*end] = uint16(v & mask)
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
	for part := from; part < to; part++ {
		begin, end := p.starts[part], p.starts[part+1]
		rest := p.rest[begin:end]
		list = append(list[:0], p.placed[begin:end]...)
		clear(next)
		for _, v := range rest {
			next[v]++
		}
		sum(next, begin)
		copy(starts[part<<p.low:], next)
		for i, v := range rest {
			p.placed[next[v]] = list[i]
			next[v]++
		}
	}
}
