package segment

import (
	"slices"

	"golang.org/x/sys/cpu"
)

// wideSift reports whether the processor can run the kernel that asks about eight hashes at once.
var wideSift = cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// siftAVX512 is [bloom.siftPlain] of n hashes in a filter of so many words, fewer than 2^32. It returns
// how many numbers it wrote to dst, which has room for eight more.
//
//go:noescape
func siftAVX512(filter *byte, words uint64, hashes *uint64, n int, dst *uint32) int

// sift appends the numbers of the hashes that f has.
func (f bloom) sift(hashes []uint64, dst []uint32) []uint32 {
	if !wideSift || len(f) == 0 || len(hashes) < 4 || uint64(len(f)) >= 1<<35 {
		return f.siftPlain(hashes, dst)
	}
	dst = slices.Grow(dst, len(hashes)+8)
	n := len(dst)
	room := dst[:cap(dst)]
	return dst[:n+siftAVX512(&f[0], uint64(len(f)/8), &hashes[0], len(hashes), &room[n])]
}

// siftPairsAVX512 asks about n words in one filter and about each and the next in another, of fewer than 2^32 words.
// It returns how many numbers it wrote to one and two, each of which has room for eight more than n.
//
//go:noescape
func siftPairsAVX512(words *byte, inWords uint64, pairs *byte, inPairs uint64, hashes *uint64, n int, one, two *uint32) (ones, twos int)

// siftPairs replaces one by the numbers of the hashes that words has, and two by those whose hash with
// the next pairs has. It does nothing and returns false if the processor cannot.
func siftPairs(words, pairs bloom, hashes []uint64, one, two *[]uint32) bool {
	if !wideSift || uint64(max(len(words), len(pairs))) >= 1<<35 {
		return false
	}
	*one, *two = slices.Grow((*one)[:0], len(hashes)+8), slices.Grow((*two)[:0], len(hashes)+8)
	if len(hashes) == 0 {
		return true
	}
	if len(words) == 0 {
		words = noBits[:]
	}
	if len(pairs) == 0 {
		pairs = noBits[:]
	}
	ones, twos := siftPairsAVX512(&words[0], uint64(len(words)/8), &pairs[0], uint64(len(pairs)/8), &hashes[0], len(hashes), &(*one)[:1][0], &(*two)[:1][0])
	*one, *two = (*one)[:ones], (*two)[:twos]
	return true
}

// noBits is a filter of nothing that can be asked.
var noBits [8]byte

// ahead has the processor load what is at p and behind it, and does not wait.
//
//go:noescape
func ahead(p *byte)
