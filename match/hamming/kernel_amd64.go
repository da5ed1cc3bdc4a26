package hamming

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// fast reports whether the processor compares four entries at once.
var fast = cpu.X86.HasAVX512F && cpu.X86.HasAVX512VPOPCNTDQ

// gatherFetch is [gather], and asks for the beginning of each bucket in list to be brought from
// memory, whose members take 1<<shift bytes each. Any processor can do it.
//
//go:noescape
func gatherFetch(spans *span, starts, flips *uint32, n int, value, limit uint32, list unsafe.Pointer, shift int) int

// fetchRows asks for n rows to be brought from memory.
//
//go:noescape
func fetchRows(numbers *uint32, n int, rows *Hash)

// scanAVX512 is [scan] over n spans with room places in out.
//
//go:noescape
func scanAVX512(spans *span, n int, entries *entry, q *filter, limit uint64, out *uint32, room int) (done, found int)

func gatherFast(spans []span, starts, flips []uint32, value, n uint32, list unsafe.Pointer, shift int) int {
	_ = spans[len(flips)-1]
	return gatherFetch(&spans[0], &starts[0], &flips[0], len(flips), value, n, list, shift)
}

func fetchFast(numbers []uint32, rows []Hash) {
	if len(numbers) > 0 {
		fetchRows(&numbers[0], len(numbers), &rows[0])
	}
}

func scanFast(spans []span, entries []entry, q filter, limit int, out []uint32) (done, found int) {
	if !fast || len(entries) == 0 {
		return scan(spans, entries, q, limit, out)
	}
	return scanAVX512(&spans[0], len(spans), &entries[0], &q, uint64(limit), &out[0], len(out))
}

// deals reports whether the processor picks any 64 bits of a hash at once.
var deals = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512BITALG

// dealAVX512 is [order.deal] of n hashes.
//
//go:noescape
func dealAVX512(hashes *Hash, n int, plan *plan, out *dealt)

// plan says for each word of a dealt hash where its bits are: in which bytes of a hash, and, once
// these lie in place, at which bit of eight bytes.
type plan [6]struct{ bytes, bits [64]uint8 }

// dealFast returns what deals hashes.
func dealFast(o *order) func(hashes []Hash, out []dealt) {
	if !deals {
		return o.deal
	}
	p := new(plan)
	for to, from := range slices.Concat(o.bits[:], o.filter[:]) {
		w := &p[to/64]
		w.bytes[to%64], w.bits[to%64] = from/8, uint8(to%8*8)+from%8
	}
	return func(hashes []Hash, out []dealt) {
		if len(hashes) > 0 {
			_ = out[len(hashes)-1]
			dealAVX512(&hashes[0], len(hashes), p, &out[0])
		}
	}
}

// valuesAVX512 is [chunk.values] of n rows, a multiple of eight: the value is mask's bits of word from shift on, those
// behind it of the next word, if there is one.
//
//go:noescape
func valuesAVX512(rows *Hash, n int, word, next, shift, mask uint64, values *uint32)

// valuesFast is [chunk.values].
func (c chunk) valuesFast(rows []Hash, values []uint32) {
	eights := len(rows) &^ 7
	if !cpu.X86.HasAVX512F || eights == 0 {
		c.values(rows, values)
		return
	}
	_ = values[eights-1]
	word := c.at / 64
	valuesAVX512(&rows[0], eights, uint64(word), uint64(min(word+1, 3)), uint64(c.at%64), 1<<c.width-1, &values[0])
	c.values(rows[eights:], values[eights:])
}

// putEntries is [parting.putEach], by way of lines that are written at once and past the caches: a line
// that is not read before it is overwritten need not be fetched. Any processor can do it.
//
//go:noescape
func putEntries(values *uint32, n int, list *entry, low uint64, ends *uint32, lines, placed *entry)

// putNumbers is the same for numbers.
//
//go:noescape
func putNumbers(values *uint32, n int, list *uint32, low uint64, ends, lines, placed *uint32)

// byLines reports whether [parting.putFast] wants lines.
const byLines = true

// putFast is [parting.putEach] if p has lines.
func (p *parting[T]) putFast(values []uint32, list []T) {
	n := len(values)
	if n == 0 {
		return
	}
	_ = list[n-1]
	switch p := any(p).(type) {
	case *parting[entry]:
		putEntries(&values[0], n, &any(list).([]entry)[0], uint64(p.low), &p.ends[0], &p.lines[0], &p.placed[0])
	case *parting[uint32]:
		putNumbers(&values[0], n, &any(list).([]uint32)[0], uint64(p.low), &p.ends[0], &p.lines[0], &p.placed[0])
	}
}
