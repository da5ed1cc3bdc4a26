package hamming

import "math/bits"

// entry is a row as it stands in a bucket: 96 bits of its hash and its number, which comes last (see [member]).
type entry struct {
	lo  uint64
	hi  uint32
	row uint32
}

// span is a stretch of entries, from the first to before the last.
type span struct{ from, to uint32 }

// gather writes the buckets of a chunk that lie within its flips of value: spans[i]
// is bucket value^flips[i]. No span goes beyond n, whatever starts holds. It returns how
// many entries they hold in all.
func gather(spans []span, starts, flips []uint32, value, n uint32) int {
	total := 0
	spans = spans[:len(flips)]
	for i, f := range flips {
		b := value ^ f
		to := min(starts[b+1], n)
		from := min(starts[b], to)
		spans[i] = span{from, to}
		total += int(to - from)
	}
	return total
}

// scan appends to out, which has room, the numbers of the entries in spans that differ
// from q in at most limit of 96 bits. If less than four places are left it stops,
// says so by done < len(spans), and leaves in spans where to go on.
func scan(spans []span, entries []entry, q filter, limit int, out []uint32) (done, found int) {
	for i := range spans {
		s := &spans[i]
		part := entries[s.from:s.to]
		for j := range part {
			e := &part[j]
			if bits.OnesCount64(e.lo^q[0])+bits.OnesCount32(e.hi^uint32(q[1])) > limit {
				continue
			}
			if len(out)-found < 4 {
				s.from += uint32(j)
				return i, found
			}
			out[found] = e.row
			found++
		}
	}
	return len(spans), found
}
