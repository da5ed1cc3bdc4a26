package luma

import "encoding/binary"

// The luma of a pixel is that of its color, and a color has no channel below 0 or above 255.
// Where luma and chroma of a file say otherwise, as they do for strong colors that were coarsely
// quantized, the channel is clipped, and the color's luma is not the file's. Samples there
// are replaced. Bounds tell where there may be one: first for all samples under a block of
// chroma, then for each row, so that for most blocks of most pictures no chroma is worked out.

// clipUnder replaces the luma of clipped colors under the blocks of chroma at this place of the
// strip. It spoils the blocks.
func (d *decoder) clipUnder(x, y int, blue, red *block) {
	luma, chroma := &d.parts[0], &d.parts[1]
	// So many samples share one of chroma, as a power of two: 1, 2 or 4 across and 1 or 2 down.
	across, down := luma.h/chroma.h/2, luma.v/chroma.v/2
	lines := d.strip[d.at(x<<across, y<<down):]
	b0, b1, ok0 := blue.bounds()
	r0, r1, ok1 := red.bounds()
	low, top := between(b0, b1, r0, r1)
	if ok0 && ok1 && within(lines, d.stride, 8<<across, 8<<down, low, top) {
		return
	}
	var cb, cr [64]byte
	blue.transform(&cb)
	red.transform(&cr)
	for i := range 8 {
		clip(lines[(i<<down)*d.stride:], d.stride, across, down, (*[8]byte)(cb[8*i:]), (*[8]byte)(cr[8*i:]))
	}
}

// clip replaces the luma of clipped colors under a row of chroma.
func clip(lines []byte, stride, across, down int, cb, cr *[8]byte) {
	b0, b1 := extent(cb)
	r0, r1 := extent(cr)
	low, top := between(b0, b1, r0, r1)
	if within(lines, stride, 8<<across, 1<<down, low, top) {
		return
	}
	var colors [8]color
	for i := range colors {
		b, r := int32(cb[i])-128, int32(cr[i])-128
		colors[i] = color{red: 91881 * r, green: -22554*b - 46802*r, blue: 116130 * b}
	}
	for y := range 1 << down {
		line := lines[y*stride:][:8<<across]
		for x, luma := range line {
			c := &colors[x>>across&7]
			gray, v := int32(luma)*0x10101, int32(luma)
			red, green, blue := (gray+c.red)>>16, (gray+c.green)>>16, (gray+c.blue)>>16
			// That a channel clips is no surprise here: the sum is made either way.
			clipped := (ofRed.at(red) + ofGreen.at(green) + ofBlue.at(blue)) >> 16
			if uint32(red|green|blue) > 255 {
				v = clipped
			}
			line[x] = uint8(v)
		}
	}
}

// color is what chroma adds to each channel, in 1/65536, with the factors of image/color.
type color struct{ red, green, blue int32 }

// share is what a channel, clipped, adds to luma, in 1/65536. Chroma moves a channel by 227 at most.
type share [1024]int32

var (
	ofRed   = shares(19595, 1<<15) // with what rounds the sum
	ofGreen = shares(38470, 0)
	ofBlue  = shares(7471, 0)
)

func shares(weight, more int32) (s share) {
	for i := range s {
		s[i] = weight*int32(min(max(i-256, 0), 255)) + more
	}
	return s
}

func (s *share) at(channel int32) int32 { return s[uint32(channel+256)%uint32(len(s))] }

// between returns luma, from low to top, at which no color clips whose chroma lies from b0 to b1
// and from r0 to r1. There may be none. Neither leaves a byte's range: of three reaches one is
// not below zero.
func between(b0, b1, r0, r1 int32) (low, top int32) {
	under := max(-91881*r0, -116130*b0, 22554*b1+46802*r1)
	over := max(91881*r1, 116130*b1, -22554*b0-46802*r0)
	return (under + 0x10100) / 0x10101, (1<<24 - 1 - over) / 0x10101
}

// extent returns the smallest and the largest sample, 128 being zero.
func extent(samples *[8]byte) (low, top int32) {
	low, top = 255, 0
	for _, v := range samples {
		low, top = min(low, int32(v)), max(top, int32(v))
	}
	return low - 128, top - 128
}

// bounds returns between what the samples of b lie, 128 being zero. They are sums of
// coefficients, of which the mean weighs an eighth and each other a quarter at most. It is not
// ok where coefficients are so large that a sum may overflow.
func (b *block) bounds() (low, top int32, ok bool) {
	if b.last == 0 {
		v := int32(b.mean()) - 128
		return v, v, true
	}
	const most = 2048
	mean, rest := b.c[0], int32(b.rest)
	if mean < -most || mean > most || b.rest > most {
		return 0, 0, false
	}
	const rounded = 4 // on the way, by less than this in all
	return mean>>3 - rest>>2 - rounded, mean>>3 + rest>>2 + rounded, true
}

// within reports whether all samples of an area lie from low to top. Its width is a multiple of 8.
func within(lines []byte, stride, width, height int, low, top int32) bool {
	if low > 127 || top < 128 {
		return false
	}
	// Eight bytes at a time. If one of v is smaller than below, which has no high bit, taking
	// below away sets the high bit of the first such one, which it had not. What is borrowed
	// from the bytes after it no longer matters.
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	below, above := uint64(low)*ones, uint64(255-top)*ones
	var bad uint64
	for y := range height {
		line := lines[y*stride:][:width]
		for x := 0; x <= len(line)-8; x += 8 {
			v := binary.LittleEndian.Uint64(line[x:])
			bad |= (v-below)&^v | (^v-above)&v
		}
	}
	return bad&highs == 0
}
