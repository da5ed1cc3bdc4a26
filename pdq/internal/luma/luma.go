// Package luma reads the luma of JPEG files: how bright each pixel is. That is all a
// perceptual hash looks at, so the color of a picture need not be worked out, which makes
// reading it several times as fast.
//
// It reads what cameras and programs write: sequential and progressive files of 8 bits,
// Huffman coded, in gray or in luma with two planes of chroma, sampled as Go's image/jpeg takes
// them. Everything else it leaves to that package: other kinds of files, rare forms of these,
// and whatever is damaged. So it never says what is wrong with a file, and never reads one
// that image/jpeg refuses. Files come from strangers: each length and index is checked, and
// memory is taken only for as many pixels as the caller allows.
//
// A sample is the Y of image/jpeg, in every bit, but for pixels whose color has a channel
// that is out of range and gets clipped: there it is the luma of the clipped color, rounded.
package luma

import "bytes"

// Picture is a JPEG file being read from the top, a strip of its rows at a time.
type Picture struct{ d decoder }

// Open reads a file up to its first row of samples, a progressive one to its end. It returns
// false if the file is left to image/jpeg: because it is of another kind, damaged, or has more
// pixels than allowed. A progressive file takes two bytes for each sample of luma and chroma,
// any other next to nothing.
func Open(file []byte, maxPixels int64) (*Picture, bool) {
	p := &Picture{decoder{bits: bits{src: file}, maxPixels: maxPixels, clips: true}}
	return p, p.d.open()
}

// Size returns the width and height in pixels.
func (p *Picture) Size() (width, height int) { return p.d.width, p.d.height }

// Row returns row y, which is good until the next call. It must not lie above the one before. If
// the file turns out to be damaged, it returns any samples, and Whole says so.
func (p *Picture) Row(y int) []byte { return p.d.row(y) }

// Whole reports whether the file is one that image/jpeg takes, after the last row was read. If
// not, the rows were wrong, and it is left to image/jpeg.
func (p *Picture) Whole() bool { return p.d.whole() }

// decoder is one file being read. Its methods report whether to go on: if not, the file is
// left to image/jpeg.
type decoder struct {
	bits
	maxPixels int64
	clips     bool // clipped colors are looked for; a test compares without

	baseline, progressive bool
	width, height         int
	parts                 []component // one, or luma and two of chroma
	across, down          int         // in units: blocks of 8x8, as many of each component as its factors say
	dc, ac                [4]huffman
	quant                 [4][64]int32 // in zigzag order
	restart               int          // units between two restarts, or 0
	jfif, adobe           bool
	transform             byte // of Adobe
	endOfBand             int  // blocks that are still to be passed over, of a progressive file
	begun                 bool // there was a scan
	list                  []scanned

	strip  []byte // the samples of a row of units
	stride int
	read   int  // rows of units
	failed bool // the file is damaged
}

// component is gray, luma or chroma.
type component struct {
	id, quant     byte
	h, v          int         // blocks in a unit, across and down
	coefficients  [][64]int16 // of a progressive file, in zigzag order, by rows of blocks
	width, height int         // in blocks
	seen          bool        // in a scan of a progressive file
}

// The markers that are known (table B.1 of the standard).
const (
	startOfFrame0 = 0xc0 // baseline
	startOfFrame1 = 0xc1 // extended sequential
	startOfFrame2 = 0xc2 // progressive
	huffmanTables = 0xc4
	restart0      = 0xd0
	restart7      = 0xd7
	startOfImage  = 0xd8
	endOfImage    = 0xd9
	startOfScan   = 0xda
	quantization  = 0xdb
	interval      = 0xdd
	application0  = 0xe0
	application14 = 0xee
	application15 = 0xef
	comment       = 0xfe
)

func (d *decoder) open() bool {
	if len(d.src) < 2 || d.src[0] != 0xff || d.src[1] != startOfImage {
		return false
	}
	d.pos = 2
	if !d.segments() || d.progressive && !d.complete() {
		return false
	}
	d.stride = 8 * d.parts[0].width
	d.strip = make([]byte, d.stride*8*d.parts[0].v)
	return true
}

// segments reads up to the samples of a sequential scan, or to the end of the picture.
func (d *decoder) segments() bool {
	for {
		marker, ok := d.marker()
		if !ok {
			return false
		}
		if marker == endOfImage {
			return d.begun && !d.rgb()
		}
		if marker >= restart0 && marker <= restart7 {
			continue // one too many: nothing follows it
		}
		segment, ok := d.segment()
		if !ok || !d.take(marker, segment) {
			return false
		}
		if marker == startOfScan && !d.progressive {
			return true
		}
	}
}

func (d *decoder) row(y int) []byte {
	lines := 8 * d.parts[0].v
	for d.read <= y/lines && !d.failed {
		if d.progressive {
			d.reconstruct(d.read)
		} else {
			d.failed = !d.units(d.read)
		}
		d.read++
	}
	return d.strip[y%lines*d.stride:][:d.width]
}

func (d *decoder) whole() bool {
	return !d.failed && d.read == d.down && (d.progressive || d.end() && d.segments())
}

// Scans returns in how many passes over its pixels a file holds them, as far as a decoder gets.
// A few bytes may make a pass over all of them, so that a small file can take hours.
func Scans(file []byte) int {
	b := bits{src: file, pos: min(2, len(file))}
	for n := 0; ; {
		marker, ok := b.marker()
		if !ok || marker == endOfImage {
			return n
		}
		if marker >= restart0 && marker <= restart7 {
			continue
		}
		if _, ok := b.segment(); !ok {
			return n
		}
		if marker == startOfScan {
			n++
		}
	}
}

// marker finds the next marker. Bytes before it that belong to nothing are passed over, as
// image/jpeg does.
func (b *bits) marker() (byte, bool) {
	for {
		at := bytes.IndexByte(b.src[b.pos:], 0xff)
		if at < 0 || b.pos+at+1 >= len(b.src) {
			return 0, false
		}
		marker := b.src[b.pos+at+1]
		b.pos += at + 2
		if marker == 0 {
			continue
		}
		for marker == 0xff && b.pos < len(b.src) {
			marker = b.src[b.pos]
			b.pos++
		}
		return marker, marker != 0
	}
}

// segment returns what belongs to a marker.
func (b *bits) segment() ([]byte, bool) {
	rest := b.src[b.pos:]
	if len(rest) < 2 {
		return nil, false
	}
	length := int(rest[0])<<8 | int(rest[1])
	if length < 2 || length > len(rest) {
		return nil, false
	}
	b.pos += length
	return rest[2:length], true
}

// take does what a segment says.
func (d *decoder) take(marker byte, p []byte) bool {
	switch marker {
	case startOfFrame0, startOfFrame1, startOfFrame2:
		d.baseline, d.progressive = marker == startOfFrame0, marker == startOfFrame2
		return d.frame(p)
	case huffmanTables:
		return d.huffman(p)
	case quantization:
		return d.quantization(p)
	case interval:
		if len(p) != 2 {
			return false
		}
		d.restart = int(p[0])<<8 | int(p[1])
		return true
	case startOfScan:
		return d.scan(p)
	case application0:
		if len(p) >= 5 {
			d.jfif = string(p[:5]) == "JFIF\x00"
		}
		return true
	case application14:
		if len(p) >= 12 && string(p[:5]) == "Adobe" {
			d.adobe, d.transform = true, p[11]
		}
		return true
	}
	return marker > application0 && marker <= application15 || marker == comment
}

// rgb reports whether the planes are not luma and chroma but red, green and blue.
func (d *decoder) rgb() bool {
	if d.jfif || len(d.parts) == 1 {
		return false
	}
	return d.adobe && d.transform == 0 || d.parts[0].id == 'R' && d.parts[1].id == 'G' && d.parts[2].id == 'B'
}

// put transforms a block of luma into the strip. It spoils the block.
func (d *decoder) put(b *block, x, y int) {
	var samples [64]byte
	b.transform(&samples)
	lines := d.strip[d.at(x, y):]
	for i := range 8 {
		*(*[8]byte)(lines[i*d.stride:]) = *(*[8]byte)(samples[8*i:])
	}
}

// at returns where in the strip a block of luma begins.
func (d *decoder) at(x, y int) int { return 8 * (y*d.stride + x) }
