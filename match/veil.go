package match

import (
	"unicode/utf8"

	"lantern/internal/text"
)

// maxVeiled is how many bytes a stretch has at most that is read as if its characters were not veiled. Longer ones
// are left: where they begin must be seen from anywhere in them.
const maxVeiled = 1000

// veil is a way in which a stretch of text hides characters of ASCII.
type veil uint8

// The veils. A stretch may have both; it is read once for each.
const (
	wideVeil  veil = iota // full-width forms, and characters that cannot be seen within
	codedVeil             // percent codes and numeric entities of markup
	veilKinds
)

// wideEnd and wideFrom bound the full-width forms of ASCII.
const (
	wideFrom = '！'
	wideEnd  = '～'
	wideGap  = wideFrom - '!'
)

// veilEnds are the characters of ASCII at which a veiled stretch ends, beside blanks.
var veilEnds = text.NewSet("\"<>,\x7f")

// inVeiled reports whether r can be part of a veiled stretch: it ends at blanks, quotes, commas and characters of
// scripts without spaces.
func inVeiled(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r > ' ' && !veilEnds.Has(byte(r))
	case r >= wideFrom && r <= wideEnd:
		return r != '，' && r != '；'
	}
	return r == '。' || r == '｡' || r == '․' || text.IsFormat(r) || text.ScriptOf(r) == text.Spaced
}

// isWideWord reports a full-width letter or digit.
func isWideWord(r rune) bool {
	return r > wideFrom && r < wideEnd && text.Classes[byte(r-wideGap)]&(text.Letter|text.Digit) != 0
}

// veilAt reports whether the character r at i, which has size bytes, is part of a [wideVeil] veil: a full-width letter or digit, a
// full-width mark between letters or digits, or what cannot be seen between such or marks of ASCII.
func veilAt(b []byte, i int, r rune, size int) bool {
	beside := func(r rune, marks bool) bool {
		return r > ' ' && r < 0x7F && (marks || text.Classes[byte(r)]&(text.Letter|text.Digit) != 0) || isWideWord(r)
	}
	marks := false
	switch {
	case isWideWord(r):
		return true
	case r == 0xAD || r >= 0x2000 && r < 0x2070 || r == 0xFEFF: // others stand in scripts of their own
		if marks = true; !text.IsFormat(r) {
			return false
		}
	case r < wideFrom || r > wideEnd || r == '，' || r == '；' || r == '＠' || r == '．':
		return false
	}
	before, _ := text.RuneBefore(b, i)
	after, _ := text.RuneAt(b, i+size)
	return beside(before, marks) && beside(after, marks)
}

// codeAt returns the character of ASCII that a percent code or a numeric entity at i stands for, and how long that is; 0
// if there is none.
func codeAt(b []byte, i int) (c byte, size int) {
	if i+2 < len(b) && b[i] == '%' && text.IsHex(b[i+1]) && text.IsHex(b[i+2]) {
		c = hexOf(b[i+1])<<4 | hexOf(b[i+2])
		if c < utf8.RuneSelf {
			return c, 3
		}
		return 0, 0
	}
	if i+3 >= len(b) || b[i] != '&' || b[i+1] != '#' {
		return 0, 0
	}
	from, base := i+2, 10
	if text.Lower(b[from]) == 'x' {
		from, base = from+1, 16
	}
	n := 0
	for k := from; k < len(b) && k-from <= 4; k++ {
		switch d := b[k]; {
		case d == ';' && k > from && n >= ' ' && n < 0x7F:
			return byte(n), k + 1 - i
		case text.Classes[d]&text.Digit != 0 || base == 16 && text.IsHex(d):
			n = n*base + int(hexOf(d))
		default:
			return 0, 0
		}
	}
	return 0, 0
}

// hexOf is the value of a hexadecimal digit.
func hexOf(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return text.Lower(c) - 'a' + 10
}

// bared is a stretch of text as it reads without its veil.
type bared struct {
	Text   []byte
	Starts []int  // where what each byte stands for begins in the stretch's text
	Ends   []int  // and where it ends
	Coded  []bool // it was written as a code
}

// Read reads the stretch of text from a place to another without a veil. Beside percent codes an ampersand that is none
// ends a parameter, and reads as a blank.
func (u *bared) Read(b []byte, from, to int, kind veil) {
	u.Text, u.Starts, u.Ends, u.Coded = u.Text[:0], u.Starts[:0], u.Ends[:0], u.Coded[:0]
	query := kind == codedVeil && hasPercentCode(b[from:to])
	for i := from; i < to; {
		r, size := text.RuneAt(b, i)
		switch {
		case kind == codedVeil:
			if c, n := codeAt(b[:to], i); n > 0 {
				u.add(c, i, i+n, true)
				i += n
				continue
			}
			if r == '&' && query {
				u.add(' ', i, i+1, false)
				i++
				continue
			}
		case r >= wideFrom && r <= wideEnd:
			u.add(byte(r-wideGap), i, i+size, false)
			i += size
			continue
		case text.IsFormat(r):
			i += size
			continue
		}
		for k := range size {
			u.add(b[i+k], i, i+size, false)
		}
		i += size
	}
}

// hasPercentCode reports whether a percent code of ASCII stands in b.
func hasPercentCode(b []byte) bool {
	for i, c := range b {
		if c == '%' {
			if _, size := codeAt(b, i); size > 0 {
				return true
			}
		}
	}
	return false
}

// add appends what stands from start to end.
func (u *bared) add(c byte, start, end int, coded bool) {
	u.Text, u.Starts = append(u.Text, c), append(u.Starts, start)
	u.Ends, u.Coded = append(u.Ends, end), append(u.Coded, coded)
}
