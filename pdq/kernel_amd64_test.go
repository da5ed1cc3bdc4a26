package pdq

import (
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
)

// slowly runs f with Go alone. Tests that use it do not run beside others.
func slowly(f func()) {
	defer func(was bool) { fast = was }(fast)
	fast = false
	f()
}

// TestEveryColor holds both ways to read pixels to the standard library, for all that a pixel can be.
func TestEveryColor(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 256, 1), image.YCbCrSubsampleRatio444)
	for i := range m.Y {
		m.Y[i] = uint8(i)
	}
	read, row := lumaOf(m), make([]quad, 256)
	check := func(cb, cr int) {
		read(0, row, cb%lanes)
		for y := range row {
			if got, want := row[y][cb%lanes], weigh(color.YCbCrToRGB(uint8(y), uint8(cb), uint8(cr))); got != want {
				t.Fatalf("%d, %d, %d: got %v, want %v", y, cb, cr, got, want)
			}
		}
	}
	for cb := range 256 {
		for i := range m.Cb {
			m.Cb[i] = uint8(cb)
		}
		for cr := range 256 {
			for i := range m.Cr {
				m.Cr[i] = uint8(cr)
			}
			check(cb, cr)
			if (cb+cr)%16 == 0 {
				slowly(func() { check(cb, cr) })
			}
		}
	}
}

// FuzzKernels holds the kernels to what Go does without them, in every bit.
func FuzzKernels(f *testing.F) {
	for i := range 12 {
		f.Add(uint64(i), uint16(5+37*i), uint16(300-23*i), uint8(i))
	}
	f.Add(uint64(99), uint16(1600), uint16(70), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, width, height uint16, ratio uint8) {
		w, h := minSide+int(width)%2000, minSide+int(height)%400
		m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio(ratio%6))
		r := rand.New(rand.NewPCG(seed, 1))
		for _, plane := range [][]uint8{m.Y, m.Cb, m.Cr} {
			for i := range plane {
				plane[i] = uint8(r.Uint32())
			}
		}
		part := m.SubImage(image.Rect(r.IntN(3), r.IntN(3), w, h)).(*image.YCbCr)
		size := part.Bounds().Size()
		if size.X < minSide || size.Y < minSide {
			return
		}
		var got, want square
		shrink(size.X, size.Y, lumaOf(part), &got)
		slowly(func() { shrink(size.X, size.Y, lumaOf(part), &want) })
		if got != want {
			t.Errorf("%v of %dx%d: the kernels differ from Go", m.SubsampleRatio, w, h)
		}
	})
}

// TestSlowly holds the filter without kernels to whole passes, too.
func TestSlowly(t *testing.T) {
	slowly(func() { testShrink(t) })
}
