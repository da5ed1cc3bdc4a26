package bench

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"lantern/pdq"
)

// BenchmarkPictures measures the perceptual hash of 512x512 pixels beside the standard
// library's decoding of the same JPEG, in turn; "of-decode" is their ratio. Then pictures of
// 1600 pixels: the standard library's decoding, reading luma, which is what SumFile takes
// beyond hashing gray pixels, and how many times as fast that is, "x-decode". Then whole
// pictures, read and hashed, on one core and on two; "x-one" says how many times as many two
// do, and "cpu-us" what a picture takes of processor time, which others on the machine do not
// take away. The pictures are generated, with the detail of photos, in usual and in strong colors.
//
//	go test ./test/bench -run - -bench Pictures -benchtime 20x
func BenchmarkPictures(b *testing.B) {
	b.Run("512x512", func(b *testing.B) {
		file := photo(b, 512, 512, 1)
		var decoding, hashing []time.Duration
		for b.Loop() {
			began := cpuTime()
			m, err := jpeg.Decode(bytes.NewReader(file))
			if err != nil {
				b.Fatal(err)
			}
			decoded := cpuTime()
			if _, _, err := pdq.Sum(m); err != nil {
				b.Fatal(err)
			}
			decoding, hashing = append(decoding, decoded-began), append(hashing, cpuTime()-decoded)
		}
		decode, hash := median(decoding), median(hashing)
		b.ReportMetric(float64(len(file)), "file-bytes")
		b.ReportMetric(float64(decode.Microseconds()), "decode-cpu-us")
		b.ReportMetric(float64(hash.Microseconds()), "hash-cpu-us")
		b.ReportMetric(hash.Seconds()/decode.Seconds(), "of-decode")
	})
	usual, strong := photo(b, 1600, 1004, 1), photo(b, 1600, 1004, 3)
	b.Run("1600x1004/reading", func(b *testing.B) { reading(b, usual) })
	b.Run("1600x1004/whole", func(b *testing.B) { whole(b, usual) })
	b.Run("1600x1004 in strong colors/reading", func(b *testing.B) { reading(b, strong) })
	b.Run("1600x1004 in strong colors/whole", func(b *testing.B) { whole(b, strong) })
}

// whole measures reading and hashing pictures, on one core and on two.
func whole(b *testing.B, file []byte) {
	const each = 12
	var wall, cpu [2][]time.Duration
	for b.Loop() {
		for i := range wall {
			began := cpuTime()
			wall[i] = append(wall[i], hashAll(b, file, each, i+1))
			cpu[i] = append(cpu[i], cpuTime()-began)
		}
	}
	one, two := median(wall[0]), median(wall[1])
	b.ReportMetric(each/one.Seconds(), "pictures/s-one")
	b.ReportMetric(each/two.Seconds(), "pictures/s-two")
	b.ReportMetric(one.Seconds()/two.Seconds(), "x-one")
	b.ReportMetric(float64(median(cpu[0]).Microseconds())/each, "cpu-us-one")
	b.ReportMetric(float64(median(cpu[1]).Microseconds())/each, "cpu-us-two")
}

// reading measures decoding, reading luma and hashing apart, in turn. Each is done some times in
// a row, for what one leaves to be collected the next would pay.
func reading(b *testing.B, file []byte) {
	const row = 6
	gray := image.NewGray(image.Rect(0, 0, 1600, 1004))
	parts := []func() error{
		func() error { _, err := jpeg.Decode(bytes.NewReader(file)); return err },
		func() error { _, _, err := pdq.SumFile(bytes.NewReader(file), pdq.Limits{}); return err },
		func() error { _, _, err := pdq.Sum(gray); return err },
	}
	took := make([][]time.Duration, len(parts))
	for b.Loop() {
		for i, part := range parts {
			began := cpuTime()
			for range row {
				if err := part(); err != nil {
					b.Fatal(err)
				}
			}
			took[i] = append(took[i], (cpuTime()-began)/row)
		}
	}
	decode, hash := median(took[0]), median(took[2])
	luma := median(took[1]) - hash
	b.ReportMetric(float64(len(file)), "file-bytes")
	b.ReportMetric(float64(decode.Microseconds()), "decode-cpu-us")
	b.ReportMetric(float64(luma.Microseconds()), "luma-cpu-us")
	b.ReportMetric(float64(hash.Microseconds()), "hash-cpu-us")
	b.ReportMetric(decode.Seconds()/luma.Seconds(), "x-decode")
}

// hashAll reads and hashes a picture n times with so many workers, and returns how long
// that took.
func hashAll(b *testing.B, file []byte, n, workers int) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				if _, _, err := pdq.SumFile(bytes.NewReader(file), pdq.Limits{}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// photo is a JPEG with as much detail as a photo's: noise at every scale. Colors says how many
// times as far from gray they are.
func photo(b *testing.B, width, height int, colors float64) []byte {
	r := rand.New(rand.NewPCG(uint64(width), 9))
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	var planes [3][]float64
	for c := range planes {
		planes[c] = make([]float64, width*height)
		for scale, weight := 256, 45.0; scale >= 1; scale, weight = scale/2, weight*0.8 {
			addNoise(r, planes[c], width, scale, weight)
		}
	}
	for i := range width * height {
		gray := 0.299*planes[0][i] + 0.587*planes[1][i] + 0.114*planes[2][i]
		at := func(c int) uint8 { return uint8(min(max(128+gray+colors*(planes[c][i]-gray), 0), 255)) }
		m.SetRGBA(i%width, i/width, color.RGBA{R: at(0), G: at(1), B: at(2), A: 255})
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, m, &jpeg.Options{Quality: 92}); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

// addNoise adds random values on a grid, and between its points what lies between them.
func addNoise(r *rand.Rand, plane []float64, width, scale int, weight float64) {
	height := len(plane) / width
	columns := width/scale + 2
	grid := make([]float64, columns*(height/scale+2))
	for i := range grid {
		grid[i] = (2*r.Float64() - 1) * weight
	}
	for y := range height {
		for x := range width {
			fx, fy := float64(x%scale)/float64(scale), float64(y%scale)/float64(scale)
			g := grid[y/scale*columns+x/scale:]
			top := g[0] + (g[1]-g[0])*fx
			bottom := g[columns] + (g[columns+1]-g[columns])*fx
			plane[y*width+x] += top + (bottom-top)*fy
		}
	}
}
