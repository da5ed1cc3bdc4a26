package hamming

import (
	"runtime"
	"sync"
)

// Build makes an index of hashes, at most 2^32-1 of them. It also returns the numbers of
// the hashes in the order of the index, equal hashes side by side: what a caller knows of
// each hash belongs in that order, for a [Hit] names positions in it. Both cores and more
// are used if there are any.
func Build(hashes []Hash, form Form) (x *Index, numbers []uint32) {
	return build(hashes, form, splitFor(len(hashes), form))
}

func build(hashes []Hash, form Form, split []chunk) (x *Index, numbers []uint32) {
	return newBuilder(hashes, form, split).build()
}

func (b *builder) build() (x *Index, numbers []uint32) {
	b.sort()
	b.distinct()
	b.arrange()
	b.pages.done()
	return b.x, b.numbers
}

// builder holds what is needed to make an index.
type builder struct {
	x       *Index
	hashes  []Hash
	cores   int
	first   chunk
	numbers []uint32 // of the hashes, in the order of the index
	buckets []uint32 // where the buckets of the first chunk begin in numbers, and the end
	starts  []uint32 // where the first chunk's buckets begin in the rows, and the end
	list    []entry  // of each row
	deal    func(hashes []Hash, out []dealt)
	pages   pages
}

func newBuilder(hashes []Hash, form Form, split []chunk) *builder {
	x := &Index{form: form, split: split, order: orderOf(hashes, split)}
	x.dealer = newDealer(&x.order)
	b := &builder{x: x, hashes: hashes, cores: runtime.GOMAXPROCS(0), first: chunk{width: 16}, deal: dealFast(&x.order)}
	if len(split) > 0 {
		b.first = split[0]
	}
	return b
}

// sort puts the numbers of the hashes into the buckets of the first chunk.
func (b *builder) sort() {
	n := len(b.hashes)
	values, counts := fresh[uint32](&b.pages, n), make([][]uint32, b.cores)
	each := func(work func(core, from, to int)) {
		b.parts(halves(n), func(core, from, to int) { work(core, from<<halfBits, min(to<<halfBits, n)) })
	}
	each(func(core, from, to int) { counts[core] = b.firstValues(values, from, to) })
	p := newParting[uint32](&b.pages, b.first, n)
	for _, c := range counts {
		p.add(c)
	}
	ends := p.place()
	for _, c := range counts {
		for i, n := range c { // in each part a core goes on where the one before it ends
			c[i] = ends[i]
			ends[i] += n
		}
	}
	each(func(core, from, to int) {
		mine, numbers := *p, make([]uint32, blockRows)
		mine.ends, mine.next = counts[core], from
		for ; from < to; from += blockRows {
			end := min(from+blockRows, to)
			mine.put(values[from:end], countFrom(numbers, from))
		}
	})
	b.numbers, b.buckets = p.placed, fresh[uint32](&b.pages, 1<<b.first.width+1)
	b.parts(len(p.starts)-1, func(_, from, to int) { p.finish(from, to, b.buckets) })
	b.buckets[1<<b.first.width] = uint32(n)
}

// firstValues fills in the values of the first chunk of some hashes, and counts how many go to each part.
func (b *builder) firstValues(values []uint32, from, to int) (counts []uint32) {
	low := b.first.low(len(b.hashes))
	counts = make([]uint32, 1<<(b.first.width-low))
	dealt := make([]dealt, blockRows)
	for ; from < to; from += blockRows {
		end := min(from+blockRows, to)
		b.deal(b.hashes[from:end], dealt)
		for i := range values[from:end] {
			v := b.first.value(&dealt[i].Hash)
			values[from+i] = v
			counts[v>>low]++
		}
	}
	return counts
}

// arrange puts the rows into the buckets of each chunk but the first, in whose order they and so
// their entries are.
func (b *builder) arrange() {
	x := b.x
	others := max(len(x.split)-1, 0)
	if x.starts = make([][]uint32, len(x.split)); len(x.split) > 0 {
		x.starts[0] = b.starts
	}
	switch {
	case x.form == Wide:
		x.entries = make([][]entry, others+1)
		x.entries[0] = b.list
		b.parts(others, func(_, from, to int) {
			spread(b, from+1, to+1, x.entries[1:], func(begin int) []entry { return b.list[begin:] })
		})
	case len(x.split) > 0:
		x.numbers = make([][]uint32, others)
		b.parts(others, func(_, from, to int) {
			numbers := make([]uint32, blockRows)
			spread(b, from+1, to+1, x.numbers, func(begin int) []uint32 { return countFrom(numbers, begin) })
		})
	}
}

// spread fills in where the buckets of the chunks from from to before to begin, and in placed, where
// the first chunk is missing, what there is of each row in the order of each chunk's buckets. of returns
// what there is of a block of rows.
func spread[T member](b *builder, from, to int, placed [][]T, of func(begin int) []T) {
	x := b.x
	chunks := make([]*parting[T], to-from)
	for i := range chunks {
		k := x.split[from+i]
		chunks[i] = newParting[T](&b.pages, k, len(x.rows))
		x.starts[from+i] = fresh[uint32](&b.pages, 1<<k.width+1)
	}
	values := make([]uint32, blockRows)
	each := func(do func(p *parting[T], values []uint32, list []T)) {
		for begin := 0; begin < len(x.rows); begin += blockRows {
			rows, list := x.rows[begin:min(begin+blockRows, len(x.rows))], of(begin)
			for i, p := range chunks {
				x.split[from+i].valuesFast(rows, values)
				do(p, values[:len(rows)], list)
			}
		}
	}
	each(func(p *parting[T], values []uint32, _ []T) { p.count(values) })
	for _, p := range chunks {
		p.ends = p.place()
		p.byLine()
	}
	each((*parting[T]).put)
	for i, p := range chunks {
		p.flush()
		p.finish(0, len(p.starts)-1, x.starts[from+i])
		x.starts[from+i][len(x.starts[from+i])-1] = uint32(len(x.rows))
		placed[from+i-1] = p.placed
	}
}

// blockRows is how many rows are read, and brought where they belong for each chunk in turn, while
// they lie in the nearest cache.
const blockRows = 1024

// countFrom fills numbers with those from begin on.
func countFrom(numbers []uint32, begin int) []uint32 {
	for i := range numbers {
		numbers[i] = uint32(begin + i)
	}
	return numbers
}

// parts cuts 0 to n into as many parts as there are cores and works on them at once.
func (b *builder) parts(n int, work func(core, from, to int)) {
	var wg sync.WaitGroup
	for i := range b.cores {
		wg.Go(func() { work(i, i*n/b.cores, (i+1)*n/b.cores) })
	}
	wg.Wait()
}
