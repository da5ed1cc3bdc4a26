package luma

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	imagecolor "image/color"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const manyPixels = 1 << 22

// decode reads all rows, with clipping or without.
func decode(file []byte, maxPixels int64, clips bool) (*image.Gray, bool) {
	p, ok := Open(file, maxPixels)
	if !clips { // what Open does, without it
		p = &Picture{decoder{bits: bits{src: file}, maxPixels: maxPixels}}
		ok = p.d.open()
	}
	if !ok {
		return nil, false
	}
	m := image.NewGray(image.Rect(0, 0, p.d.width, p.d.height))
	for y := range p.d.height {
		copy(m.Pix[y*m.Stride:], p.Row(y))
	}
	return m, p.Whole()
}

// compare reads a file here and by image/jpeg. It fails the test if a file is read that
// image/jpeg refuses, or if a sample differs. It reports whether the file is read here.
func compare(t *testing.T, file []byte) bool {
	t.Helper()
	plain, read := decode(file, manyPixels, false)
	got, clipsRead := decode(file, manyPixels, true)
	if read != clipsRead {
		t.Fatalf("read: %v with clipping, %v without", clipsRead, read)
	}
	if !read {
		return false
	}
	want, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("image/jpeg refuses what is read: %v", err)
	}
	if got.Rect != want.Bounds() {
		t.Fatalf("%v, image/jpeg has %v", got.Rect, want.Bounds())
	}
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			raw, luma := lumaAt(t, want, x, y)
			if v := plain.GrayAt(x, y).Y; v != raw {
				t.Fatalf("(%d,%d): %d, the Y of image/jpeg is %d", x, y, v, raw)
			}
			if v := got.GrayAt(x, y).Y; v != luma {
				t.Fatalf("(%d,%d): %d, the luma of the color is %d, with Y %d", x, y, v, luma, raw)
			}
		}
	}
	return true
}

// lumaAt returns the Y of a pixel, and what stands for it if its color is clipped: channels are
// of whole numbers here, as image/color computes them.
func lumaAt(t *testing.T, m image.Image, x, y int) (raw, luma uint8) {
	switch m := m.(type) {
	case *image.Gray:
		raw = m.GrayAt(x, y).Y
		return raw, raw
	case *image.YCbCr:
		c := m.YCbCrAt(x, y)
		gray, b, r := int(c.Y)*0x10101, int(c.Cb)-128, int(c.Cr)-128
		for _, channel := range []int{gray + 91881*r, gray - 22554*b - 46802*r, gray + 116130*b} {
			if channel < 0 || channel >= 1<<24 {
				red, green, blue := imagecolor.YCbCrToRGB(c.Y, c.Cb, c.Cr)
				return c.Y, uint8((19595*int(red) + 38470*int(green) + 7471*int(blue) + 1<<15) >> 16)
			}
		}
		return c.Y, c.Y
	}
	t.Fatalf("image/jpeg made a %T", m)
	return 0, 0
}

// sketches returns made-up files of all kinds that are read.
func sketches() map[string][]byte {
	files := map[string][]byte{}
	r := rand.New(rand.NewPCG(3, 4))
	kinds := [][]int{
		{0x11}, {0x22}, {0x11, 0x11, 0x11}, {0x22, 0x11, 0x11}, {0x21, 0x11, 0x11}, {0x12, 0x11, 0x11},
		{0x41, 0x11, 0x11}, {0x42, 0x11, 0x11}, {0x22, 0x12, 0x12}, {0x21, 0x21, 0x21}, {0x41, 0x21, 0x21},
	}
	for _, factors := range kinds {
		for _, size := range [][2]int{{1, 1}, {8, 8}, {17, 33}, {64, 16}, {75, 50}} {
			for _, progressive := range []bool{false, true} {
				for _, restart := range []int{0, 1 + r.IntN(5)} {
					if progressive && restart > 0 && factors[0] != 0x11 {
						continue
					}
					for _, strong := range []int{3, 40, 200} {
						s := &sketch{width: size[0], height: size[1], factors: factors, progressive: progressive, restart: restart, strong: strong}
						name := fmt.Sprintf("%x %dx%d progressive=%v restart=%d strong=%d", factors, size[0], size[1], progressive, restart, strong)
						files[name] = s.file(uint64(len(files)))
					}
				}
			}
		}
	}
	return files
}

// written returns files that libjpeg wrote.
func written(t testing.TB) map[string][]byte {
	names, err := filepath.Glob(filepath.Join("testdata", "*.jpg"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = file
	}
	return files
}

func TestEqualsImageJPEG(t *testing.T) {
	t.Parallel()
	for name, file := range sketches() {
		if !compare(t, file) {
			_, err := jpeg.Decode(bytes.NewReader(file))
			t.Errorf("%s is left to image/jpeg, which says %v", name, err)
		}
	}
	left := map[string]bool{"arithmetic.jpg": true, "rgb.jpg": true, "restart-progressive.jpg": true}
	for name, file := range written(t) {
		if compare(t, file) == left[name] {
			t.Errorf("%s: left to image/jpeg: %v", name, !left[name])
		}
	}
}

// TestQualities reads what the standard library writes.
func TestQualities(t *testing.T) {
	t.Parallel()
	m := image.NewRGBA(image.Rect(0, 0, 99, 61))
	r := rand.New(rand.NewPCG(5, 6))
	for y := range 61 {
		for x := range 99 {
			m.SetRGBA(x, y, imagecolor.RGBA{uint8(x * 3), uint8(255 * (y / 9 % 2)), uint8(r.IntN(1 + x)), 255})
		}
	}
	for quality := 1; quality <= 100; quality += 3 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		if !compare(t, b.Bytes()) {
			t.Errorf("quality %d is left to image/jpeg", quality)
		}
	}
}

// TestDamaged changes and cuts files: what is read must still be what image/jpeg reads.
func TestDamaged(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	read, left := 0, 0
	all := sketches()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		file := all[name]
		for range 4 {
			bad := bytes.Clone(file)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
			}
			if r.IntN(4) == 0 {
				bad = bad[:r.IntN(len(bad))]
			}
			if compare(t, bad) {
				read++
			} else {
				left++
			}
		}
	}
	t.Logf("%d were read all the same, %d left", read, left)
	if read == 0 || left == 0 {
		t.Error("damage shows always, or never")
	}
}

// TestClipped holds what replaces the luma of a pixel to the color's own.
func TestClipped(t *testing.T) {
	t.Parallel()
	for y := range 256 {
		for cb := 0; cb < 256; cb += 3 {
			for cr := 0; cr < 256; cr += 3 {
				line := [8]byte{uint8(y), uint8(y), uint8(y), uint8(y), uint8(y), uint8(y), uint8(y), uint8(y)}
				clip(line[:], 8, 0, 0, &[8]byte{7: uint8(cb), 0: 128, 1: 128, 2: 128, 3: 128, 4: 128, 5: 128, 6: 128}, &[8]byte{7: uint8(cr), 0: 128, 1: 128, 2: 128, 3: 128, 4: 128, 5: 128, 6: 128})
				r, g, b := imagecolor.YCbCrToRGB(uint8(y), uint8(cb), uint8(cr))
				want := 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)
				if d := float64(line[7]) - want; d > 1 || d < -1 {
					t.Fatalf("Y %d, Cb %d, Cr %d: %d, and the color has %.2f", y, cb, cr, line[7], want)
				}
			}
		}
	}
}

// TestBounds holds the bounds of a block's samples to the samples.
func TestBounds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for range 20000 {
		var b block
		reach := 1 << r.IntN(31)
		for range r.IntN(64) {
			if k, v := r.IntN(64), int32(r.IntN(2*reach+1)-reach); k == 0 {
				b.c[0] = v
			} else if at := &b.c[natural[k]]; *at == 0 {
				last := max(b.last, k)
				b.set(k, v)
				b.last = last
			}
		}
		low, top, ok := b.bounds()
		if !ok {
			continue
		}
		var samples [64]byte
		b.transform(&samples)
		for _, v := range samples {
			if v := int32(v) - 128; v < min(low, 127) || v > max(top, -128) {
				t.Fatalf("a sample of %d is not from %d to %d", v, low, top)
			}
		}
	}
}

// TestLimit shows that a header alone takes no memory: it is not parallel, for it counts.
func TestLimit(t *testing.T) {
	file := (&sketch{width: 64, height: 64, factors: []int{0x22, 0x11, 0x11}, progressive: true, strong: 9}).file(1)
	if _, ok := decode(file, 64*64, true); !ok {
		t.Error("as many pixels as allowed are left")
	}
	if _, ok := decode(file, 64*64-1, true); ok {
		t.Error("a pixel more than allowed is read")
	}
	at := bytes.Index(file, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint32(file[at+5:], 30000<<16|30000)
	if n := testing.AllocsPerRun(1, func() {
		if _, ok := Open(file, 64<<20); ok {
			t.Error("30,000 x 30,000 are read")
		}
	}); n > 2 {
		t.Errorf("%v allocations, want the decoder alone", n)
	}
}

// TestScans counts the scans of files of which that is known.
func TestScans(t *testing.T) {
	t.Parallel()
	files := written(t)
	for name, want := range map[string]int{"440.jpg": 1, "restart-422.jpg": 1, "progressive-444.jpg": 10, "gray-progressive.jpg": 6} {
		if got := Scans(files[name]); got != want {
			t.Errorf("%s: %d scans, want %d", name, got, want)
		}
		if got := Scans(append(bytes.Clone(files[name]), files["progressive-444.jpg"]...)); got != want {
			t.Errorf("%s: %d scans with another picture behind it, want %d", name, got, want)
		}
	}
	for _, nothing := range []string{"", "\xff", "\xff\xd8", "\xff\xd8\xff\xda", "\xff\xd8\xff\xff"} {
		if got := Scans([]byte(nothing)); got != 0 {
			t.Errorf("%x: %d scans", nothing, got)
		}
	}
}

// FuzzDecode looks for a file that is read otherwise than by image/jpeg.
func FuzzDecode(f *testing.F) {
	for _, file := range written(f) {
		f.Add(file)
	}
	all := sketches()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		if file := all[name]; len(file) < 2000 && i%7 == 0 {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if c, err := jpeg.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width*c.Height > 1<<16 {
			return // it would take long
		}
		compare(t, file)
	})
}

var errLeft = errors.New("left to image/jpeg")

// BenchmarkDecode reads a file of one kind after the other.
func BenchmarkDecode(b *testing.B) {
	for _, progressive := range []bool{false, true} {
		file := (&sketch{width: 1600, height: 1000, factors: []int{0x22, 0x11, 0x11}, progressive: progressive, strong: 20}).file(1)
		b.Run(fmt.Sprintf("progressive=%v", progressive), func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, ok := decode(file, manyPixels, true); !ok {
					b.Fatal(errLeft)
				}
			}
		})
	}
}
