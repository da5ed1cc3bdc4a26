package pdq_test

import (
	"errors"
	"image"
	"path/filepath"
	"strings"
	"testing"

	"lantern/pdq"
)

// turned returns img turned so that its pixel at x, y comes to lie where to says, of a
// picture w x h.
func turned(img image.Image, swap bool, to func(x, y, w, h int) (int, int)) image.Image {
	b := img.Bounds()
	size := b.Size()
	if swap {
		size.X, size.Y = size.Y, size.X
	}
	m := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range b.Dy() {
		for x := range b.Dx() {
			tx, ty := to(x, y, b.Dx(), b.Dy())
			m.Set(tx, ty, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return m
}

// TestSumTurned holds each hash against that of the picture when it is really turned. These
// have hard edges, and sampling is off the middle by half a pixel: up to 50 bits differ, while
// unrelated hashes differ in 128.
func TestSumTurned(t *testing.T) {
	t.Parallel()
	ways := []struct {
		name string
		swap bool
		to   func(x, y, w, h int) (int, int)
	}{
		{"as it is", false, func(x, y, w, h int) (int, int) { return x, y }},
		{"90", true, func(x, y, w, h int) (int, int) { return y, w - 1 - x }},
		{"180", false, func(x, y, w, h int) (int, int) { return w - 1 - x, h - 1 - y }},
		{"270", true, func(x, y, w, h int) (int, int) { return h - 1 - y, x }},
		{"top to bottom", false, func(x, y, w, h int) (int, int) { return x, h - 1 - y }},
		{"left to right", false, func(x, y, w, h int) (int, int) { return w - 1 - x, y }},
		{"diagonal", true, func(x, y, w, h int) (int, int) { return y, x }},
		{"other diagonal", true, func(x, y, w, h int) (int, int) { return h - 1 - y, w - 1 - x }},
	}
	for _, v := range readVectors(t, "testdata", "synthetic.csv") {
		name := filepath.Base(v.file)
		if !strings.HasPrefix(name, "shapes-") {
			continue
		}
		img := decodeFile(t, v.file)
		if size := img.Bounds().Size(); size.X < 128 || size.Y < 128 {
			continue // sampling by whole pixels is lopsided in small ones
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, quality, err := pdq.SumTurned(img)
			if err != nil || all[0] != v.hash || quality != v.quality {
				t.Fatalf("the first is not what Sum gives: quality %d, %v", quality, err)
			}
			for i, way := range ways {
				want, _, err := pdq.Sum(turned(img, way.swap, way.to))
				if err != nil {
					t.Fatal(err)
				}
				for j, h := range all {
					if d := h.Distance(want); d > 60 && i == j || d <= 60 && i != j {
						t.Errorf("%s: hash %d is %d bits away", way.name, j, d)
					}
				}
			}
		})
	}
	if _, _, err := pdq.SumTurned(image.NewGray(image.Rect(0, 0, 4, 9))); !errors.Is(err, pdq.ErrTooSmall) {
		t.Errorf("got %v, want ErrTooSmall", err)
	}
}
