// Package text cuts text into tokens: it says where a name, an address or a number may
// begin and end, whatever stands around it.
//
// A token is cut off by any character that cannot continue it. Which characters can is a
// matter of the kind of token: each kind has a [Set] of joiners, marks that may stand
// inside. A border is free if, past any joiners, no letter or digit follows that belongs to
// the same kind of script. Dots and at signs are also read in the forms in which people write
// them so that nobody can click them.
//
// Nothing here keeps text, or state beyond one call.
//
// docs/design/008-reading-text.md has the whole of the rules.
package text

import "unicode/utf8"

// Class says what a byte of text can be part of.
type Class uint8

// The classes of ASCII bytes.
const (
	Letter Class = 1 << iota
	Digit
	Joiner // a mark that may stand inside a name: . - _ # ~
	Dot
	NotHex // a letter beyond f
	High   // the start of a character outside ASCII, or no character
)

// InRun are the bytes that make up runs: the stretches of text in which names stand.
const InRun = Letter | Digit | Joiner | High

// Classes gives the class of each byte. It never changes.
var Classes = func() (t [256]Class) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = High
		case c >= '0' && c <= '9':
			t[c] = Digit
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			t[c] = Letter
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] = Letter | NotHex
		case c == '.':
			t[c] = Joiner | Dot
		case c == '-', c == '_', c == '#', c == '~':
			t[c] = Joiner
		}
	}
	return t
}()

// Set is a set of ASCII characters.
type Set [2]uint64

// NewSet returns the set of the characters of chars, which must be ASCII.
func NewSet(chars string) (s Set) {
	for _, c := range []byte(chars) {
		s.add(c)
	}
	return s
}

func (s *Set) add(c byte) { s[c>>6] |= 1 << (c & 63) }

// Has reports whether c is in s. Bytes outside ASCII never are.
func (s *Set) Has(c byte) bool { return c < utf8.RuneSelf && s[c>>6]>>(c&63)&1 != 0 }

// What joins a token to the text beside it: past a run of these, a letter or digit means
// that the token goes on. They never change.
var (
	HandleJoin = NewSet(".-_#~")
	LinkJoin   = NewSet(".-_~") // of a handle in a link, where "#" begins the fragment
	HostJoin   = NewSet(".-_")
	MailJoin   = NewSet(".-_+")
	URLJoin    = NewSet(".-_~:/?#@&=+%$")
	PhoneJoin  = NewSet("-./")
	IDJoin     = NewSet(".-_~=+")
	IPJoin     = NewSet(".")
	NoJoin     = NewSet("")
)

// MaxJoin is how many joiners are looked past.
const MaxJoin = 32

// Script tells letters and digits apart from the rest, and scripts written without
// spaces from others: a change between the two ends a token.
type Script uint8

// The scripts.
const (
	NoScript Script = iota
	Spaced
	Unspaced
)

// ScriptOf returns the script of a letter or digit, NoScript of anything else.
func ScriptOf(r rune) Script {
	switch {
	case r < utf8.RuneSelf:
		if r >= 0 && Classes[r]&(Letter|Digit) != 0 {
			return Spaced
		}
		return NoScript
	}
	return Script(kind(r) & scriptBits)
}

// RuneAt decodes the character at i.
func RuneAt(text []byte, i int) (rune, int) {
	if i >= len(text) {
		return -1, 0
	}
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRune(text[i:])
}

// RuneBefore decodes the character that ends at i.
func RuneBefore(text []byte, i int) (rune, int) {
	if i <= 0 {
		return -1, 0
	}
	if c := text[i-1]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeLastRune(text[:i])
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
			if !IsHex(c) {
				return false
			}
		}
		return true
	}
	return false
}

// IsHex reports a hexadecimal digit.
func IsHex(c byte) bool {
	k := Classes[c]
	return k&Digit != 0 || k&(Letter|NotHex) == Letter
}

// IsEntity reports whether text begins with an HTML entity that stands for a quote, a
// bracket or a blank, which no token contains.
func IsEntity(text []byte) bool {
	for _, e := range []string{"quot;", "lt;", "gt;", "apos;", "nbsp;", "#34;", "#39;", "#60;", "#62;", "#x22;", "#x27;", "#x3c;", "#x3e;"} {
		if len(text) > len(e) && LowerEqual(text[1:1+len(e)], e) {
			return text[0] == '&'
		}
	}
	return false
}

// LowerEqual reports whether b in lower case is s.
func LowerEqual(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if Lower(c) != s[i] {
			return false
		}
	}
	return true
}

// Lower returns an ASCII letter in lower case, and any other byte as it is.
func Lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// AppendLower appends b, ASCII letters in lower case.
func AppendLower(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, Lower(c))
	}
	return dst
}
