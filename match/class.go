package match

import (
	"unicode/utf8"

	"lantern/signal"
)

// class says what a byte of text can be part of.
type class uint8

// The classes of ASCII bytes.
const (
	isLetter class = 1 << iota
	isDigit
	isJoiner // a mark that may stand inside a name: . - _ # ~
	isDot
	notHex // a letter beyond f
	isHigh // the start of a character outside ASCII, or no character
)

// inRun are the bytes that make up runs: the stretches of text in which names stand.
const inRun = isLetter | isDigit | isJoiner | isHigh

var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = isHigh
		case c >= '0' && c <= '9':
			t[c] = isDigit
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			t[c] = isLetter
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] = isLetter | notHex
		case c == '.':
			t[c] = isJoiner | isDot
		case c == '-', c == '_', c == '#', c == '~':
			t[c] = isJoiner
		}
	}
	return t
}()

// set is a set of ASCII characters.
type set [2]uint64

func newSet(chars string) (s set) {
	for _, c := range []byte(chars) {
		s[c>>6] |= 1 << (c & 63)
	}
	return s
}

// has reports whether c is in s. Bytes outside ASCII never are.
func (s *set) has(c byte) bool { return c < utf8.RuneSelf && s[c>>6]>>(c&63)&1 != 0 }

// What joins a token to the text beside it: past a run of these, a letter or digit means
// that the token goes on.
var (
	handleJoin = newSet(".-_#~")
	linkJoin   = newSet(".-_~") // of a handle in a link, where "#" begins the fragment
	hostJoin   = newSet(".-_")
	mailJoin   = newSet(".-_+")
	urlJoin    = newSet(".-_~:/?#@&=+%$")
	phoneJoin  = newSet("-./")
	idJoin     = newSet(".-_~=+")
	ipJoin     = newSet(".")
	ip6Join    = newSet(".:")
	noJoin     = newSet("")
)

// maxJoin is how many joiners are looked past.
const maxJoin = 32

// script tells letters and digits apart from the rest, and scripts written without
// spaces from others: a change between the two ends a token.
type script uint8

const (
	noScript script = iota
	spaced
	unspaced
)

func scriptOf(r rune) script {
	switch {
	case r < utf8.RuneSelf:
		if r >= 0 && classes[r]&(isLetter|isDigit) != 0 {
			return spaced
		}
		return noScript
	case r == utf8.RuneError || !signal.IsWord(r):
		return noScript
	case signal.Unspaced(r):
		return unspaced
	}
	return spaced
}

// runeAt decodes the character at i.
func runeAt(text []byte, i int) (rune, int) {
	if i >= len(text) {
		return -1, 0
	}
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRune(text[i:])
}

// runeBefore decodes the character that ends at i.
func runeBefore(text []byte, i int) (rune, int) {
	if i <= 0 {
		return -1, 0
	}
	if c := text[i-1]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeLastRune(text[:i])
}

// leftFree reports whether a token may begin at p: the text before does not go over into it.
func leftFree(text []byte, p int, join *set) bool {
	i := p
	for i > 0 && p-i < maxJoin && join.has(text[i-1]) {
		i--
	}
	if p-i == maxJoin {
		return true
	}
	r, _ := runeBefore(text, i)
	before := scriptOf(r)
	if before == noScript || escapeEnds(text, i) {
		return true
	}
	r, _ = runeAt(text, p)
	inside := scriptOf(r)
	return inside != noScript && inside != before
}

// rightFree reports whether a token may end at e.
func rightFree(text []byte, e int, join *set) bool {
	i := e
	for i < len(text) && i-e < maxJoin && join.has(text[i]) {
		i++
	}
	if i-e == maxJoin {
		return true
	}
	r, _ := runeAt(text, i)
	after := scriptOf(r)
	if after == noScript {
		return true
	}
	r, _ = runeBefore(text, e)
	inside := scriptOf(r)
	return inside != noScript && inside != after
}

// escapeEnds reports whether the characters before i are an escape of source code or JSON
// ("\n", "\u003c"), so that the letter before i belongs to no word.
func escapeEnds(text []byte, i int) bool {
	if i >= 2 && text[i-2] == '\\' {
		switch text[i-1] {
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			return true
		}
	}
	if i >= 6 && text[i-6] == '\\' && text[i-5] == 'u' {
		for _, c := range text[i-4 : i] {
			if !isHex(c) {
				return false
			}
		}
		return true
	}
	return false
}

// isHex reports a hexadecimal digit.
func isHex(c byte) bool {
	k := classes[c]
	return k&isDigit != 0 || k&(isLetter|notHex) == isLetter
}

// isEntity reports whether text begins with an HTML entity that stands for a quote, a
// bracket or a blank, which no token contains.
func isEntity(text []byte) bool {
	for _, e := range []string{"quot;", "lt;", "gt;", "apos;", "nbsp;", "#34;", "#39;", "#60;", "#62;", "#x22;", "#x27;", "#x3c;", "#x3e;"} {
		if len(text) > len(e) && lowerEqual(text[1:1+len(e)], e) {
			return text[0] == '&'
		}
	}
	return false
}

// lowerEqual reports whether b in lower case is s.
func lowerEqual(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower(c) != s[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// appendLower appends b, ASCII letters in lower case.
func appendLower(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, lower(c))
	}
	return dst
}
