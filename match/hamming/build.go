package hamming

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// Build makes an index of hashes, at most 2^32-1 of them. It also returns the numbers of
// the hashes in the order of the index, equal hashes side by side: what a caller knows of
// each hash belongs in that order, for a [Hit] names positions in it. Both cores and more
// are used if there are any.
func Build(hashes []Hash, form Form) (x *Index, numbers []uint32) {
	return build(hashes, form, splitFor(len(hashes)))
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
	parts(len(hashes), func(from, to int) {
		for i := from; i < to; i++ {
			x.dealer.deal(&hashes[i], &all[i])
		}
	})
	starts := bounds(len(all), first, func(i int) *Hash { return &all[i].Hash })
	rows := make([]numbered, len(all))
	at := slices.Clone(starts)
	for i := range all {
		v := first.value(&all[i].Hash)
		rows[at[v]] = numbered{all[i], uint32(i)}
		at[v]++
	}
	parts(len(starts)-1, func(from, to int) {
		for b := from; b < to; b++ {
			slices.SortFunc(rows[starts[b]:starts[b+1]], func(i, j numbered) int {
				return cmp.Or(compare(&i.Hash, &j.Hash), cmp.Compare(i.number, j.number))
			})
		}
	})
	return rows
}

func compare(a, b *Hash) int {
	for w := range a {
		if a[w] != b[w] {
			return cmp.Compare(a[w], b[w])
		}
	}
	return 0
}

// distinct fills in the rows and which hashes belong to each, and returns the rows'
// filters.
func (x *Index) distinct(all []numbered) []filter {
	x.rows = make([]Hash, 0, len(all))
	filters := make([]filter, 0, len(all))
	groups := make([]uint32, 0, len(all)+1)
	for i := range all {
		if last := len(x.rows) - 1; last >= 0 && x.rows[last] == all[i].Hash {
			continue
		}
		x.rows = append(x.rows, all[i].Hash)
		filters = append(filters, all[i].filter)
		groups = append(groups, uint32(i))
	}
	if len(x.rows) < len(all) {
		x.groups = append(groups, uint32(len(all)))
	}
	return filters
}

// arrange puts the rows into the buckets of each chunk.
func (x *Index) arrange(filters []filter) {
	list := func(i int) entry {
		return entry{filters[i][0], filters[i][1] | uint64(i)<<32}
	}
	if len(x.split) == 0 && x.form == Wide {
		all := make([]entry, len(filters))
		for i := range all {
			all[i] = list(i)
		}
		x.entries = [][]entry{all}
	}
	x.starts = make([][]uint32, len(x.split))
	if x.form == Wide && len(x.split) > 0 {
		x.entries = make([][]entry, len(x.split))
	}
	if x.form == Compact && len(x.split) > 0 {
		x.numbers = make([][]uint32, len(x.split)-1)
	}
	together(len(x.split), func(c int) {
		k := x.split[c]
		x.starts[c] = bounds(len(x.rows), k, func(i int) *Hash { return &x.rows[i] })
		switch {
		case x.form == Wide:
			x.entries[c] = make([]entry, len(x.rows))
			x.fill(c, func(at uint32, row int) { x.entries[c][at] = list(row) })
		case c > 0:
			x.numbers[c-1] = make([]uint32, len(x.rows))
			x.fill(c, func(at uint32, row int) { x.numbers[c-1][at] = uint32(row) })
		}
	})
}

// fill calls put for each row with its place among the buckets of chunk c.
func (x *Index) fill(c int, put func(at uint32, row int)) {
	at := slices.Clone(x.starts[c])
	k := x.split[c]
	for row := range x.rows {
		v := k.value(&x.rows[row])
		put(at[v], row)
		at[v]++
	}
}

// bounds returns where the buckets of a chunk begin when n hashes are put in its order,
// and the end.
func bounds(n int, k chunk, hash func(int) *Hash) []uint32 {
	starts := make([]uint32, 1<<k.width+1)
	for i := range n {
		starts[k.value(hash(i))+1]++
	}
	for b := range len(starts) - 1 {
		starts[b+1] += starts[b]
	}
	return starts
}

// parts cuts 0 to n into as many parts as there are cores and works on them at once.
func parts(n int, work func(from, to int)) {
	cores := runtime.GOMAXPROCS(0)
	together(cores, func(i int) { work(i*n/cores, (i+1)*n/cores) })
}

// together does n jobs, as many at once as there are cores.
func together(n int, job func(int)) {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards next
	next := 0
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return
				}
				job(i)
			}
		})
	}
	wg.Wait()
}
