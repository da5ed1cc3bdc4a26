package luma

import "encoding/binary"

// block holds 8x8 coefficients, in rows of rising horizontal frequency and multiplied out.
// Behind last, a place in zigzag order, all are zero; rest is the sum of all but the first, without
// their signs.
type block struct {
	c    [64]int32
	last int
	rest uint64
}

// set puts a coefficient other than the first at a place in zigzag order, behind those set before.
func (b *block) set(k int, v int32) {
	b.c[natural[k&63]&63] = v
	b.last = k
	b.rest += uint64(uint32(max(v, -v)))
}

// natural leads from a place in zigzag order, in which files have coefficients, to that in rows.
var natural = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// rowsTo says how many rows the places in zigzag order up to each reach into.
var rowsTo = func() (rows [64]int) {
	most := 0
	for i, at := range natural {
		most = max(most, int(at/8)+1)
		rows[i] = most
	}
	return rows
}()

// The inverse transform is that of Loeffler, Ligtenberg and Moschytz ("Practical fast 1-D DCT
// algorithms with 11 multiplications", 1989) in integers, along rows and then along columns.
// Constants, shifts and where it rounds are those of Go's image/jpeg (Copyright The Go Authors,
// BSD license), so that every bit is the same, for coefficients that overflow, too. What is left
// out here is work on coefficients that are zero.
//
// The constants are cosines and sines of sixteenths of pi and the root of a half, multiplied
// by a power of two.
const (
	cos1, sin1      = 4017, 799  // 2^12
	cos3, sin3      = 3406, 2276 // 2^12
	cos6, sin6      = 1108, 2676 // 2^12, times the root of a half
	cos6x18         = 70936      // the same, 2^18
	sin6x18         = 171254     //
	rootx8, rootx14 = 181, 11585 // 2^8, 2^14
)

// transform returns the 8x8 samples of b in out. It spoils b.
func (b *block) transform(out *[64]byte) {
	if b.last == 0 {
		v := uint64(b.mean()) * 0x0101010101010101
		for i := 0; i < len(out); i += 8 {
			binary.NativeEndian.PutUint64(out[i:], v)
		}
		return
	}
	rows := rowsTo[b.last&63]
	b.rows(rows)
	if rows <= 4 {
		b.columns4(out)
	} else {
		b.columns8(out)
	}
}

// mean is what all samples of a block are that has nothing but a mean.
func (b *block) mean() uint8 { return sample((b.c[0]<<17 + 1<<19) >> 2) }

// sample takes what comes out of the columns: it drops the fraction of 18 bits, moves zero to 128 and
// clips.
func sample(v int32) uint8 {
	v = v>>18 + 128
	if uint32(v) > 255 {
		v = ^(v >> 31)
	}
	return uint8(v)
}

func turn(x, y, cos, sin int32) (int32, int32) { return cos*x - sin*y, cos*y + sin*x }

// rows transforms the first n rows; the others are zero.
func (b *block) rows(n int) {
	for i := range n {
		x := (*[8]int32)(b.c[8*i:])
		even0, even1 := x[0]<<17+x[4]<<17, x[0]<<17-x[4]<<17
		even2, even3 := turn(x[2], x[6], cos6x18, sin6x18)
		even1, even2 = even1+even2, even1-even2
		even0, even3 = even0+even3, even0-even3

		odd7, odd4 := x[1]<<7+x[7]<<7, x[1]<<7-x[7]<<7
		odd6, odd5 := x[5]*rootx8, x[3]*rootx8
		odd7, odd5 = odd7+odd5, odd7-odd5
		odd4, odd6 = odd4+odd6, odd4-odd6
		odd4, odd7, odd5, odd6 = odd4>>2, odd7>>2, odd5>>2, odd6>>2
		odd4, odd7 = turn(odd4, odd7, cos3, sin3)
		odd5, odd6 = turn(odd5, odd6, cos1, sin1)

		x[0], x[7] = even0+odd7, even0-odd7
		x[1], x[6] = even1+odd6, even1-odd6
		x[2], x[5] = even2+odd5, even2-odd5
		x[3], x[4] = even3+odd4, even3-odd4
	}
}

// columns8 transforms the columns into samples.
func (b *block) columns8(out *[64]byte) {
	for i := range 8 {
		x := (*[57]int32)(b.c[i:])
		x0 := x[0] + 1<<19
		even0, even1 := (x0+x[32])>>2, (x0-x[32])>>2
		x2, x6 := x[16]>>13, x[48]>>13
		even2, even3 := turn(x2, x6, cos6, sin6)
		even1, even2 = even1+even2, even1-even2
		even0, even3 = even0+even3, even0-even3

		odd7, odd4 := x[8]+x[56], x[8]-x[56]
		odd6, odd5 := (x[40]>>13)*rootx14, (x[24]>>13)*rootx14
		odd7, odd5 = odd7+odd5, odd7-odd5
		odd4, odd6 = odd4+odd6, odd4-odd6
		odd4, odd7, odd5, odd6 = odd4>>14, odd7>>14, odd5>>14, odd6>>14
		odd4, odd7 = turn(odd4, odd7, cos3, sin3)
		odd5, odd6 = turn(odd5, odd6, cos1, sin1)

		out[i], out[56+i] = sample(even0+odd7), sample(even0-odd7)
		out[8+i], out[48+i] = sample(even1+odd6), sample(even1-odd6)
		out[16+i], out[40+i] = sample(even2+odd5), sample(even2-odd5)
		out[24+i], out[32+i] = sample(even3+odd4), sample(even3-odd4)
	}
}

// columns4 is columns8 for a block whose lower four rows are zero.
func (b *block) columns4(out *[64]byte) {
	for i := range 8 {
		x := (*[25]int32)(b.c[i:])
		even := (x[0] + 1<<19) >> 2
		x2 := x[16] >> 13
		even2, even3 := cos6*x2, sin6*x2
		even1, even2 := even+even2, even-even2
		even0, even3 := even+even3, even-even3

		x3 := (x[24] >> 13) * rootx14
		odd7, odd5 := (x[8]+x3)>>14, (x[8]-x3)>>14
		x1 := x[8] >> 14
		odd4, odd7 := turn(x1, odd7, cos3, sin3)
		odd5, odd6 := turn(odd5, x1, cos1, sin1)

		out[i], out[56+i] = sample(even0+odd7), sample(even0-odd7)
		out[8+i], out[48+i] = sample(even1+odd6), sample(even1-odd6)
		out[16+i], out[40+i] = sample(even2+odd5), sample(even2-odd5)
		out[24+i], out[32+i] = sample(even3+odd4), sample(even3-odd4)
	}
}
