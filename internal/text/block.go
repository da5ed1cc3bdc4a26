package text

import "encoding/binary"

// Block says of each of 64 bytes of a text what it is: bit i of each set is that of byte i.
type Block struct {
	Word   uint64 // letters and digits of ASCII
	Joiner uint64 // marks that may stand inside a name
	High   uint64 // the parts of characters outside ASCII, and of none
}

// InRun are the bytes that make up runs.
func (b *Block) InRun() uint64 { return b.Word | b.Joiner | b.High }

// blockSize is how many bytes a block is about.
const blockSize = 64

// highBits are the highest bits of eight bytes.
const highBits = 0x8080808080808080

// blockSets lists the ASCII characters of the sets of a [Block], in the order of its fields.
var blockSets = [...]string{
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	".-_#~",
}

// blockTables are blockSets as a vector kernel looks bytes up: the byte of a set at the lower four
// bits of a character has a bit for each value that its upper four bits may have.
var blockTables = func() (t [len(blockSets)][16]byte) {
	for k, chars := range blockSets {
		for _, c := range []byte(chars) {
			t[k][c&15] |= 1 << (c >> 4)
		}
	}
	return t
}()

// blockBits has a bit for each of blockSets that a byte is in.
var blockBits = func() (t [256]uint8) {
	for k, chars := range blockSets {
		for _, c := range []byte(chars) {
			t[c] |= 1 << k
		}
	}
	return t
}()

// Blocks returns the blocks of a text, in dst if it has room. What follows the text in the last
// of them is in no set.
func Blocks(dst []Block, text []byte) []Block {
	n := (len(text) + blockSize - 1) / blockSize
	if cap(dst) < n {
		dst = make([]Block, n+n/4)
	}
	dst = dst[:n]
	if classifyAll(dst, text) {
		return dst
	}
	return blocksOf(dst, text)
}

// blocksOf fills the blocks of a text by kernels for whole blocks.
func blocksOf(dst []Block, text []byte) []Block {
	n := len(dst)
	whole := len(text) / blockSize
	classify(dst[:whole], text)
	if whole < n {
		var tail [blockSize]byte
		copy(tail[:], text[whole*blockSize:])
		classify(dst[whole:], tail[:])
	}
	return dst
}

// classifyPlain fills blocks from a text that is long enough.
func classifyPlain(dst []Block, text []byte) {
	for k := range dst {
		b := Block{}
		for at := 0; at < blockSize; at += 8 {
			eight := text[k*blockSize+at:][:8]
			if binary.LittleEndian.Uint64(eight)&highBits == highBits {
				b.High |= 0xFF << at // as all are in scripts without spaces
				continue
			}
			for i, c := range eight {
				in := uint64(blockBits[c])
				b.Word |= in & 1 << (at + i)
				b.Joiner |= in >> 1 & 1 << (at + i)
				b.High |= uint64(c>>7) << (at + i)
			}
		}
		dst[k] = b
	}
}
