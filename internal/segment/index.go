package segment

import (
	"math/bits"
	"slices"
	"sort"
)

// index is a table of keys, rows of one width that begin with a hash and rise by it. Hashes are
// spread evenly, so their first bits say where to look: the directory holds, for each value
// of these bits, the number of its first row. A search reads one entry of the directory and
// the few rows behind it, which share one or two cache lines. As the place of a row in the
// directory says how its hash begins, rows leave whole bytes of that out.
type index struct {
	dir   []byte // numbers of 4 bytes, one more than there are prefixes
	rows  []byte
	width int
	shift uint   // hash >> shift is the prefix
	kept  uint64 // the bits of a hash that stand in its row
}

// rowsPerPrefix is about how many rows share a prefix, at most. Fewer would make the
// directory larger than what a processor keeps near.
const rowsPerPrefix = 8

// crowd is how many rows of one prefix are too many to go through one by one: some value
// has very many signals.
const crowd = 32

// prefixBits is how many bits of a hash n rows are filed under.
func prefixBits(n int) uint { return uint(bits.Len(uint(n / rowsPerPrefix))) }

// indexSize is the size of the directory of n rows.
func indexSize(n int) int { return 4 * (1<<prefixBits(n) + 1) }

// implied is how many bytes of a hash n keys leave out.
func implied(n int) int { return int(prefixBits(n)) / 8 }

// newIndex puts a table of keys together. ok is false if its parts do not fit.
func newIndex(dir, rows []byte) (x index, ok bool) {
	b := uint(bits.Len(uint(len(dir)/4-1))) - 1
	if len(dir) < 8 || b > 32 {
		return x, false
	}
	x = index{dir: dir, rows: rows, width: keySize - int(b/8), shift: 64 - b, kept: (1<<64 - 1) >> (b / 8 * 8)}
	return x, len(rows)%x.width == 0 && len(dir) == indexSize(x.len())
}

func (x *index) len() int { return len(x.rows) / x.width }

// hash is what stands in one row of its hash.
func (x *index) hash(row int) uint64 { return le.Uint64(x.rows[row*x.width:]) & x.kept }

// each yields the rows in order, with their hashes. Damaged directories make it leave rows out.
func (x *index) each(yield func(row int, hash uint64)) {
	row, left := 0, ^x.kept
	for p := range len(x.dir)/4 - 1 {
		for behind := min(int(le.Uint32(x.dir[4*p+4:])), x.len()); row < behind; row++ {
			yield(row, uint64(p)<<x.shift&left|x.hash(row))
		}
	}
}

// find returns the rows with a hash: from and behind. Damaged rows may give a wrong answer, but
// never one outside the table.
func (x *index) find(hash uint64) (from, behind int) {
	p := 4 * int(hash>>x.shift)
	from, behind = int(le.Uint32(x.dir[p:])), int(le.Uint32(x.dir[p+4:]))
	behind = min(behind, x.len())
	hash &= x.kept
	for n := behind - from; n > crowd; n = behind - from {
		mid := from + n/2
		switch h := x.hash(mid); {
		case h < hash:
			from = mid + 1
		case h > hash:
			behind = mid
		default:
			return x.around(hash, mid, from, behind)
		}
	}
	for from < behind && x.hash(from) < hash {
		from++
	}
	end := from
	for end < behind && x.hash(end) == hash {
		end++
	}
	return from, end
}

// dirAhead has the processor load what find reads of the directory.
func (x *index) dirAhead(hash uint64) { ahead(&x.dir[4*int(hash>>x.shift)]) }

// rowsAhead has the processor load the first rows that find reads. There must be rows.
func (x *index) rowsAhead(hash uint64) {
	from := int(le.Uint32(x.dir[4*int(hash>>x.shift):]))
	ahead(&x.rows[min(from, x.len()-1)*x.width])
}

// around returns the rows with a hash around row mid, one of them, within from and behind.
func (x *index) around(hash uint64, mid, from, behind int) (int, int) {
	first := from + sort.Search(mid-from, func(i int) bool { return x.hash(from+i) >= hash })
	return first, mid + sort.Search(behind-mid, func(i int) bool { return x.hash(mid+i) > hash })
}

// sortKeys writes the keys that each yields, in any order, into x in order; hashes yields
// theirs. Hashes are spread evenly, so it counts how many share a prefix, puts each into the
// place of its prefix, and sorts the few there by insertion.
func (x *index) sortKeys(hashes func(yield func(uint64)), each func(yield func(Key))) {
	next := make([]uint32, len(x.dir)/4)
	hashes(func(hash uint64) { next[hash>>x.shift+1]++ })
	for p := 1; p < len(next); p++ {
		next[p] += next[p-1]
	}
	for p, n := range next {
		le.PutUint32(x.dir[4*p:], n)
	}
	each(func(k Key) {
		p := k.Hash >> x.shift
		x.put(int(next[p]), k)
		next[p]++
	})
	from := 0
	for _, behind := range next[:len(next)-1] {
		x.sortRun(from, int(behind))
		from = int(behind)
	}
}

// sortRun sorts the keys of one prefix.
func (x *index) sortRun(from, behind int) {
	if behind-from > crowd {
		list := make([]Key, behind-from)
		for i := range list {
			list[i] = x.key(from + i)
		}
		slices.SortFunc(list, Key.compare)
		for i, k := range list {
			x.put(from+i, k)
		}
		return
	}
	for i := from + 1; i < behind; i++ {
		k := x.key(i)
		j := i
		for ; j > from; j-- {
			o := x.key(j - 1)
			if o.compare(k) <= 0 {
				break
			}
			x.put(j, o)
		}
		if j < i {
			x.put(j, k)
		}
	}
}
