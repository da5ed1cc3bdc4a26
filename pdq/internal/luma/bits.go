package luma

import "encoding/binary"

// bits reads a stretch of entropy-coded bytes bit by bit. In it 0xff stands before a zero
// that does not count; before anything else it is a marker, which ends the stretch.
//
// What is taken beyond the end is zeros, and n falls below zero: the reader looks at that
// once a block, so that no bit has to be asked for whether it exists.
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

// fill returns acc, n and pos with as many more bytes as fit. Below a count of enough it
// leaves at least that many bits, but at the end of the stretch.
func fill(src []byte, acc uint64, n, pos int) (uint64, int, int) {
	if n < 0 {
		return acc, n, pos // nothing comes after the end
	}
	if len(src)-pos >= 8 {
		const ones, highs = 0x0101010101010101, 0x8080808080808080
		next := binary.BigEndian.Uint64(src[pos:])
		if (^next-ones)&next&highs == 0 { // none of the eight is 0xff
			// Of the byte that does not fit whole the first bits get into acc, too. They do
			// not count yet; when that byte comes they are put there once more.
			whole := (64 - n) / 8
			return acc | next>>uint(n), n + 8*whole, pos + whole
		}
	}
	for n <= 56 && pos < len(src) {
		next := src[pos]
		pos++
		if next == 0xff {
			if pos == len(src) || src[pos] != 0 {
				pos--
				break
			}
			pos++
		}
		acc |= uint64(next) << uint(56-n)
		n += 8
	}
	return acc, n, pos
}

// need fills if a code and a value may not be there.
func (b *bits) need() {
	if b.n < enough {
		b.acc, b.n, b.pos = fill(b.src, b.acc, b.n, b.pos)
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
