package segment

import (
	"math/bits"
	"slices"
)

// bloom is a blocked Bloom filter: a set of hashes that may claim to hold one it does not
// but never the reverse. All bits of a hash lie in one word, so that a
// question costs one memory access. The word is chosen by the first bits of the hash, so
// that adding hashes in order goes through memory in order.
type bloom []byte

// bloomSize is the size of a filter of n hashes, so many in a word: with 2, one in 500 others
// is claimed, with 4 one in 120, with 8 one in 27.
func bloomSize(n, inWord int) int {
	if n == 0 {
		return 0
	}
	return 8 * (n/inWord + 1)
}

// mixed spreads an id evenly: the last steps of SplitMix64.
func mixed(id uint64) uint64 {
	id = (id ^ id>>30) * 0xbf58476d1ce4e5b9
	id = (id ^ id>>27) * 0x94d049bb133111eb
	return id ^ id>>31
}

// bitsOf returns the place of a hash and the bits it sets there.
func (f bloom) bitsOf(hash uint64) (at int, set uint64) {
	word, _ := bits.Mul64(hash, uint64(len(f)/8))
	return 8 * int(word), 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63)
}

func (f bloom) add(hash uint64) {
	at, set := f.bitsOf(hash)
	le.PutUint64(f[at:], le.Uint64(f[at:])|set)
}

func (f bloom) has(hash uint64) bool {
	if len(f) == 0 {
		return false
	}
	at, set := f.bitsOf(hash)
	return le.Uint64(f[at:])&set == set
}

// siftPlain is [bloom.sift] in Go.
func (f bloom) siftPlain(hashes []uint64, dst []uint32) []uint32 {
	if len(f) == 0 {
		return dst
	}
	dst = slices.Grow(dst, len(hashes)+1)
	n, room := len(dst), dst[:cap(dst)]
	for i, hash := range hashes {
		word, _ := bits.Mul64(hash, uint64(len(f)/8))
		w := le.Uint64(f[8*word:])
		room[n] = uint32(i) // kept if it counts, else the next is written over it
		n += int(w >> (hash & 63) & (w >> (hash >> 6 & 63)) & (w >> (hash >> 12 & 63)) & 1)
	}
	return room[:n]
}
