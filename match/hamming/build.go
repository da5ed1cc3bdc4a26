package hamming

import (
	"cmp"
	"math/bits"
	"runtime"
	"slices"
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
	x = &Index{form: form, split: split, order: orderOf(hashes, split)}
	x.dealer = newDealer(&x.order)
	rows := x.sorted(hashes)
	numbers = make([]uint32, len(rows))
	for i := range rows {
		numbers[i] = rows[i].number
	}
	x.arrange(x.distinct(rows))
	return x, numbers
}

// numbered is a dealt hash and its number.
type numbered struct {
	dealt
	number uint32
}

// sorted deals the hashes and puts them in the order of their first chunk, equal ones
// side by side.
func (x *Index) sorted(hashes []Hash) []numbered {
	first := chunk{width: 16}
	if len(x.split) > 0 {
		first = x.split[0]
	}
	all := make([]dealt, len(hashes))
	parts(len(hashes), func(from, to int) { x.order.deal(hashes[from:to], all[from:to]) })
	starts := make([]uint32, 1<<first.width+1)
	for i := range all {
		starts[first.value(&all[i].Hash)+1]++
	}
	add(starts)
	rows := make([]numbered, len(all))
	at := slices.Clone(starts)
	for i := range all {
		v := first.value(&all[i].Hash)
		rows[at[v]] = numbered{all[i], uint32(i)}
		at[v]++
	}
	parts(len(starts)-1, func(from, to int) {
		for b := from; b < to; b++ {
			sortBucket(rows[starts[b]:starts[b+1]])
		}
	})
	return rows
}

// fewRows is how many rows are quicker sorted by insertion.
const fewRows = 40

// sortBucket sorts rows by hash, those with equal hashes by number, in which order they come.
func sortBucket(rows []numbered) {
	if len(rows) > fewRows {
		slices.SortFunc(rows, func(i, j numbered) int {
			return cmp.Or(compare(&i.Hash, &j.Hash), cmp.Compare(i.number, j.number))
		})
		return
	}
	for i := 1; i < len(rows); i++ {
		if compare(&rows[i-1].Hash, &rows[i].Hash) <= 0 {
			continue
		}
		r, j := rows[i], i
		for ; j > 0 && compare(&rows[j-1].Hash, &r.Hash) > 0; j-- {
			rows[j] = rows[j-1]
		}
		rows[j] = r
	}
}

func compare(a, b *Hash) int {
	for w := range a {
		if a[w] != b[w] {
			if a[w] < b[w] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// distinct fills in the rows and which hashes belong to each, and returns the rows'
// entries.
func (x *Index) distinct(all []numbered) []entry {
	x.rows = make([]Hash, 0, len(all))
	list := make([]entry, 0, len(all))
	groups := make([]uint32, 0, len(all)+1)
	for i := range all {
		row := len(x.rows)
		if row > 0 && x.rows[row-1] == all[i].Hash {
			continue
		}
		x.rows = append(x.rows, all[i].Hash)
		list = append(list, entry{all[i].filter[0], all[i].filter[1] | uint64(row)<<32})
		groups = append(groups, uint32(i))
	}
	if len(x.rows) < len(all) {
		x.groups = append(groups, uint32(len(all)))
	}
	return list
}

// arrange puts the rows into the buckets of each chunk. The rows, and so list, are in the order
// of the first chunk.
func (x *Index) arrange(list []entry) {
	x.starts = make([][]uint32, len(x.split))
	switch {
	case x.form == Wide:
		x.entries = make([][]entry, max(len(x.split), 1))
		x.entries[0] = list
		spread(x, list, func(c int, placed []entry) { x.entries[c] = placed })
	case len(x.split) > 0:
		x.numbers = make([][]uint32, len(x.split)-1)
		numbers := make([]uint32, len(x.rows))
		for i := range numbers {
			numbers[i] = uint32(i)
		}
		spread(x, numbers, func(c int, placed []uint32) { x.numbers[c-1] = placed })
	}
}

// moved is what is kept of a row on its way into the buckets of a chunk.
type moved[T any] struct {
	value uint32 // of the chunk
	what  T
}

// spread fills in where the buckets of every chunk begin, and yields what list holds of each row
// in the order of the buckets of each chunk but the first. Rows are put into parts that fit the
// nearer caches before they go to their buckets, as writing to hundreds of thousands of places
// in turn takes longer than writing twice.
func spread[T any](x *Index, list []T, yield func(c int, placed []T)) {
	parts(len(x.split), func(from, to int) {
		values := make([]uint32, len(list))
		rough := make([]moved[T], len(list))
		for c := from; c < to; c++ {
			starts := x.valuesOf(c, values)
			x.starts[c] = starts
			if c == 0 {
				continue
			}
			low := x.split[c].width - min(bits.Len(uint(len(list)/partRows)), x.split[c].width, maxPartBits)
			var next [1 << maxPartBits]uint32
			for p := range (len(starts) - 1) >> low {
				next[p] = starts[p<<low]
			}
			for i, v := range values {
				n := &next[v>>low&(1<<maxPartBits-1)]
				rough[*n] = moved[T]{v, list[i]}
				*n++
			}
			at, placed := slices.Clone(starts), make([]T, len(list))
			for i := range rough {
				n := &at[rough[i].value]
				placed[*n] = rough[i].what
				*n++
			}
			yield(c, placed)
		}
	})
}

const (
	partRows    = 4096 // about how many rows of a part are put into their buckets together
	maxPartBits = 11   // so many parts at most are written at once
)

// valuesOf lists the rows' values of a chunk, and returns where the buckets begin, and the end.
func (x *Index) valuesOf(c int, values []uint32) (starts []uint32) {
	k := x.split[c]
	starts = make([]uint32, 1<<k.width+1)
	for row := range x.rows {
		v := k.value(&x.rows[row])
		values[row] = v
		starts[v+1]++
	}
	add(starts)
	return starts
}

// add turns how many stand before each boundary into how many stand before it in all.
func add(starts []uint32) {
	for b := range len(starts) - 1 {
		starts[b+1] += starts[b]
	}
}

// parts cuts 0 to n into as many parts as there are cores and works on them at once.
func parts(n int, work func(from, to int)) {
	cores := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for i := range cores {
		wg.Go(func() { work(i*n/cores, (i+1)*n/cores) })
	}
	wg.Wait()
}
