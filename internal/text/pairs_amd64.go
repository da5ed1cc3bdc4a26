package text

import "golang.org/x/sys/cpu"

// widePairs reports whether the processor can run the kernel that makes the hashes of eight pairs at once.
var widePairs = cpu.X86.HasAVX512F && cpu.X86.HasBMI2

// pairsAVX512 is [pairsPlain] of n pairs.
//
//go:noescape
func pairsAVX512(dst, hashes *uint64, n int)

// triplesAVX512 is [triplesPlain] of n triples, one or more.
//
//go:noescape
func triplesAVX512(dst, hashes *uint64, n int)

// pairs makes the hashes of all pairs of neighbors among words, one fewer than these. dst may be where
// those of the words are.
func pairs(dst, hashes []uint64) {
	if !widePairs || len(dst) < 4 {
		pairsPlain(dst, hashes)
		return
	}
	_ = hashes[len(dst)]
	pairsAVX512(&dst[0], &hashes[0], len(dst))
}

// triples makes the hashes of all triples of neighbors among words, two fewer than these.
func triples(dst, hashes []uint64) {
	if !widePairs || len(dst) < 4 {
		triplesPlain(dst, hashes)
		return
	}
	_ = hashes[len(dst)+1]
	triplesAVX512(&dst[0], &hashes[0], len(dst))
}
