// Package wordhash hashes folded words of phrases and texts. The hash is not keyed, since what it is a hash of stands
// beside it; docs/formats/segments.md defines it.
package wordhash

import (
	"encoding/binary"
	"math/bits"
)

// What the halves of a block are changed by before they are mixed.
const (
	Low  = 0x9e3779b97f4a7c15
	High = 0xbf58476d1ce4e5b9
)

// Folded is the hash of a folded word.
func Folded(w []byte) (h uint64) {
	for ; len(w) > 16; w = w[16:] {
		h = Mix(h^binary.LittleEndian.Uint64(w)^Low, binary.LittleEndian.Uint64(w[8:])^High)
	}
	var last [16]byte
	copy(last[:], w)
	return Mix(h^binary.LittleEndian.Uint64(last[:])^Low, binary.LittleEndian.Uint64(last[8:])^High)
}

// Mix multiplies and adds the halves of the product.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi + lo
}
