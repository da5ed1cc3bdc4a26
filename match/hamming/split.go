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
	fromWide   = 3 << 20 // above, wider chunks read fewer strangers
)

// splitFor chooses the chunks for n rows; none if everything is to be compared.
//
// 16 chunks of 16 bits, each searched to distance 1, are exactly enough: 16*2 = 32. They
// read 272 buckets of n/65536 rows. For more rows 6 chunks of 21 bits searched to
// distance 2 and 7 of 18 or 19 searched to distance 1 (6*3 + 7*2 = 32) read 1,525
// buckets but only a fourth of the rows.
func splitFor(n int) []chunk {
	switch {
	case n < fromChunks:
		return nil
	case n < fromWide:
		// With few rows fewer bits of a chunk tell them apart as well, and the buckets'
		// bounds take less room. Dealing puts the bits that tell most in front.
		width := min(16, bits.Len(uint(n))-2)
		split := make([]chunk, 16)
		for i := range split {
			split[i] = chunk{at: 16 * i, width: width, near: 1}
		}
		return split
	}
	var split []chunk
	at := 0
	for i := range 13 {
		c := chunk{at: at, width: 21, near: 2}
		if i >= 6 {
			c.width, c.near = 19, 1
		}
		if i >= 10 {
			c.width = 18
		}
		split = append(split, c)
		at += c.width
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
