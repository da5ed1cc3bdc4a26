//go:build !amd64

package hamming

func gatherFast(spans []span, starts, flips []uint32, value, n uint32, _ []entry) int {
	return gather(spans, starts, flips, value, n)
}

func scanFast(spans []span, entries []entry, q filter, limit int, out []uint32) (done, found int) {
	return scan(spans, entries, q, limit, out)
}

func dealFast(o *order) func(hashes []Hash, out []dealt) { return o.deal }

const byLines = false

func (p *parting[T]) putFast([]uint32, []T) {}
