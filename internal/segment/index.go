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

// fill writes the keys that each yields, which rise, into x, and calls added with the hash of each. It
// leaves out a key that does not rise, as one of a damaged segment.
func (x *index) fill(each func(yield func(Key)), added func(hash uint64)) {
	n, next, last := 0, 0, uint64(0) // next: the first prefix of which it is not written where it begins
	each(func(k Key) {
		if k.Hash < last || n == x.len() {
			return
		}
		last = k.Hash
		for p := int(k.Hash >> x.shift); next <= p; next++ {
			le.PutUint32(x.dir[4*next:], uint32(n))
		}
		x.put(n, k)
		added(k.Hash)
		n++
	})
	for ; 4*next < len(x.dir); next++ {
		le.PutUint32(x.dir[4*next:], uint32(n))
	}
}

// sorted returns keys in order. Hashes are spread evenly, so it counts how many share a prefix,
// puts each into the place of its prefix, and sorts the few there by insertion.
func sorted(keys []Key) []Key {
	shift := 64 - prefixBits(len(keys))
	next := make([]uint32, 1<<(64-shift)+1)
	for i := range keys {
		next[keys[i].Hash>>shift+1]++
	}
	for p := 1; p < len(next); p++ {
		next[p] += next[p-1]
	}
	list := make([]Key, len(keys))
	for _, k := range keys {
		p := k.Hash >> shift
		list[next[p]] = k
		next[p]++
	}
	from := 0
	for _, behind := range next[:len(next)-1] {
		sortRun(list[from:behind])
		from = int(behind)
	}
	return list
}

// sortRun sorts the keys of one prefix.
func sortRun(list []Key) {
	if len(list) > crowd {
		slices.SortFunc(list, Key.compare)
		return
	}
	for i := 1; i < len(list); i++ {
		k, j := list[i], i
		for ; j > 0 && k.compare(list[j-1]) < 0; j-- {
			list[j] = list[j-1]
		}
		list[j] = k
	}
}
