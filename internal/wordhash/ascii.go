package wordhash

import "encoding/binary"

// Masks keep the first bytes of two words of a processor.
var Masks = func() (m [17][2]uint64) {
	for n := range m {
		for i := range n {
			m[n][i/8] |= 0xFF << (i % 8 * 8)
		}
	}
	return m
}()

// FoldBits make letters of ASCII lower case, and leave digits as they are.
const FoldBits = 0x2020202020202020

// ASCII is the hash of a word of letters and digits of ASCII that stands in b and is not folded.
func ASCII(b []byte, start, end int) uint64 {
	lo, hi, ok := loadWord(b, start, end)
	if n := end - start; !ok && n <= 16 && end >= 16 {
		// Near the end of the text: its last 16 bytes, moved down.
		lo, hi = binary.LittleEndian.Uint64(b[end-16:]), binary.LittleEndian.Uint64(b[end-8:])
		if drop := uint(16-n) * 8; drop >= 64 {
			lo, hi = hi>>(drop-64), 0
		} else {
			lo, hi = lo>>drop|hi<<(64-drop), hi>>drop
		}
		m := &Masks[n]
		lo, hi, ok = lo|FoldBits&m[0], hi|FoldBits&m[1], true
	}
	if !ok {
		return hashLong(b[start:end])
	}
	return Spread(lo, hi)
}

// loadWord returns a word of letters and digits of ASCII, of up to 16 bytes, in lower case and
// filled up with zeros. ok is false if it is longer, or stands near the end of b. Hyphens stay as
// they are, and underscores become what no word holds.
func loadWord(b []byte, start, end int) (lo, hi uint64, ok bool) {
	if end-start > 16 || start+16 > len(b) {
		return 0, 0, false
	}
	m := &Masks[end-start]
	return (binary.LittleEndian.Uint64(b[start:]) | FoldBits) & m[0], (binary.LittleEndian.Uint64(b[start+8:]) | FoldBits) & m[1], true
}

// Spread is the hash of a folded word of up to 16 bytes, filled up with zeros.
func Spread(lo, hi uint64) uint64 { return Mix(lo^Low, hi^High) }

// hashLong is ASCII of a long word, or of one in a short text.
func hashLong(w []byte) uint64 {
	var room [64]byte
	f := room[:0]
	for _, c := range w {
		f = append(f, c|FoldBits&0xFF)
	}
	return Folded(f)
}
