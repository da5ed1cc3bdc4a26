package luma

import "encoding/binary"

// bits reads a stretch of entropy-coded bytes bit by bit. In it 0xff stands before a zero
// that does not count; before anything else it is a marker, which ends the stretch.
//
// What is taken beyond the end is zeros, and n falls below zero: the reader looks at that
// once a block, so that it need not ask for each bit whether it exists.
type bits struct {
	src   []byte // the file
	pos   int    // of the next byte that is not in acc
	begin int    // of the stretch
	acc   uint64 // the next bits, the first of them highest
	n     int    // how many bits of acc count
}

// enough is how many bits are taken at most between two calls of fill: a Huffman code of 16
// and a value of 15.
const enough = 32

// start begins a stretch at the byte that is next.
func (b *bits) start() { b.begin, b.acc, b.n = b.pos, 0, 0 }

// need fills if a code and a value may not be there.
func (b *bits) need() {
	if b.n < enough {
		b.fill()
	}
}

// fill takes as many more bytes as fit, which makes at least 56 bits but at the end of the stretch.
func (b *bits) fill() {
	if b.n < 0 {
		return // nothing comes after the end
	}
	if rest := b.src[b.pos:]; len(rest) >= 8 {
		const ones, highs = 0x0101010101010101, 0x8080808080808080
		next := binary.BigEndian.Uint64(rest)
		if (^next-ones)&next&highs == 0 { // none of the eight is 0xff
			// Of the byte that does not fit whole the first bits get into acc, too. They do
			// not count yet; when that byte comes they are put there once more.
			whole := (64 - b.n) / 8
			b.acc |= next >> uint(b.n)
			b.n += 8 * whole
			b.pos += whole
			return
		}
	}
	for b.n <= 56 && b.pos < len(b.src) {
		next, size := b.src[b.pos], 1
		if next == 0xff {
			if b.pos+1 == len(b.src) || b.src[b.pos+1] != 0 {
				return
			}
			size = 2
		}
		b.acc |= uint64(next) << uint(56-b.n)
		b.n += 8
		b.pos += size
	}
}

// drop takes k bits that were looked at.
func (b *bits) drop(k int) {
	b.acc <<= uint(k)
	b.n -= k
}

// bit takes one bit: 0 or 1.
func (b *bits) bit() int32 {
	b.need()
	v := int32(b.acc >> 63)
	b.drop(1)
	return v
}

// number takes a number of k bits.
func (b *bits) number(k int) int32 {
	b.need()
	v := int32(b.acc >> uint(64-k))
	b.drop(k)
	return v
}

// end ends the stretch behind the byte of the last bit that was taken, and reports whether
// that bit exists. Bytes that were read ahead are given back.
func (b *bits) end() bool {
	for n := b.n; n >= 8; n -= 8 {
		b.pos--
		if b.pos > b.begin && b.src[b.pos] == 0 && b.src[b.pos-1] == 0xff {
			b.pos--
		}
	}
	return b.n >= 0
}
