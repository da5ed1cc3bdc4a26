package text

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"lantern/signal"
)

// runeKind says what a character outside ASCII is: its [Script] in the lowest bits, and more.
type runeKind uint8

const (
	scriptBits runeKind = 3
	isHidden   runeKind = 4 // cannot be seen
	isRun      runeKind = 8 // see RunRune
	isMark     runeKind = 16
	mayPart    runeKind = 32 // cannot be seen, but may part words
)

// kindEnd is the first character that stands in no page.
const kindEnd = 0x20000

// kindPages hold what characters are. A page is made when one of its characters is met.
var kindPages = func() (pages [kindEnd >> 8]func() *[256]runeKind) {
	for n := range pages {
		pages[n] = sync.OnceValue(func() *[256]runeKind {
			p := &[256]runeKind{}
			for i := range p {
				p[i] = kindOf(rune(n<<8 + i))
			}
			return p
		})
	}
	return pages
}()

// kindOf is what a character is.
func kindOf(r rune) (k runeKind) {
	switch {
	case r == utf8.RuneError:
		return 0
	case signal.IsHidden(r):
		if k = isHidden; parts(r) {
			k |= mayPart
		}
	case !signal.IsWord(r):
	case signal.Unspaced(r):
		k |= runeKind(Unspaced)
	default:
		k |= runeKind(Spaced)
	}
	if k != 0 {
		k |= isRun
	}
	if unicode.Is(unicode.Mn, r) {
		k |= isMark
	}
	return k
}

// parts reports what cannot be seen and yet may part words: what was made to, and what shows as a blank.
func parts(r rune) bool {
	switch r {
	case '\u200b', '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return false
}

// kind is kindOf from a table.
func kind(r rune) runeKind {
	if r >= 0 && r < kindEnd {
		return kindPages[r>>8]()[r&0xFF]
	}
	return kindOf(r)
}

// IsHidden is [signal.IsHidden].
func IsHidden(r rune) bool { return r >= utf8.RuneSelf && kind(r)&isHidden != 0 }
