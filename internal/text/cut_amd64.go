package text

import (
	"math/bits"
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"

	"lantern/internal/wordhash"
)

// fastCut reports whether the processor can run the kernel that cuts words.
var fastCut = cpu.X86.HasAVX && cpu.X86.HasBMI1

// cutting is what the kernel is told, and where it stops. Its offsets stand in the kernel.
type cutting struct {
	text   *byte
	limit  int    // the last place from which 16 bytes may be loaded
	blocks *Block // the first to be read
	count  int    // how many, one or more. It stops behind one that holds characters outside ASCII
	base   int    // where the first of them begins
	start  int    // of the word that is open, or -1
	carry  uint64 // 1 if the byte before was part of a word
	skip   uint64 // the bits of the first block that count
	list   *Word  // where words are put
	hashes *uint64
	tables *cutTables
	read   int // out: bytes of the blocks that were read
	words  int // out: how many were put
}

// cutTables are what the kernel loads from.
type cutTables struct {
	masks  [17][2]uint64 // see wordhash.Masks
	slide  [32]byte      // from byte 16-n on, what moves the last n of 16 bytes to the front
	folds  [2]uint64
	hashes [2]uint64
}

var forCut = func() *cutTables {
	t := &cutTables{masks: wordhash.Masks, folds: [2]uint64{wordhash.FoldBits, wordhash.FoldBits}, hashes: [2]uint64{wordhash.Low, wordhash.High}}
	for i := range t.slide {
		t.slide[i] = 0x80
		if i < 16 {
			t.slide[i] = byte(i)
		}
	}
	return t
}()

// cutAVX is readPlain for some blocks of a text of 32 bytes or more.
//
//go:noescape
func cutAVX(c *cutting)

// cutAtOnce is how many blocks the kernel is given at once: memory for their words is there before.
const cutAtOnce = 64

// readASCII is [Words.readPlain] by the kernel.
func (l *Words) readASCII(i int) int {
	if !fastCut || l.without > 1 || len(l.text) < 32 {
		return l.readPlain(i)
	}
	var c cutting // filled field by field: a copy of it would wait for what was just written
	c.text, c.limit, c.start, c.carry, c.skip, c.tables = &l.text[0], len(l.text)-16, -1, 0, ^uint64(0)<<(i&63), forCut
	for b := i >> 6; b < len(l.blocks); {
		n := len(l.List)
		c.blocks, c.base, c.count = &l.blocks[b], b<<6, min(cutAtOnce, len(l.blocks)-b)
		most := c.count*blockSize/2 + 1
		l.List, l.Hashes = slices.Grow(l.List, most), slices.Grow(l.Hashes, most)
		c.list, c.hashes = &l.List[:n+1][n], &l.Hashes[:n+1][n]
		cutAVX(&c)
		l.List, l.Hashes = l.List[:n+c.words], l.Hashes[:n+c.words]
		if b += c.read / int(unsafe.Sizeof(Block{})); b > i>>6+1 {
			c.skip = ^uint64(0)
		}
		if high := l.blocks[b-1].High & c.skip; high != 0 {
			if c.start >= 0 {
				return c.start
			}
			return (b-1)<<6 + bits.TrailingZeros64(high)
		}
		c.skip = ^uint64(0)
	}
	if c.start >= 0 {
		l.addPlain(c.start, len(l.text))
	}
	return len(l.text)
}
