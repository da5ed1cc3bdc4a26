package match

import "math/bits"

// filter is a blocked Bloom filter: a set of marks that may claim to hold one it does not
// (about one in five hundred) but never the reverse. Both bits of a mark lie in one word, so that a
// question costs one memory access.
type filter []uint64

// newFilter makes room for n marks: a power of two of words, at least 16 bits a mark.
func newFilter(n int) filter {
	return make(filter, 1<<bits.Len(uint(n/4)))
}

// bitsOf returns the word of a mark and the bits it sets there.
func (f filter) bitsOf(mark uint64) (int, uint64) {
	return int(mark >> 20 & uint64(len(f)-1)), 1<<(mark&63) | 1<<(mark>>6&63) | 1<<(mark>>12&63)
}

func (f filter) add(mark uint64) {
	i, b := f.bitsOf(mark)
	f[i] |= b
}

// has reports whether mark may have been added.
func (f filter) has(mark uint64) bool {
	if len(f) == 0 {
		return false
	}
	i, b := f.bitsOf(mark)
	return f[i]&b == b
}
