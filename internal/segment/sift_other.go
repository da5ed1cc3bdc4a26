//go:build !amd64

package segment

// sift appends the numbers of the hashes that f has.
func (f bloom) sift(hashes []uint64, dst []uint32) []uint32 { return f.siftPlain(hashes, dst) }

// ahead would have the processor load what is at p.
func ahead(*byte) {}
