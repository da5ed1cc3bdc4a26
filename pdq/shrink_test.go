package pdq

import (
	"math/rand/v2"
	"testing"
)

// TestShrinkEqualsWholePasses holds the streamed filter to four passes over the whole
// picture, each one line at a time, in every bit.
func TestShrinkEqualsWholePasses(t *testing.T) {
	t.Parallel()
	testShrink(t)
}

func testShrink(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := [][2]int{{5, 5}, {5, 3000}, {3000, 5}, {64, 64}, {64, 65}, {127, 129}, {128, 256}, {1601, 1003}, {2100, 131}}
	for range 60 {
		sizes = append(sizes, [2]int{5 + rng.IntN(400), 5 + rng.IntN(400)})
	}
	for _, size := range sizes {
		w, h := size[0], size[1]
		picture := make([]float32, w*h)
		for i := range picture {
			picture[i] = 255 * rng.Float32()
		}
		var got square
		shrink(w, h, func(y int, dst []quad, lane int) {
			for x, v := range picture[y*w : (y+1)*w] {
				dst[x][lane] = v
			}
		}, &got)
		if want := shrinkWhole(w, h, picture); got != *want {
			t.Errorf("%dx%d: the streamed filter differs from whole passes", w, h)
		}
	}
}

func shrinkWhole(w, h int, picture []float32) *square {
	if w != side || h != side {
		for range 2 {
			for y := range h {
				meanLine(picture[y*w:], w, 1)
			}
			for x := range w {
				meanLine(picture[x:], h, w)
			}
		}
	}
	var s square
	for i := range side {
		for j := range side {
			y := int((float64(i) + 0.5) * float64(h) / side)
			x := int((float64(j) + 0.5) * float64(w) / side)
			s[i][j] = picture[y*w+x]
		}
	}
	return &s
}

// meanLine replaces n values, step apart, by their running means.
func meanLine(line []float32, n, step int) {
	window := (n + 127) / 128
	out := make([]float32, n)
	var sum float32
	count, added, removed := 0, 0, 0
	for ; added < window/2; added++ {
		sum += line[added*step]
		count++
	}
	for o := range out {
		if added < n {
			sum += line[added*step]
			added++
			count++
		}
		if count > window || added == n && o >= n-window/2 {
			sum -= line[removed*step]
			removed++
			count--
		}
		out[o] = sum / float32(count)
	}
	for i, v := range out {
		line[i*step] = v
	}
}
