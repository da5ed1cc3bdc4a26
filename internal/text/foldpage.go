package text

import (
	"encoding/binary"
	"slices"
	"sync"
	"unicode/utf8"

	"lantern/signal"
)

// folded is what a character folds to: up to three bytes, the first in the lowest, how many,
// and of what kind they are.
type folded uint32

// The kinds.
const (
	foldsToMore    = iota // more than one character, or a long one: see Words.addRune
	foldsToWord           // one character that is part of a word
	foldsAlone            // one of a script without spaces, of three bytes
	foldsToNothing        // it cannot be seen
	foldsToOther          // one that is not part of a word
	foldsToTwo            // one of a script without spaces, of three bytes, and another: see foldSeconds
	foldsToJamo           // a syllable of Hangul: two or three letters
)

func (f folded) kind() int { return int(f >> 28) }
func (f folded) size() int { return int(f >> 24 & 15) }

// foldSeconds are the others, by what [folded.size] says: voicing marks of kana, vowels of Thai and Lao.
var foldSeconds = [...]uint32{inThree('\u3099'), inThree('\u309A'), inThree('\u0E32'), inThree('\u0EB2')}

// Syllables of Hangul are numbered by their letters: see the Unicode Standard, section 3.12.
const (
	firstSyllable = 0xAC00
	syllables     = 11172
)

// putJamo writes what a syllable folds to where there is room for ten bytes, and returns how many it took.
func putJamo(dst []byte, r rune) int {
	i := r - firstSyllable
	binary.LittleEndian.PutUint32(dst, inThree(0x1100+i/588))
	binary.LittleEndian.PutUint32(dst[3:], inThree(0x1161+i%588/28))
	if i%28 == 0 {
		return 6
	}
	binary.LittleEndian.PutUint32(dst[6:], inThree(0x11A7+i%28))
	return 9
}

// foldPage is what 256 characters fold to.
type foldPage [256]folded

// foldEnd is the first character that stands in no page.
const foldEnd = 0x20000

// foldASCII is what the characters of ASCII fold to.
var foldASCII = func() (t [utf8.RuneSelf]folded) {
	for c := range t {
		t[c] = foldOf(rune(c))
	}
	return t
}()

// foldPages hold what characters fold to. A page is made when one of its characters is met.
var foldPages = func() (pages [foldEnd >> 8]func() *foldPage) {
	for n := range pages {
		pages[n] = sync.OnceValue(func() *foldPage {
			p := &foldPage{}
			for i := range p {
				p[i] = foldOf(rune(n<<8 + i))
			}
			return p
		})
	}
	return pages
}()

func foldOf(r rune) folded {
	if r >= firstSyllable && r < firstSyllable+syllables {
		return foldsToJamo << 28
	}
	s := signal.FoldRune(r)
	f, size := utf8.DecodeRuneInString(s)
	switch {
	case s == "":
		return foldsToNothing << 28
	case size < len(s) || size > 3:
		return foldOfTwo(s)
	case !signal.IsWord(f) || f == utf8.RuneError:
		return foldsToOther << 28
	case signal.Unspaced(f) && size < 3:
		return foldsToMore << 28
	}
	kind := foldsToWord
	if signal.Unspaced(f) {
		kind = foldsAlone
	}
	v := folded(kind<<28 | size<<24)
	for i := range size {
		v |= folded(s[i]) << (8 * i)
	}
	return v
}

// foldOfTwo is what a character folds to that does to more than one, or a long one.
func foldOfTwo(s string) folded {
	f, size := utf8.DecodeRuneInString(s)
	g, other := utf8.DecodeRuneInString(s[size:])
	second := slices.Index(foldSeconds[:], inThree(g))
	if size != 3 || other != 3 || size+other != len(s) || second < 0 || !signal.Unspaced(f) || !signal.IsWord(f) || !signal.Unspaced(g) || !signal.IsWord(g) {
		return foldsToMore << 28
	}
	return folded(foldsToTwo<<28 | uint32(second)<<24 | inThree(f))
}
