package signal

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folding brings text to the form in which phrases are compared. One character folds
// without looking at its neighbours, so that a matcher can fold a stream: compatibility
// forms are resolved (full width, mathematical alphabets, circled letters, ligatures),
// case is dropped, letters that look like a Latin letter become it, and what cannot be
// seen or only decorates (zero-width and format characters, accents, optional vowel
// points) is removed. Vowel signs that carry meaning, as in Devanagari or Thai, stay.

// FoldRune returns what r folds to: "" if it is removed, else one or more characters,
// each of which folds to itself. An invalid r folds to U+FFFD.
func FoldRune(r rune) string {
	if r >= 0 && r < utf8.RuneSelf {
		return asciiFold[r]
	}
	if s, ok := foldTable()[r]; ok {
		return s
	}
	if hangul(r) || cjkCompat(r) {
		return foldSlow(r)
	}
	return string(r)
}

// AppendFold appends what r folds to. It allocates only to grow dst.
func AppendFold(dst []byte, r rune) []byte {
	if r >= 0 && r < utf8.RuneSelf {
		return append(dst, asciiFold[r]...)
	}
	if s, ok := foldTable()[r]; ok {
		return append(dst, s...)
	}
	if hangul(r) || cjkCompat(r) {
		return append(dst, foldSlow(r)...)
	}
	return utf8.AppendRune(dst, r)
}

// asciiFold is the fold of the first 128 characters: lower case, control characters as a
// space except those that end a line or a column.
var asciiFold = func() (t [utf8.RuneSelf]string) {
	for i := range t {
		t[i] = strings.ToLower(string(rune(i)))
	}
	return t
}()

// foldTable holds every character outside ASCII that does not fold to itself, but for
// the two large regular ranges that are computed. It is built when the first text with
// such a character arrives: a few milliseconds that a run on plain text never pays.
var foldTable = sync.OnceValue(func() map[rune]string {
	t := make(map[rune]string, 8192)
	for _, span := range foldSpans {
		for r := span[0]; r <= span[1]; r++ {
			if s := foldSlow(r); s != string(r) {
				t[r] = s
			}
		}
	}
	return t
})

// foldSpans are the ranges in which characters may fold to something else.
var foldSpans = [][2]rune{
	{0x80, 0x33FF},     // alphabets, symbols, kana, enclosed and squared forms
	{0xA4D0, 0xABFF},   // Lisu, Vai, Cyrillic and Latin extensions, Cherokee
	{0xD7B0, 0xD7FF},   // Hangul jamo
	{0xFB00, 0xFFFF},   // presentation forms, full width, specials
	{0x10400, 0x10D8F}, // Deseret, Osage, Vithkuqi, old Hungarian
	{0x118A0, 0x118DF}, // Warang Citi
	{0x16E40, 0x16E7F}, // Medefaidrin
	{0x1BCA0, 0x1BCAF}, // shorthand format controls
	{0x1D100, 0x1D7FF}, // mathematical alphabets
	{0x1E000, 0x1EFFF}, // Adlam, Arabic mathematical letters
	{0x1F100, 0x1F2FF}, // enclosed letters
	{0x1FBF0, 0x1FBF9}, // segmented digits
	{0xE0000, 0xE0FFF}, // tags and variation selectors
}

// hangul reports a syllable that decomposes into jamo by arithmetic.
func hangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }

// cjkCompat reports a compatibility ideograph.
func cjkCompat(r rune) bool { return r >= 0xF900 && r <= 0xFAFF || r >= 0x2F800 && r <= 0x2FA1F }

// foldSlow computes the fold of one character.
func foldSlow(r rune) string {
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		if removed(d) {
			continue
		}
		for _, l := range strings.ToLower(string(unicode.ToUpper(d))) {
			if to, ok := lookalikes[l]; ok {
				b.WriteString(to)
			} else if !removed(l) {
				b.WriteRune(l)
			}
		}
	}
	return b.String()
}

// removed reports characters that cannot be seen or only decorate.
func removed(r rune) bool {
	if r < 0x80 {
		return false
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) && r < 0x370
}

// lookalikes maps lower-case letters to the Latin letters they are taken for.
var lookalikes = map[rune]string{'а': "a", 'е': "e", 'о': "o", 'р': "p", 'с': "c", 'х': "x", 'у': "y"}

// IsWord reports whether r, after folding, is part of a word: a letter, a digit or a
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
	return r >= 0xE00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan)
}
