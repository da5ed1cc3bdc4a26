package hamming

import "math/bits"

// maxRadius is the radius up to which chunks are searched. Above it everything is compared.
const maxRadius = 31

// chunk is a run of neighbouring bits of a dealt hash by which the rows are ordered.
type chunk struct {
	at    int // its first bit
	width int // how many bits
	near  int // distance up to which it must be searched at maxRadius
}

// The sizes at which another split costs less, found by measuring (BenchmarkSearch).
const (
	fromChunks = 1 << 12 // below, comparing with every row is quicker
	fromSmall  = 3 << 18 // above, the same holds for the compact form, whose strangers cost most
	fromWide   = 3 << 20 // above, wider chunks read fewer strangers
)

// splitFor chooses the chunks for n rows; none if everything is to be compared.
//
// 16 chunks of 16 bits, each searched to distance 1, are exactly enough: 16*2 = 32. They
// read 272 buckets of n/65536 rows. For more rows 10 chunks of 21 bits searched to distance 2 and one of
// 20 bits searched to distance 1 (10*3 + 2 = 32) read 2,341 buckets but little more than a fourth of the rows. (6 of
// 21 bits to distance 2 and 7 of 18 or 19 to distance 1 read 1,525 and a fourth: a quarter less time, but
// each chunk is built and takes 16 or 4 bytes a row.) Between them 4 of 19 bits searched to distance 2 and 10 of
// 17 or 18 searched to distance 1 (4*3 + 10*2 = 32) read 950 buckets and little more than half of the
// rows; with 20 bits it is less than half, and 8 MB more of bounds.
func splitFor(n int, form Form) []chunk {
	switch {
	case n < fromChunks:
		return nil
	case n >= fromWide:
		return chunksOf(run{10, 21, 2}, run{1, 20, 1})
	case n >= fromSmall && form == Compact:
		return chunksOf(run{4, 19, 2}, run{6, 18, 1}, run{4, 17, 1})
	default:
		// With few rows fewer bits of a chunk tell them apart as well, and the buckets'
		// bounds take less room. Dealing puts the bits that tell most in front.
		width := min(16, bits.Len(uint(n))-2)
		split := make([]chunk, 16)
		for i := range split {
			split[i] = chunk{at: 16 * i, width: width, near: 1}
		}
		return split
	}
}

// run is some chunks of one width.
type run struct{ count, width, near int }

// chunksOf lays chunks one behind the other.
func chunksOf(runs ...run) (split []chunk) {
	at := 0
	for _, r := range runs {
		for range r.count {
			split = append(split, chunk{at: at, width: r.width, near: r.near})
			at += r.width
		}
	}
	return split
}

// nearFor returns up to which distance each chunk is searched for radius, -1 for not at
// all. What a smaller radius spares is taken from where a bit of distance costs most.
func nearFor(split []chunk, radius int) (near [maxChunks]int) {
	spare := -(radius + 1)
	for i, c := range split {
		near[i] = c.near
		spare += c.near + 1
	}
	for ; spare > 0; spare-- {
		most := 0
		for i := range split {
			if near[i] > near[most] {
				most = i
			}
		}
		near[most]--
	}
	return near
}

// maxChunks bounds a split.
const maxChunks = 16

// value returns the bits of a chunk of h.
func (c chunk) value(h *Hash) uint32 {
	word, shift := c.at/64, c.at%64
	v := h[word] >> shift
	if shift+c.width > 64 {
		v |= h[word+1] << (64 - shift)
	}
	return uint32(v & (1<<c.width - 1))
}

// values fills in the value of each row. [chunk.valuesFast] does it where there are vector instructions.
func (c chunk) values(rows []Hash, values []uint32) {
	word, shift, mask := c.at/64, c.at%64, uint64(1)<<c.width-1
	values = values[:len(rows)]
	if shift+c.width <= 64 {
		for i := range rows {
			values[i] = uint32(rows[i][word&3] >> (shift & 63) & mask)
		}
		return
	}
	for i := range rows {
		values[i] = c.value(&rows[i])
	}
}

// maxNear bounds the distance up to which a chunk is searched.
const maxNear = 2

// flips lists the values of width bits that have at most near bits set, 0 first. Those with
// equal upper bits stand together, and so do the buckets they lead to.
func flips(width, near int) []uint32 {
	list := []uint32{0}
	for i := range width {
		if near < 1 {
			break
		}
		list = append(list, 1<<i)
		for j := range i {
			if near >= 2 {
				list = append(list, 1<<i|1<<j)
			}
		}
	}
	return list
}
