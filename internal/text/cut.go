package text

import (
	"math/bits"
	"slices"

	"lantern/internal/wordhash"
)

// readPlain cuts the words that stand from i on, before any of which nothing is open. It
// returns where the first character outside ASCII stands, or the word begins that touches it.
func (l *Words) readPlain(i int) int {
	start, carry := -1, uint64(0)
	skip := ^uint64(0) << (i & 63)
	for b := i >> 6; b < len(l.blocks); b++ {
		w, high := l.blocks[b].Word&skip, l.blocks[b].High&skip
		skip = ^uint64(0)
		edges := w ^ (w<<1 | carry) // where words begin and where they are over
		carry = w >> 63
		if high != 0 {
			edges &= high&-high - 1
		}
		l.List, l.Hashes = slices.Grow(l.List, 32), slices.Grow(l.Hashes, 32)
		for ; edges != 0; edges &= edges - 1 {
			at := b<<6 + bits.TrailingZeros64(edges)
			if start < 0 {
				start = at
				continue
			}
			l.addPlain(start, at)
			start = -1
		}
		if high != 0 {
			if start >= 0 {
				return start
			}
			return b<<6 + bits.TrailingZeros64(high)
		}
	}
	if start >= 0 {
		l.addPlain(start, len(l.text))
	}
	return len(l.text)
}

// addPlain appends a word of ASCII.
func (l *Words) addPlain(start, end int) {
	l.List = append(l.List, Word{start, end, -1})
	l.Hashes = append(l.Hashes, wordhash.ASCII(l.text, start, end))
}
