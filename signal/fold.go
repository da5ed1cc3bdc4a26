package signal

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folding brings text to the form in which phrases are compared. A character folds
// without looking at its neighbors, so that a matcher can fold a stream and still know
// where in the original it stands: compatibility forms are resolved (full width,
// mathematical alphabets, circled letters, ligatures), composed letters come apart, case
// is dropped, digits of all scripts become 0–9, letters that look like a Latin letter
// become it, and what cannot be seen or only decorates (zero-width and format
// characters, accents, optional vowel points) is removed. Vowel signs that carry
// meaning, as in Devanagari or Thai, and the voicing marks of kana stay.

// FoldRune returns what r folds to: "" if it is removed, else one or more characters,
// each of which folds to itself. Any r may be passed; what is no character folds to
// U+FFFD.
func FoldRune(r rune) string {
	switch {
	case r >= 0 && r < utf8.RuneSelf:
		return asciiFold[r]
	case r < 0 || r > unicode.MaxRune:
		return string(utf8.RuneError)
	}
	if p := foldPages()[r>>8]; p != nil {
		return p[r&0xFF]
	}
	if isHangul(r) {
		return string(appendJamo(nil, r))
	}
	return string(r)
}

// AppendFold appends what [FoldRune] returns. It allocates only to grow dst.
func AppendFold(dst []byte, r rune) []byte {
	switch {
	case r >= 0 && r < utf8.RuneSelf:
		return append(dst, asciiFold[r]...)
	case r < 0 || r > unicode.MaxRune:
		return utf8.AppendRune(dst, utf8.RuneError)
	}
	if p := foldPages()[r>>8]; p != nil {
		return append(dst, p[r&0xFF]...)
	}
	if isHangul(r) {
		return appendJamo(dst, r)
	}
	return utf8.AppendRune(dst, r)
}

// skeleton folds a whole string.
func skeleton(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = AppendFold(b, r)
	}
	return string(b)
}

// IsWord reports whether r, a folded character, is part of a word: a letter, a digit or a
// vowel sign.
func IsWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// Unspaced reports whether r belongs to a script that is written without spaces between
// words, so that a phrase in it is found as a run of characters and not as whole words.
func Unspaced(r rune) bool {
	return r >= 0xE00 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan) || r == 'ー' || r == '\u3099' || r == '\u309A')
}

// asciiFold is the fold of the first 128 characters: lower case.
var asciiFold = func() (t [utf8.RuneSelf]string) {
	for i := range t {
		t[i] = strings.ToLower(string(rune(i)))
	}
	return t
}()

// foldSpans are the ranges, in whole pages of 256, in which a character may fold to
// something else. Hangul syllables are computed instead.
var foldSpans = [][2]rune{
	{0x0000, 0x33FF},   // alphabets, symbols, kana, enclosed and squared forms
	{0xA400, 0xABFF},   // Lisu, Vai, Cyrillic and Latin extensions, Cherokee
	{0xF900, 0xFFFF},   // compatibility ideographs, presentation forms, full width
	{0x10200, 0x11FFF}, // cased scripts and digits of the supplementary plane
	{0x16A00, 0x16EFF}, // digits and cased letters
	{0x1BC00, 0x1BCFF}, // shorthand format controls
	{0x1CC00, 0x1CCFF}, // outlined letters
	{0x1D100, 0x1D7FF}, // mathematical alphabets
	{0x1E000, 0x1EFFF}, // Adlam, Arabic mathematical letters
	{0x1F100, 0x1F2FF}, // enclosed letters
	{0x1FB00, 0x1FBFF}, // segmented digits
	{0x2F800, 0x2FAFF}, // compatibility ideographs
	{0xE0000, 0xE0FFF}, // tags and variation selectors
}

// foldPages is the fold of every character in foldSpans. It is built when the first
// character outside ASCII arrives: some milliseconds that plain text never pays.
var foldPages = sync.OnceValue(func() *[(unicode.MaxRune + 1) >> 8]*[256]string {
	pages := new([(unicode.MaxRune + 1) >> 8]*[256]string)
	for _, span := range foldSpans {
		for first := span[0]; first < span[1]; first += 256 {
			p := new([256]string)
			for i := range p {
				p[i] = foldSettled(first + rune(i))
			}
			pages[first>>8] = p
		}
	}
	return pages
})

// foldSettled folds r until nothing changes, so that folding twice is folding once.
func foldSettled(r rune) string {
	s := string(r)
	for range 4 {
		var b strings.Builder
		for _, c := range s {
			foldOnce(&b, c)
		}
		if b.String() == s {
			break
		}
		s = b.String()
	}
	return s
}

// foldOnce applies each rule to r once.
func foldOnce(b *strings.Builder, r rune) {
	parts := string(r)
	if d := norm.NFKD.PropertiesString(parts).Decomposition(); d != nil {
		parts = string(d)
	}
	for _, c := range parts {
		c = unicode.ToLower(unicode.ToUpper(c))
		if removed(c) {
			continue
		}
		if to, ok := lookalikes()[c]; ok {
			b.WriteString(to)
		} else if v, ok := digitValue(c); ok {
			b.WriteByte('0' + v)
		} else {
			b.WriteRune(c)
		}
	}
}

// removed reports characters that cannot be seen or only decorate.
func removed(r rune) bool {
	return r >= 0x80 && (unicode.Is(unicode.Cf, r) || unicode.Is(decoration, r))
}

// decoration holds accents and optional vowel points of the scripts whose readers do
// without them, variation selectors, and letters that show nothing.
var decoration = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0300, Hi: 0x036F, Stride: 1}, // accents
		{Lo: 0x0483, Hi: 0x0489, Stride: 1}, // Cyrillic
		{Lo: 0x0591, Hi: 0x05BD, Stride: 1}, // Hebrew
		{Lo: 0x05BF, Hi: 0x05BF, Stride: 1},
		{Lo: 0x05C1, Hi: 0x05C2, Stride: 1},
		{Lo: 0x05C4, Hi: 0x05C5, Stride: 1},
		{Lo: 0x05C7, Hi: 0x05C7, Stride: 1},
		{Lo: 0x0610, Hi: 0x061A, Stride: 1}, // Arabic
		{Lo: 0x0640, Hi: 0x0640, Stride: 1}, // the Arabic lengthening stroke
		{Lo: 0x064B, Hi: 0x065F, Stride: 1},
		{Lo: 0x0670, Hi: 0x0670, Stride: 1},
		{Lo: 0x06D6, Hi: 0x06DC, Stride: 1},
		{Lo: 0x06DF, Hi: 0x06E4, Stride: 1},
		{Lo: 0x06E7, Hi: 0x06E8, Stride: 1},
		{Lo: 0x06EA, Hi: 0x06ED, Stride: 1},
		{Lo: 0x115F, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180B, Hi: 0x180F, Stride: 1}, // Mongolian selectors
		{Lo: 0x1AB0, Hi: 0x1AFF, Stride: 1}, // accents
		{Lo: 0x1DC0, Hi: 0x1DFF, Stride: 1},
		{Lo: 0x20D0, Hi: 0x20FF, Stride: 1}, // circles and keycaps around a letter
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1}, // variation selectors
		{Lo: 0xFE20, Hi: 0xFE2F, Stride: 1}, // half accents
		{Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1}, // half-width Hangul filler
	},
	R32: []unicode.Range32{{Lo: 0xE0100, Hi: 0xE01EF, Stride: 1}}, // variation selectors
}

// digitValue returns the value of a decimal digit of any script. Unicode lays the ten
// digits of a script side by side, from zero.
func digitValue(r rune) (byte, bool) {
	for _, span := range unicode.Nd.R16 {
		if r >= rune(span.Lo) && r <= rune(span.Hi) {
			return byte((r - rune(span.Lo)) % 10), true
		}
	}
	for _, span := range unicode.Nd.R32 {
		if r >= rune(span.Lo) && r <= rune(span.Hi) {
			return byte((r - rune(span.Lo)) % 10), true
		}
	}
	return 0, false
}

// isHangul reports a syllable made of jamo.
func isHangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }

// appendJamo appends the letters of a Hangul syllable, by the arithmetic of the Unicode
// Standard, section 3.12. Text that arrives as letters (file names of some systems)
// thereby equals text that arrives as syllables.
func appendJamo(dst []byte, r rune) []byte {
	i := r - 0xAC00
	dst = utf8.AppendRune(dst, 0x1100+i/588)
	dst = utf8.AppendRune(dst, 0x1161+i%588/28)
	if t := i % 28; t != 0 {
		dst = utf8.AppendRune(dst, 0x11A7+t)
	}
	return dst
}
