package pdq

import "image"

// ycbcr reads the pictures of JPEG and lossy WebP. It goes by way of 8-bit RGB, because
// that is what the hash is defined on: rounding and clamping there shows in the bits.
func ycbcr(m *image.YCbCr) rowFunc {
	b := m.Bounds()
	if b.Min.X < 0 { // chroma is shared differently left of zero; no decoder goes there
		return anyImage(m)
	}
	across := acrossOf(m.SubsampleRatio)
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		ys := m.Y[m.YOffset(b.Min.X, b.Min.Y+y):][:len(dst)]
		at := m.COffset(b.Min.X, b.Min.Y+y)
		last := m.COffset(b.Max.X-1, b.Min.Y+y)
		cbs, crs := m.Cb[at:last+1], m.Cr[at:last+1]
		// How far the first pixel stands from the first that shares its chroma.
		phase := b.Min.X % across
		x := 0
		if phase == 0 {
			x = ycbcrFast(ys, cbs, crs, across, dst, lane)
			cbs, crs = cbs[x/across:], crs[x/across:]
		}
		for i, cb := range cbs {
			c := newChroma(cb, crs[i])
			for ; phase < across && x < len(ys); phase++ {
				// 0x10101 and not 0x10000 rounds as the standard library does.
				gray := int32(ys[x]) * 0x10101
				dst[x][lane] = wideRed.at(gray+c.red) + wideGreen.at(gray+c.green) + wideBlue.at(gray+c.blue)
				x++
			}
			phase = 0
		}
	}
}

// acrossOf returns how many pixels of a row share one chroma sample.
func acrossOf(r image.YCbCrSubsampleRatio) int {
	switch r {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		return 2
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		return 4
	}
	return 1
}

// chroma is what one pair of chroma samples adds to each channel, in 1/65536.
type chroma struct{ red, green, blue int32 }

// newChroma applies the factors of JFIF: 1.402, -0.34414 and -0.71414, 1.772.
func newChroma(cb, cr uint8) chroma {
	b, r := int32(cb)-128, int32(cr)-128
	return chroma{red: 91881 * r, green: -22554*b - 46802*r, blue: 116130 * b}
}

// wide is a table of products that goes on to both sides of a byte with the product of
// the byte next to it, so that clamping takes no branch. Chroma moves a channel by at
// most 227.
type wide [1024]float32

var (
	wideRed   = widen(fromRed)
	wideGreen = widen(fromGreen)
	wideBlue  = widen(fromBlue)
)

func widen(p [256]float32) (w wide) {
	for i := range w {
		w[i] = p[min(max(i-256, 0), 255)]
	}
	return w
}

// at returns the product of the channel v, in 1/65536.
func (w *wide) at(v int32) float32 { return w[uint32(v>>16+256)%uint32(len(w))] }
