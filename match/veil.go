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
	return r == '。' || r == '｡' || r == '․' || text.IsHidden(r) || text.ScriptOf(r) == text.Spaced
}

// isWide reports whether the character r at i, which has size bytes, is a full-width letter or digit, or a full-width mark
// between letters or digits.
func isWide(b []byte, i int, r rune, size int) bool {
	beside := func(r rune) bool { return r < utf8.RuneSelf && text.ScriptOf(r) == text.Spaced || text.IsWideWord(r) }
	switch {
	case text.IsWideWord(r):
		return true
	case r < wideFrom || r > wideEnd || r == '，' || r == '；' || r == '＠' || r == '．':
		return false
	}
	before, _ := text.RuneBefore(b, i)
	after, _ := text.RuneAt(b, i+size)
	return beside(before) && beside(after)
}

// hidesWithin reports whether nothing stands between two places but what cannot be seen, and ASCII of a stretch beside it.
func hidesWithin(b []byte, start, end int) bool {
	if start == 0 || end == len(b) || !inVeiled(rune(b[start-1])) || !inVeiled(rune(b[end])) {
		return false
	}
	for i := start; i < end; {
		r, size := text.RuneAt(b, i)
		if !text.IsHidden(r) {
			return false
		}
		i += size
	}
	return true
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
		if c := b[i]; c < utf8.RuneSelf && c != '%' && c != '&' {
			u.add(c, i, i+1, false)
			i++
			continue
		}
		r, size := text.RuneAt(b, i)
		switch {
		case kind == codedVeil:
			if c, n := text.CodeAt(b[:to], i); n > 0 {
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
		case text.IsHidden(r):
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
			if _, size := text.CodeAt(b, i); size > 0 {
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
