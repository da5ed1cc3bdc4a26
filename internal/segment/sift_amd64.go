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

// ahead has the processor load what is at p and behind it, and does not wait.
//
//go:noescape
func ahead(p *byte)
