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
	isFormat   runeKind = 4 // cannot be seen
	isRun      runeKind = 8 // see RunRune
	isMark     runeKind = 16
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
	if unicode.Is(unicode.Cf, r) {
		k |= isFormat
	}
	switch {
	case r == utf8.RuneError:
		return 0
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

// kind is kindOf from a table.
func kind(r rune) runeKind {
	if r >= 0 && r < kindEnd {
		return kindPages[r>>8]()[r&0xFF]
	}
	return kindOf(r)
}

// IsFormat reports whether a character cannot be seen.
func IsFormat(r rune) bool { return r >= utf8.RuneSelf && kind(r)&isFormat != 0 }
