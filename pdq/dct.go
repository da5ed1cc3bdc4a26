package pdq

import (
	"math"
	"slices"
)

const (
	side  = 64 // of the shrunken picture
	freqs = 16 // frequencies kept in each direction
)

// square is the shrunken picture, in rows.
type square [side][side]float32

// quality counts the gradients of the picture that amount to something: each difference
// of neighbors is rounded down to whole percents of the range before it is summed, so
// that much faint noise does not pass for structure.
func (s *square) quality() int {
	total := 0
	for y := range side {
		for x := range side {
			if y+1 < side {
				total += percent(s[y][x], s[y+1][x])
			}
			if x+1 < side {
				total += percent(s[y][x], s[y][x+1])
			}
		}
	}
	return min(total/90, 100)
}

func percent(a, b float32) int {
	return abs(int(float32((a-b)*100) / 255))
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// cosines is the part of the 64-point cosine transform that yields frequencies 1 to 16;
// frequency 0, the mean brightness, is left out.
var cosines = func() (c [freqs][side]float32) {
	scale := float32(math.Sqrt(2.0 / side))
	for i := range freqs {
		for j := range side {
			angle := math.Pi / 2 / side * float64(i+1) * float64(2*j+1)
			c[i][j] = float32(float64(scale) * math.Cos(angle))
		}
	}
	return c
}()

// spectrum holds the frequencies that are kept, in rows of rising horizontal frequency.
type spectrum [freqs * freqs]float32

// transform returns the frequencies of the picture.
//
// The bits depend on the order of every addition: a sum starts at zero and takes its
// products by rising index. Without the conversion of each product the compiler may fuse
// it with the addition, which rounds once instead of twice and flips bits.
func (s *square) transform() *spectrum {
	var half [freqs][side]float32 // columns transformed
	for i := range freqs {
		c := &cosines[i]
		for j := 0; j < side; j += 4 {
			var s0, s1, s2, s3 float32
			for k := range side {
				row := (*[4]float32)(s[k][j:])
				s0 += float32(c[k] * row[0])
				s1 += float32(c[k] * row[1])
				s2 += float32(c[k] * row[2])
				s3 += float32(c[k] * row[3])
			}
			half[i][j], half[i][j+1], half[i][j+2], half[i][j+3] = s0, s1, s2, s3
		}
	}
	var full spectrum // rows transformed too
	for i := range freqs {
		for j := range freqs {
			var sum float32
			for k, c := range &cosines[j] {
				sum += float32(half[i][k] * c)
			}
			full[i*freqs+j] = sum
		}
	}
	return &full
}

// hash compares each frequency with the median: the lower of the two middle values, which
// is what the reference's search for the median comes down to for an even number of values.
func (full *spectrum) hash() Hash {
	sorted := *full
	slices.Sort(sorted[:])
	median := sorted[len(sorted)/2-1]
	var h Hash
	for k, f := range full {
		if f > median {
			h[len(h)-1-k/8] |= 1 << (k % 8)
		}
	}
	return h
}
