package pdq

import (
	"image"
	"image/color"
)

// The products of the luma weights with every byte. Looked up, they leave only additions
// to be done, so there is nothing a compiler could fuse.
var (
	fromRed   = products(0.299)
	fromGreen = products(0.587)
	fromBlue  = products(0.114)
)

func products(weight float32) (p [256]float32) {
	for i := range p {
		p[i] = float32(weight * float32(i))
	}
	return p
}

func weigh(r, g, b uint8) float32 { return fromRed[r] + fromGreen[g] + fromBlue[b] }

// lumaRGB takes three bytes a pixel.
func lumaRGB(pix []byte, dst []quad, lane int) {
	lane &= lanes - 1
	pix = pix[:3*len(dst)]
	for x := range dst {
		p := (*[3]byte)(pix[3*x:])
		dst[x][lane] = weigh(p[0], p[1], p[2])
	}
}

// lumaOf returns how to read img. The picture types that decoders yield have ways of
// their own; all others, and 16-bit ones, go through RGBA64At or At.
func lumaOf(img image.Image) rowFunc {
	switch m := img.(type) {
	case *image.YCbCr:
		return ycbcr(m)
	case *image.NYCbCrA:
		return ycbcr(&m.YCbCr)
	case *image.Gray:
		return gray(m)
	case *image.Paletted:
		return paletted(m)
	case *image.NRGBA:
		return nrgba(m)
	case *image.RGBA:
		return rgba(m)
	case *image.NRGBA64:
		return nrgba64(m)
	case *image.CMYK:
		return cmyk(m)
	case image.RGBA64Image:
		return anyRGBA64(m)
	}
	return anyImage(img)
}

func gray(m *image.Gray) rowFunc {
	b := m.Bounds()
	return grayRows(func(y int) []byte { return m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):] })
}

// grayRows reads rows of gray, a byte a pixel, that may be longer than the picture is wide.
func grayRows(row func(y int) []byte) rowFunc {
	var table [256]float32
	for i := range table {
		table[i] = weigh(uint8(i), uint8(i), uint8(i))
	}
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		pix := row(y)[:len(dst)]
		for x, p := range pix {
			dst[x][lane] = table[p]
		}
	}
}

// paletted reads an index beyond the palette as black.
func paletted(m *image.Paletted) rowFunc {
	var table [256]float32
	for i, c := range m.Palette[:min(len(m.Palette), len(table))] {
		table[i] = lumaColor(c)
	}
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		pix := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):][:len(dst)]
		for x, p := range pix {
			dst[x][lane] = table[p]
		}
	}
}

func nrgba(m *image.NRGBA) rowFunc {
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		pix := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):][:4*len(dst)]
		for x := range dst {
			p := (*[4]byte)(pix[4*x:])
			dst[x][lane] = weigh(p[0], p[1], p[2])
		}
	}
}

func rgba(m *image.RGBA) rowFunc {
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		pix := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):][:4*len(dst)]
		for x := range dst {
			p := (*[4]byte)(pix[4*x:])
			if p[3] == 0xff {
				dst[x][lane] = weigh(p[0], p[1], p[2])
			} else {
				dst[x][lane] = lumaColor(color.RGBA{R: p[0], G: p[1], B: p[2], A: p[3]})
			}
		}
	}
}

func nrgba64(m *image.NRGBA64) rowFunc {
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		pix := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):][:8*len(dst)]
		for x := range dst {
			p := (*[8]byte)(pix[8*x:])
			dst[x][lane] = weigh(p[0], p[2], p[4])
		}
	}
}

func cmyk(m *image.CMYK) rowFunc {
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		lane &= lanes - 1
		pix := m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):][:4*len(dst)]
		for x := range dst {
			p := (*[4]byte)(pix[4*x:])
			dst[x][lane] = weigh(color.CMYKToRGB(p[0], p[1], p[2], p[3]))
		}
	}
}

func anyRGBA64(m image.RGBA64Image) rowFunc {
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		for x := range dst {
			c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
			r, g, b := straight(uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A))
			dst[x][lane] = weigh(r, g, b)
		}
	}
}

func anyImage(m image.Image) rowFunc {
	b := m.Bounds()
	return func(y int, dst []quad, lane int) {
		for x := range dst {
			dst[x][lane] = lumaColor(m.At(b.Min.X+x, b.Min.Y+y))
		}
	}
}

// lumaColor takes the stored color where alpha was not multiplied into it.
func lumaColor(c color.Color) float32 {
	switch c := c.(type) {
	case color.NRGBA:
		return weigh(c.R, c.G, c.B)
	case color.NRGBA64:
		return weigh(uint8(c.R>>8), uint8(c.G>>8), uint8(c.B>>8))
	}
	return weigh(straight(c.RGBA()))
}

// straight divides alpha out of a premultiplied 16-bit color and keeps the high bytes.
func straight(r, g, b, a uint32) (uint8, uint8, uint8) {
	switch a {
	case 0:
		return 0, 0, 0
	case 0xffff:
		return uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)
	}
	// A color brighter than its alpha is not valid; it must not wrap around.
	part := func(v uint32) uint8 { return uint8(min(v, a) * 0xffff / a >> 8) }
	return part(r), part(g), part(b)
}
