package pdq

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"lantern/pdq/internal/luma"
)

// Limits bound what [Decode] and [SumFile] spend on one picture. The zero value means the defaults.
type Limits struct {
	MaxPixels int64 // width times height; 0 means 67,108,864 (64 Mi)
	MaxBytes  int64 // of the encoded file; 0 means 67,108,864 (64 MiB)

	// Turn, if set, is called before the pixels of a picture within the limits are decoded, with their number, and done
	// afterwards: it can wait until there is memory. If it fails, nothing is decoded, and its error is that of the call.
	Turn func(pixels int64) (done func(), err error)
}

const (
	defaultMaxPixels = 64 << 20
	defaultMaxBytes  = 64 << 20

	maxScans = 100 // programs write about ten
)

// What [Decode] and [SumFile] say of a file they give nothing for. In every case the picture
// was not looked at: a caller must not report it as one that matches nothing.
var (
	ErrUnsupported = errors.New("not a picture of a supported format")
	ErrTooLarge    = errors.New("picture is over the limit")
	ErrMalformed   = errors.New("picture cannot be decoded")
)

// SniffLen is how many bytes at the start of a file [Sniff] looks at.
const SniffLen = 32

// format is a picture format: its name as Sniff gives it, how to know it, its decoder.
type format struct {
	name   string
	is     func(head []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	jpeg   bool // which package luma reads, too
}

var formats = []format{
	{"jpeg", magic("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode, true},
	{"png", magic("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode, false},
	{"gif", magic("GIF87a", "GIF89a"), gif.DecodeConfig, gif.Decode, false},
	{"webp", isWebP, webp.DecodeConfig, webp.Decode, false},
	{"bmp", isBMP, bmp.DecodeConfig, bmp.Decode, false},
	{"tiff", magic("II*\x00", "MM\x00*"), tiff.DecodeConfig, decodeTIFF, false},
}

func magic(prefixes ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(head, []byte(p)) {
				return true
			}
		}
		return false
	}
}

func isWebP(head []byte) bool {
	return len(head) >= 15 && string(head[:4]) == "RIFF" && string(head[8:15]) == "WEBPVP8"
}

// isBMP wants more than the two letters, with which many a text begins: the reserved
// bytes must be zero and the second header of a known length.
func isBMP(head []byte) bool {
	if len(head) < 18 || string(head[:2]) != "BM" || string(head[6:10]) != "\x00\x00\x00\x00" {
		return false
	}
	switch string(head[14:18]) {
	case "\x28\x00\x00\x00", "\x34\x00\x00\x00", "\x38\x00\x00\x00", "\x6c\x00\x00\x00", "\x7c\x00\x00\x00":
		return true
	}
	return false
}

func sniff(head []byte) *format {
	for i := range formats {
		if formats[i].is(head) {
			return &formats[i]
		}
	}
	return nil
}

// Sniff tells by the first [SniffLen] bytes of a file (fewer if it is shorter) whether
// it is a picture [Decode] may take, and its format: jpeg, png, gif, webp, bmp or tiff.
func Sniff(head []byte) (format string, ok bool) {
	f := sniff(head[:min(len(head), SniffLen)])
	if f == nil {
		return "", false
	}
	return f.name, true
}

// Decode reads one picture and returns it with its format as [Sniff] names it. It reads r
// to its end, or up to one byte beyond limit.MaxBytes. The error is [ErrUnsupported] if
// the bytes are no picture, after reading no more than [SniffLen] of them;
// [ErrTooLarge] if the file or the dimensions in its header are over the limit, or a JPEG
// goes through its pixels too often, before room for the pixels is taken; [ErrMalformed] if
// the rest is damaged, cut short or of a kind the decoder does not know; or that of r. No
// error quotes the file.
func Decode(r io.Reader, limit Limits) (image.Image, string, error) {
	f, file, err := read(r, limit)
	if err != nil {
		return nil, f.name, err
	}
	done, err := f.admit(file, limit)
	if err != nil {
		return nil, f.name, err
	}
	defer done()
	img, err := f.picture(file)
	return img, f.name, err
}

// SumFile is [Decode] and [Sum] in one, for whoever needs the picture for nothing else. A JPEG
// takes about half of their time: its luma is read from the file, where they work out its
// color and then the luma of that, which is rounded otherwise. The hash may differ by what
// decoders differ by, as the package comment says; the quality by 2. The errors are those of
// both.
func SumFile(r io.Reader, limit Limits) (Hash, int, error) {
	f, file, err := read(r, limit)
	if err != nil {
		return Hash{}, 0, err
	}
	done, err := f.admit(file, limit)
	if err != nil {
		return Hash{}, 0, err
	}
	defer done()
	if f.jpeg {
		if h, quality, ok := f.sumLuma(file, limit.pixels()); ok {
			return h, quality, nil
		}
	}
	img, err := f.picture(file)
	if err != nil {
		return Hash{}, 0, err
	}
	return Sum(img)
}

// sumLuma hashes the luma of a JPEG as it is read, a few rows at a time. It is not ok if only
// the usual decoder can tell.
func (f *format) sumLuma(file []byte, maxPixels int64) (h Hash, quality int, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	p, ok := luma.Open(file, maxPixels)
	if !ok {
		return Hash{}, 0, false
	}
	width, height := p.Size()
	if width < minSide || height < minSide {
		return Hash{}, 0, false
	}
	h, quality = sum(width, height, grayRows(p.Row))
	return h, quality, p.Whole()
}

// admit says by its header whether file may be decoded, and waits for its turn.
func (f *format) admit(file []byte, limit Limits) (done func(), err error) {
	pixels, err := f.check(file, limit.pixels())
	if err != nil || limit.Turn == nil {
		return func() {}, err
	}
	return limit.Turn(pixels)
}

// failed says that a decoder gave up.
func (f *format) failed() error { return fmt.Errorf("%s: %w: decoder failed", f.name, ErrMalformed) }

func (l Limits) pixels() int64 {
	if l.MaxPixels <= 0 {
		return defaultMaxPixels
	}
	return l.MaxPixels
}

// read reads a file of a known format. Without one the format has no name.
func read(r io.Reader, limit Limits) (*format, []byte, error) {
	if limit.MaxBytes <= 0 {
		limit.MaxBytes = defaultMaxBytes
	}
	var head [SniffLen]byte
	n, err := io.ReadFull(r, head[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return &format{}, nil, fmt.Errorf("reading picture: %w", err)
	}
	f := sniff(head[:n])
	if f == nil {
		return &format{}, nil, ErrUnsupported
	}
	rest := io.LimitReader(r, limit.MaxBytes-int64(n)+1)
	file, err := io.ReadAll(io.MultiReader(bytes.NewReader(head[:n]), rest))
	if err != nil {
		return f, nil, fmt.Errorf("reading picture: %w", err)
	}
	if int64(len(file)) > limit.MaxBytes {
		return f, nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit.MaxBytes)
	}
	return f, file, nil
}

// picture decodes file, which was admitted.
func (f *format) picture(file []byte) (img image.Image, err error) {
	defer func() {
		if recover() != nil {
			img, err = nil, f.failed()
		}
	}()
	img, err = f.decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", f.name, ErrMalformed, err)
	}
	return img, nil
}

// check says by its header whether file may be decoded, and how many pixels it has. The decoders are meant never to panic;
// they read what attackers write, though, and one bad picture must not end a process that looks at many others.
func (f *format) check(file []byte, maxPixels int64) (pixels int64, err error) {
	defer func() {
		if recover() != nil {
			err = f.failed()
		}
	}()
	c, err := f.config(bytes.NewReader(file))
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %w", f.name, ErrMalformed, err)
	}
	if c.Width <= 0 || c.Height <= 0 {
		return 0, fmt.Errorf("%s: %w: no pixels", f.name, ErrMalformed)
	}
	if int64(c.Width) > maxPixels/int64(c.Height) {
		return 0, fmt.Errorf("%s: %w: %dx%d is more than %d pixels", f.name, ErrTooLarge, c.Width, c.Height, maxPixels)
	}
	if pixels = int64(c.Width) * int64(c.Height); !f.jpeg {
		return pixels, nil
	}
	// A scan may take a few bytes and as long as the pixels are many. One of the largest pictures
	// has maxScans, a smaller one more.
	if n := int64(luma.Scans(file)); n > maxScans && n > maxScans*maxPixels/pixels {
		return 0, fmt.Errorf("%s: %w: %dx%d in %d scans", f.name, ErrTooLarge, c.Width, c.Height, n)
	}
	return pixels, nil
}
