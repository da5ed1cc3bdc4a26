package folding

import "encoding/binary"

// FullWidthPage is the page of letters and digits that look like those of ASCII, but wider.
const FullWidthPage = 0xFF

// fullWidth is what the first characters of that page fold to, if it is one of ASCII that is part of a word. It does not ask the
// rules, which programs that meet no such character need not work out.
var fullWidth = func() (t [128]byte) {
	for c := byte('!'); c <= '~'; c++ {
		if f := Of(rune(c)); f.Kind() == ToWord {
			t[c-'!'+1] = byte(f)
		}
	}
	return t
}()

// FullWidth folds the full-width letters and digits that b begins with, as far as there is room, and returns how
// many there are. Text is dressed up in them most of all.
func FullWidth(b, fold []byte) int {
	for n := range fold {
		if len(b) < 4 {
			return n
		}
		c := binary.LittleEndian.Uint32(b)
		f := fullWidth[c>>2&0x40|c>>16&0x3F]
		if c&0xC0FEFF != 0x80BCEF || f == 0 { // U+FF00 to U+FF7F
			return n
		}
		fold[n], b = f, b[3:]
	}
	return len(fold)
}
