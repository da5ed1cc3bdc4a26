package text

import (
	"encoding/binary"

	"lantern/internal/wordhash"
)

// loadMasks keep the first bytes of two words of a processor.
var loadMasks = func() (m [17][2]uint64) {
	for n := range m {
		for i := range n {
			m[n][i/8] |= 0xFF << (i % 8 * 8)
		}
	}
	return m
}()

// foldBits is foldBit in each byte.
const foldBits = 0x2020202020202020

// HashWord is the hash that [Words.Hashes] has of a word of letters and digits of ASCII.
func HashWord(b []byte, start, end int) uint64 { return hashASCII(b, start, end) }

// hashASCII is the hash of a word of ASCII that is not folded.
func hashASCII(b []byte, start, end int) uint64 {
	lo, hi, ok := loadWord(b, start, end)
	if n := end - start; !ok && n <= 16 && end >= 16 {
		// Near the end of the text: its last 16 bytes, moved down.
		lo, hi = binary.LittleEndian.Uint64(b[end-16:]), binary.LittleEndian.Uint64(b[end-8:])
		if drop := uint(16-n) * 8; drop >= 64 {
			lo, hi = hi>>(drop-64), 0
		} else {
			lo, hi = lo>>drop|hi<<(64-drop), hi>>drop
		}
		m := &loadMasks[n]
		lo, hi, ok = lo|foldBits&m[0], hi|foldBits&m[1], true
	}
	if !ok {
		return hashLong(b[start:end])
	}
	return spread(lo, hi)
}

// loadWord returns a word of letters and digits of ASCII, of up to 16 bytes, in lower case and
// filled up with zeros. ok is false if it is longer, or stands near the end of b. Hyphens stay as
// they are, and underscores become what no word holds.
func loadWord(b []byte, start, end int) (lo, hi uint64, ok bool) {
	if end-start > 16 || start+16 > len(b) {
		return 0, 0, false
	}
	m := &loadMasks[end-start]
	return (binary.LittleEndian.Uint64(b[start:]) | foldBits) & m[0], (binary.LittleEndian.Uint64(b[start+8:]) | foldBits) & m[1], true
}

// spread mixes what [loadWord] returns, so that words spread evenly.
func spread(lo, hi uint64) uint64 { return wordhash.Mix(lo^wordhash.Low, hi^wordhash.High) }

// hashLong is hashASCII of a long word, or of one in a short text.
func hashLong(w []byte) uint64 {
	var room [64]byte
	f := room[:0]
	for _, c := range w {
		f = append(f, c|foldBit)
	}
	return wordhash.Folded(f)
}
