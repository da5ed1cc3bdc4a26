// Package folding knows what each character folds to, in a form that a text can be cut into words by: the bytes of the folded
// character, how many they are, and what they are in a word. A table holds this for the characters of which texts are made; its
// pages are made when they are needed, since few texts need more than a few. What folding is says package signal, whose rules this
// must always agree with; how words are cut is the business of package text.
package folding

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"lantern/signal"
)

// Folded is what a character folds to: up to three bytes, the first in the lowest, how many,
// and of what kind they are.
type Folded uint32

// The kinds.
const (
	ToMore    = iota // more than one character, or a long one: signal.AppendFold tells
	ToWord           // one character that is part of a word
	Alone            // one of a script without spaces, of three bytes
	ToNothing        // it cannot be seen
	ToOther          // one that is not part of a word; its byte is the space behind one
	ToTwo            // one of a script without spaces, of three bytes, and another: see seconds
	ToJamo           // a syllable of Hangul: two or three letters
)

// Kind is one of the kinds.
func (f Folded) Kind() int { return int(f >> 28) }

// Size is how many bytes there are, of those kinds that have some.
func (f Folded) Size() int { return int(f >> 24 & 15) }

// Second is the other character of what is ToTwo.
func (f Folded) Second() uint32 { return seconds[f.Size()] }

// seconds are the others, by what [Folded.Size] says: voicing marks of kana, vowels of Thai and Lao.
var seconds = [...]uint32{inThree('\u3099'), inThree('\u309A'), inThree('\u0E32'), inThree('\u0EB2')}

// Syllables of Hangul are numbered by their letters: see the Unicode Standard, section 3.12.
const (
	firstSyllable = 0xAC00
	syllables     = 11172
)

// PutJamo writes what a syllable folds to where there is room for ten bytes, and returns how many it took.
func PutJamo(dst []byte, r rune) int {
	i := r - firstSyllable
	binary.LittleEndian.PutUint32(dst, inThree(0x1100+i/588))
	binary.LittleEndian.PutUint32(dst[3:], inThree(0x1161+i%588/28))
	if i%28 == 0 {
		return 6
	}
	binary.LittleEndian.PutUint32(dst[6:], inThree(0x11A7+i%28))
	return 9
}

// Of is what a character folds to, found by the rules.
func Of(r rune) Folded {
	if r >= firstSyllable && r < firstSyllable+syllables {
		return ToJamo << 28
	}
	s := signal.FoldRune(r)
	f, size := utf8.DecodeRuneInString(s)
	switch {
	case s == "":
		return ToNothing << 28
	case size < len(s) || size > 3:
		return ofTwo(s)
	case !signal.IsWord(f) || f == utf8.RuneError:
		return ToOther<<28 | 1<<24 | ' '
	case signal.Unspaced(f) && size < 3:
		return ToMore << 28
	}
	kind := ToWord
	if signal.Unspaced(f) {
		kind = Alone
	}
	v := Folded(kind<<28 | size<<24)
	for i := range size {
		v |= Folded(s[i]) << (8 * i)
	}
	return v
}

// ofTwo is what a character folds to that does to more than one, or a long one.
func ofTwo(s string) Folded {
	f, size := utf8.DecodeRuneInString(s)
	g, other := utf8.DecodeRuneInString(s[size:])
	second := slices.Index(seconds[:], inThree(g))
	if size != 3 || other != 3 || size+other != len(s) || second < 0 || !signal.Unspaced(f) || !signal.IsWord(f) || !signal.Unspaced(g) || !signal.IsWord(g) {
		return ToMore << 28
	}
	return Folded(ToTwo<<28 | uint32(second)<<24 | inThree(f))
}

// inThree is a character written in three bytes, the first in the lowest.
func inThree(r rune) uint32 {
	return 0x8080E0 | uint32(r)>>12 | uint32(r)>>6&0x3F<<8 | uint32(r)&0x3F<<16
}
