//go:build !amd64

package segment

// sift appends the numbers of the hashes that f has.
func (f bloom) sift(hashes []uint64, dst []uint32) []uint32 { return f.siftPlain(hashes, dst) }

// siftPairs would ask two filters at once.
func siftPairs(words, pairs bloom, hashes []uint64, one, two *[]uint32) bool { return false }

// ahead would have the processor load what is at p.
func ahead(*byte) {}
