package pdq_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"lantern/pdq"
)

// encoded returns one picture in every format. The WebP files were written by libwebp
// from the same picture.
func encoded(t testing.TB) map[string][]byte {
	t.Helper()
	shapes := decodeFile(t, filepath.Join("testdata", "synthetic", "shapes-200x150.png"))
	waves := decodeFile(t, filepath.Join("testdata", "synthetic", "waves-200x150.png"))
	files := map[string][]byte{}
	put := func(name string, encode func(io.Writer) error) {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files[name] = b.Bytes()
	}
	put("png", func(w io.Writer) error { return png.Encode(w, shapes) })
	put("gif", func(w io.Writer) error { return gif.Encode(w, shapes, nil) })
	put("bmp", func(w io.Writer) error { return bmp.Encode(w, shapes) })
	put("tiff", func(w io.Writer) error { return tiff.Encode(w, shapes, nil) })
	put("tiff deflate", func(w io.Writer) error {
		return tiff.Encode(w, shapes, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
	})
	put("jpeg", func(w io.Writer) error { return jpeg.Encode(w, waves, &jpeg.Options{Quality: 90}) })
	for name, file := range map[string]string{
		"webp":       "shapes-200x150.lossless.webp",
		"webp lossy": "waves-200x150.lossy.webp",
		"webp alpha": "waves-200x150.alpha.webp",
	} {
		b, err := os.ReadFile(filepath.Join("testdata", "formats", file))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

func TestDecodeFormats(t *testing.T) {
	t.Parallel()
	exact := map[string]bool{"png": true, "bmp": true, "tiff": true, "tiff deflate": true, "webp": true}
	want := map[string]pdq.Hash{}
	for _, v := range readVectors(t, "testdata", "synthetic.csv") {
		want[strings.TrimSuffix(filepath.Base(v.file), ".png")] = v.hash
	}
	for name, file := range encoded(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format, _, _ := strings.Cut(name, " ")
			if got, ok := pdq.Sniff(file); got != format || !ok {
				t.Errorf("Sniff: got %q, %v, want %q", got, ok, format)
			}
			img, got, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{})
			if err != nil || got != format {
				t.Fatalf("Decode: got format %q and error %v, want %q", got, err, format)
			}
			h, _, err := pdq.Sum(img)
			if err != nil {
				t.Fatal(err)
			}
			picture, bound := "shapes-200x150", 0
			if name == "jpeg" || name == "webp lossy" || name == "webp alpha" {
				picture = "waves-200x150"
			}
			if !exact[name] {
				bound = 10
			}
			if d := h.Distance(want[picture]); d > bound {
				t.Errorf("%d bits from the picture it was made from, want at most %d", d, bound)
			}
			once, _, err := pdq.SumFile(bytes.NewReader(file), pdq.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := once.Distance(h); d > 2 || d > 0 && format != "jpeg" {
				t.Errorf("SumFile: %d bits from Decode and Sum", d)
			}
		})
	}
}

func TestDecodeDamaged(t *testing.T) {
	t.Parallel()
	for name, file := range encoded(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{pdq.SniffLen, len(file) / 2} {
				img, _, err := pdq.Decode(bytes.NewReader(file[:n]), pdq.Limits{})
				if !errors.Is(err, pdq.ErrMalformed) || img != nil {
					t.Errorf("cut to %d bytes: got error %v, want ErrMalformed", n, err)
				}
				if _, _, once := pdq.SumFile(bytes.NewReader(file[:n]), pdq.Limits{}); once == nil || once.Error() != err.Error() {
					t.Errorf("cut to %d bytes: SumFile says %v, Decode %v", n, once, err)
				}
			}
		})
	}
}

// claim returns file with a header that says it is w x h.
func claim(t *testing.T, format string, file []byte, w, h int) []byte {
	t.Helper()
	f := bytes.Clone(file)
	le, be := binary.LittleEndian, binary.BigEndian
	switch format {
	case "png":
		be.PutUint32(f[16:], uint32(w))
		be.PutUint32(f[20:], uint32(h))
		be.PutUint32(f[29:], crc32.ChecksumIEEE(f[12:29]))
	case "gif":
		le.PutUint16(f[6:], uint16(w))
		le.PutUint16(f[8:], uint16(h))
	case "bmp":
		le.PutUint32(f[18:], uint32(w))
		le.PutUint32(f[22:], uint32(h))
	case "tiff":
		ifd := f[le.Uint32(f[4:]):]
		for i := range int(le.Uint16(ifd)) {
			entry := ifd[2+12*i:]
			switch le.Uint16(entry) {
			case 256, 257: // width, length; as 32-bit numbers
				le.PutUint16(entry[2:], 4)
				le.PutUint32(entry[8:], uint32(w))
			}
		}
	case "jpeg":
		sof := bytes.Index(f, []byte{0xff, 0xc0})
		be.PutUint16(f[sof+5:], uint16(h))
		be.PutUint16(f[sof+7:], uint16(w))
	case "webp": // 14 bits each
		le.PutUint32(f[21:], uint32(w-1)&0x3fff|uint32(h-1)&0x3fff<<14)
	case "webp alpha": // the canvas of the extended header
		le.PutUint32(f[24:], uint32(w-1)|uint32(h-1)<<24)
		le.PutUint16(f[28:], uint16((h-1)>>8))
	default:
		t.Fatalf("no way to change a %s", format)
	}
	return f
}

// TestHugeClaims is not parallel: it counts what is allocated.
func TestHugeClaims(t *testing.T) {
	files := encoded(t)
	for _, tt := range []struct {
		format string
		side   int
	}{
		{"png", 30000}, {"gif", 30000}, {"bmp", 30000}, {"tiff", 30000}, {"jpeg", 30000}, {"webp", 16000}, {"webp alpha", 30000},
	} {
		t.Run(tt.format, func(t *testing.T) {
			file := claim(t, tt.format, files[tt.format], tt.side, tt.side)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{})
			if _, _, once := pdq.SumFile(bytes.NewReader(file), pdq.Limits{}); !errors.Is(once, pdq.ErrTooLarge) {
				t.Errorf("SumFile: got error %v, want ErrTooLarge", once)
			}
			runtime.ReadMemStats(&after)
			if !errors.Is(err, pdq.ErrTooLarge) {
				t.Errorf("got error %v, want ErrTooLarge", err)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%dx%d", tt.side, tt.side)) {
				t.Errorf("error %q does not name the dimensions", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Errorf("%d bytes were allocated to refuse a file of %d", n, len(file))
			}
		})
	}
}

// bomb is a sound PNG of side x side pixels of one bit, all black.
func bomb(t testing.TB, side int) []byte {
	t.Helper()
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		body := append([]byte(name), data...)
		b = binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(side))
	header = append(binary.BigEndian.AppendUint32(header, uint32(side)), 1, 0, 0, 0, 0)
	chunk("IHDR", header)
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	row := make([]byte, 1+(side+7)/8)
	for range side {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return b
}

// TestBomb is about a small file that is all it claims to be. It is not parallel: it counts what
// is allocated.
func TestBomb(t *testing.T) {
	if img, _, err := pdq.Decode(bytes.NewReader(bomb(t, 300)), pdq.Limits{}); err != nil || img.Bounds().Dx() != 300 {
		t.Fatalf("a small one is no sound picture: %v", err)
	}
	file := bomb(t, 30000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{})
	runtime.ReadMemStats(&after)
	if !errors.Is(err, pdq.ErrTooLarge) {
		t.Errorf("got error %v, want ErrTooLarge", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated to refuse a file of %d", n, len(file))
	}
}

// scans is a sound progressive JPEG in gray, all 8x8 blocks of the mean, in so many scans after the
// first that change nothing: each takes some bytes and goes through all blocks.
func scans(t testing.TB, side, n int) []byte {
	t.Helper()
	b := []byte("\xff\xd8")
	segment := func(marker byte, body ...byte) {
		b = append(b, 0xff, marker)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(body)+2)), body...)
	}
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	segment(0xc2, 8, byte(side>>8), byte(side), byte(side>>8), byte(side), 1, 1, 0x11, 0)
	// One code each, of one bit, 0: no difference, and that 1<<14 blocks and as many more as 14 bits say are over.
	segment(0xc4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	segment(0xc4, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0)
	blocks := side / 8 * (side / 8)
	segment(0xda, 1, 1, 0, 0, 0, 0)
	b = append(b, make([]byte, (blocks+7)/8)...)
	if blocks%(1<<14) != 0 {
		t.Fatalf("%d blocks are not a multiple of what a run without more bits has", blocks)
	}
	for range n {
		segment(0xda, 1, 1, 0, 1, 63, 0)
		b = append(b, make([]byte, (15*blocks/(1<<14)+7)/8)...)
	}
	return append(b, 0xff, 0xd9)
}

// TestScanBomb is about a small file that would keep a decoder busy for hours.
func TestScanBomb(t *testing.T) {
	t.Parallel()
	const side = 1024
	limit := pdq.Limits{MaxPixels: 2 * side * side}
	for n, want := range map[int]error{10: nil, 199: nil, 200: pdq.ErrTooLarge, 5000: pdq.ErrTooLarge} {
		file := scans(t, side, n)
		img, _, err := pdq.Decode(bytes.NewReader(file), limit)
		if !errors.Is(err, want) || err == nil && img.Bounds().Dx() != side {
			t.Errorf("%d scans, %d bytes: got error %v, want %v", n+1, len(file), err, want)
		}
		if _, _, err := pdq.SumFile(bytes.NewReader(file), limit); !errors.Is(err, want) {
			t.Errorf("%d scans: SumFile: got error %v, want %v", n+1, err, want)
		}
	}
}

// BenchmarkBomb refuses that file.
func BenchmarkBomb(b *testing.B) {
	file := bomb(b, 30000)
	b.ReportMetric(float64(len(file)), "file-bytes")
	for b.Loop() {
		if _, _, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{}); !errors.Is(err, pdq.ErrTooLarge) {
			b.Fatal(err)
		}
	}
}

// TestSmallHeaderLargeFrame covers formats that state dimensions twice.
func TestSmallHeaderLargeFrame(t *testing.T) {
	t.Parallel()
	files := encoded(t)
	for _, format := range []string{"gif", "webp alpha"} {
		file := claim(t, format, files[format], 10, 10)
		if _, _, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{}); !errors.Is(err, pdq.ErrMalformed) {
			t.Errorf("%s: got error %v, want ErrMalformed", format, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	file := encoded(t)["png"]
	size := int64(len(file))
	tests := []struct {
		name  string
		limit pdq.Limits
		want  error
	}{
		{"as many pixels", pdq.Limits{MaxPixels: 200 * 150}, nil},
		{"a pixel too many", pdq.Limits{MaxPixels: 200*150 - 1}, pdq.ErrTooLarge},
		{"as many bytes", pdq.Limits{MaxBytes: size}, nil},
		{"a byte too many", pdq.Limits{MaxBytes: size - 1}, pdq.ErrTooLarge},
		{"fewer bytes than are sniffed", pdq.Limits{MaxBytes: 1}, pdq.ErrTooLarge},
		{"negative means default", pdq.Limits{MaxPixels: -1, MaxBytes: -1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := pdq.Decode(bytes.NewReader(file), tt.limit); !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
			if _, _, err := pdq.SumFile(bytes.NewReader(file), tt.limit); !errors.Is(err, tt.want) {
				t.Errorf("SumFile: got error %v, want %v", err, tt.want)
			}
		})
	}
}

// TestTurn holds that pictures of every format are decoded in their turn, and not if there is none; what is over the limits asks for none.
func TestTurn(t *testing.T) {
	t.Parallel()
	none := errors.New("no turn")
	for name, file := range encoded(t) {
		for call, do := range map[string]func(pdq.Limits) error{
			"Decode":  func(l pdq.Limits) error { _, _, err := pdq.Decode(bytes.NewReader(file), l); return err },
			"SumFile": func(l pdq.Limits) error { _, _, err := pdq.SumFile(bytes.NewReader(file), l); return err },
		} {
			asked, done := int64(0), 0
			turn := func(pixels int64) (func(), error) { asked = pixels; return func() { done++ }, nil }
			if err := do(pdq.Limits{Turn: turn}); err != nil || asked != 200*150 || done != 1 {
				t.Errorf("%s of %s: %v after a turn for %d pixels that ended %d times", call, name, err, asked, done)
			}
			if err := do(pdq.Limits{Turn: func(int64) (func(), error) { return nil, none }}); !errors.Is(err, none) {
				t.Errorf("%s of %s without a turn: %v", call, name, err)
			}
			asked = 0
			if err := do(pdq.Limits{MaxPixels: 1, Turn: turn}); !errors.Is(err, pdq.ErrTooLarge) || asked != 0 {
				t.Errorf("%s of %s over the limit: %v, and a turn for %d", call, name, err, asked)
			}
		}
	}
}

func TestNotAPicture(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":             "",
		"short":             "B",
		"text":              strings.Repeat("plain words ", 1000),
		"text like bmp":     "BMW and other makes are discussed here at length",
		"text like gif":     "GIF89 is how the format spells its version",
		"riff but not webp": "RIFF\x00\x00\x00\x00WAVEfmt and so on and so forth",
		"svg":               `<svg xmlns="http://www.w3.org/2000/svg"></svg>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := strings.NewReader(text)
			if _, _, err := pdq.Decode(r, pdq.Limits{}); !errors.Is(err, pdq.ErrUnsupported) {
				t.Errorf("got error %v, want ErrUnsupported", err)
			}
			if read := len(text) - r.Len(); read > pdq.SniffLen {
				t.Errorf("%d bytes were read of what is no picture, want at most %d", read, pdq.SniffLen)
			}
			if format, ok := pdq.Sniff([]byte(text)); ok {
				t.Errorf("Sniff takes it for %s", format)
			}
		})
	}
}

func TestDecodeReaderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	file := encoded(t)["png"]
	for _, n := range []int{0, 10, 100} {
		r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, _, err := pdq.Decode(r, pdq.Limits{}); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got error %v, want that of the reader", n, err)
		}
	}
	if _, _, err := pdq.Decode(iotest.OneByteReader(bytes.NewReader(file)), pdq.Limits{}); err != nil {
		t.Errorf("byte by byte: %v", err)
	}
}

// TestFirstFrame shows that later frames of an animation do not count.
func TestFirstFrame(t *testing.T) {
	t.Parallel()
	first, err := gif.Decode(bytes.NewReader(encoded(t)["gif"]))
	if err != nil {
		t.Fatal(err)
	}
	frame := first.(*image.Paletted)
	blank := image.NewPaletted(frame.Rect, frame.Palette)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame, blank}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	img, _, err := pdq.Decode(&b, pdq.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, _, _ := pdq.Sum(img)
	want, _, _ := pdq.Sum(first)
	if d := got.Distance(want); d != 0 {
		t.Errorf("%d bits from the first frame, want none", d)
	}
}

// strong is a JPEG of noise in strong colors: what it is made of has each channel's difference
// from gray three times.
func strong(t *testing.T, seed uint64, quality int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	const side = 256
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	var planes [3][side * side]float64
	for c := range planes {
		for step, weight := side/2, 60.0; step > 0; step, weight = step/2, weight*0.7 {
			for y := 0; y < side; y += step {
				for x := 0; x < side; x += step {
					v := (2*r.Float64() - 1) * weight
					for i := range step * step {
						planes[c][(y+i/step)*side+x+i%step] += v
					}
				}
			}
		}
	}
	for i := range side * side {
		red, green, blue := planes[0][i], planes[1][i], planes[2][i]
		gray := 0.299*red + 0.587*green + 0.114*blue
		channel := func(v float64) uint8 { return uint8(min(max(128+gray+3*(v-gray), 0), 255)) }
		m.SetRGBA(i%side, i/side, color.RGBA{channel(red), channel(green), channel(blue), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestStrongColors holds the hash of a JPEG's luma to that of its colors where many of them clip.
// The luma of the file itself would be far off, which the test shows, too.
func TestStrongColors(t *testing.T) {
	t.Parallel()
	worst, worstRaw := 0, 0
	for seed := range uint64(12) {
		for _, quality := range []int{5, 15, 60} {
			file := strong(t, seed, quality)
			img, _, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			want, wantQuality, err := pdq.Sum(img)
			if err != nil {
				t.Fatal(err)
			}
			got, gotQuality, err := pdq.SumFile(bytes.NewReader(file), pdq.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := gotQuality - wantQuality; d < -2 || d > 2 {
				t.Errorf("quality %d, of the colors %d", gotQuality, wantQuality)
			}
			planes := img.(*image.YCbCr)
			raw, _, err := pdq.Sum(&image.Gray{Pix: planes.Y, Stride: planes.YStride, Rect: planes.Rect})
			if err != nil {
				t.Fatal(err)
			}
			worst, worstRaw = max(worst, got.Distance(want)), max(worstRaw, raw.Distance(want))
		}
	}
	t.Logf("at most %d bits, %d without looking at clipping", worst, worstRaw)
	if worst > 6 || worstRaw <= 10 {
		t.Errorf("%d bits from the colors' luma, want at most 6; %d without looking at clipping, want more than 10", worst, worstRaw)
	}
}

func FuzzDecode(f *testing.F) { fuzz(f, "", nil) }

// The fuzz targets of single formats: what is made up begins as files of the format do, so
// that it reaches the decoder.
func FuzzJPEG(f *testing.F) { fuzz(f, "jpeg", map[int]string{0: "\xff\xd8\xff"}) }
func FuzzPNG(f *testing.F) {
	fuzz(f, "png", map[int]string{0: "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"})
}
func FuzzGIF(f *testing.F)  { fuzz(f, "gif", map[int]string{0: "GIF89a"}) }
func FuzzWebP(f *testing.F) { fuzz(f, "webp", map[int]string{0: "RIFF", 8: "WEBPVP8"}) }
func FuzzBMP(f *testing.F) {
	fuzz(f, "bmp", map[int]string{0: "BM", 6: "\x00\x00\x00\x00", 14: "\x28\x00\x00\x00"})
}
func FuzzTIFF(f *testing.F) { fuzz(f, "tiff", map[int]string{0: "II*\x00"}) }

// fuzz decodes what is made up from the files of one format, all if it is "", with fixed bytes
// put at their places.
func fuzz(f *testing.F, format string, fixed map[int]string) {
	for name, file := range encoded(f) {
		if strings.HasPrefix(name, format) {
			f.Add(file)
			f.Add(file[:len(file)/2])
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		file = bytes.Clone(file) // the fuzzer's own may not be changed
		for at, b := range fixed {
			if len(file) < at+len(b) {
				return
			}
			copy(file[at:], b)
		}
		if got, ok := pdq.Sniff(file); format != "" && len(file) >= pdq.SniffLen && (!ok || got != format) {
			t.Fatalf("taken for %q, want %s", got, format)
		}
		limit := pdq.Limits{MaxPixels: 1 << 16, MaxBytes: 1 << 17}
		format, known := pdq.Sniff(file)
		img, got, err := pdq.Decode(bytes.NewReader(file), limit)
		if got != format || known == errors.Is(err, pdq.ErrUnsupported) {
			t.Fatalf("Sniff says %q, Decode %q with error %v", format, got, err)
		}
		_, q, once := pdq.SumFile(bytes.NewReader(file), limit)
		if err != nil {
			if img != nil {
				t.Fatal("a picture beside an error")
			}
			if once == nil || once.Error() != err.Error() {
				t.Fatalf("Decode says %v, SumFile %v", err, once)
			}
			return
		}
		if once != nil && !errors.Is(once, pdq.ErrTooSmall) || q < 0 || q > 100 {
			t.Fatalf("SumFile: quality %d and error %v of what Decode takes", q, once)
		}
		size := img.Bounds().Size()
		if int64(size.X)*int64(size.Y) > limit.MaxPixels {
			t.Fatalf("%v is over the limit", size)
		}
		if _, q, err := pdq.Sum(img); err == nil && (q < 0 || q > 100) {
			t.Fatalf("quality %d", q)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(strings.Repeat("0f", 32))
	f.Add("0F")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := pdq.Parse(s)
		if err != nil {
			return
		}
		if again, err := pdq.Parse(h.String()); err != nil || again != h || h.String() != strings.ToLower(s) {
			t.Fatal("a hash does not survive printing")
		}
	})
}
