package hamming

import "golang.org/x/sys/cpu"

// fast reports whether the processor compares four entries at once.
var fast = cpu.X86.HasAVX512F && cpu.X86.HasAVX512VPOPCNTDQ

// gatherAVX512 is [gather], and asks for the first entries of each bucket to be brought
// from memory. spans has room for n of them, flips holds n.
//
//go:noescape
func gatherAVX512(spans *span, starts, flips *uint32, n int, value, limit uint32, entries *entry) int

// scanAVX512 is [scan] over n spans with room places in out.
//
//go:noescape
func scanAVX512(spans *span, n int, entries *entry, q *filter, limit uint64, out *uint32, room int) (done, found int)

func gatherFast(spans []span, starts, flips []uint32, value, n uint32, entries []entry) int {
	if !fast || len(entries) == 0 {
		return gather(spans, starts, flips, value, n)
	}
	_ = spans[len(flips)-1]
	return gatherAVX512(&spans[0], &starts[0], &flips[0], len(flips), value, n, &entries[0])
}

func scanFast(spans []span, entries []entry, q filter, limit int, out []uint32) (done, found int) {
	if !fast || len(entries) == 0 {
		return scan(spans, entries, q, limit, out)
	}
	return scanAVX512(&spans[0], len(spans), &entries[0], &q, uint64(limit), &out[0], len(out))
}
