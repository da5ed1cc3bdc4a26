//go:build !amd64

package hamming

import "unsafe"

func gatherFast(spans []span, starts, flips []uint32, value, n uint32, _ unsafe.Pointer, _ int) int {
	return gather(spans, starts, flips, value, n)
}

func fetchFast([]uint32, []Hash) {}

func scanFast(spans []span, entries []entry, q filter, limit int, out []uint32) (done, found int) {
	return scan(spans, entries, q, limit, out)
}

func dealFast(o *order) func(hashes []Hash, out []dealt) { return o.deal }

func (c chunk) valuesFast(rows []Hash, values []uint32) { c.values(rows, values) }

const byLines = false

func (p *parting[T]) putFast([]uint32, []T) {}
