package text

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"lantern/signal"
)

// How phrases are read. A text is cut into words: a word is a longest run of characters
// that are letters, digits or vowel signs once folded; what folds to nothing does not
// interrupt it, and each character of a script written without spaces is a word of its
// own. A phrase stands in a text where its words follow one another, with any other
// characters between two of them.

// Bounds of a phrase in a text.
const (
	maxGap    = 64   // bytes between two of its words
	MaxPhrase = 8192 // bytes from its first word to its last
)

// Word is one word of a text: where it stands there, and where its folded form lies.
type Word struct {
	Start, End int
	fold       int // in Words.fold, where a space follows it; -1: it is letters and digits of ASCII, folded by foldBit
}

// foldBit folds letters of ASCII to lower case and leaves digits as they are.
const foldBit = ' '

// Words is a text cut into words. It is used for one text after the other, by one goroutine.
type Words struct {
	text   []byte
	blocks []Block  // of text
	List   []Word   // rising by Start
	Hashes []uint64 // of each of them, folded
	Pairs  []uint64 // of each and the next
	fold   []byte   // words that are not of ASCII, folded, each with a space behind it
	inner  []byte   // folding of one character
	open   bool     // the last word of words may go on
	page   *foldPage
	number rune // of page
}

// Cut replaces the contents of l by the words of b. It keeps b until the next call.
func (l *Words) Cut(b []byte) { l.CutBlocks(b, Blocks(l.blocks, b)) }

// CutBlocks is Cut of a text whose blocks are known.
func (l *Words) CutBlocks(b []byte, blocks []Block) {
	l.text, l.blocks = b, blocks
	l.List, l.Hashes, l.fold, l.open = l.List[:0], l.Hashes[:0], l.fold[:0], false
	for i := 0; i < len(b); {
		if i = l.readASCII(i); i < len(b) {
			i = l.readOther(i)
		}
	}
	l.pairUp()
}

// readASCII cuts the words that stand from i on, before any of which nothing is open. It
// returns where the first character outside ASCII stands, or the word begins that touches it.
func (l *Words) readASCII(i int) int {
	start, carry := -1, uint64(0)
	skip := ^uint64(0) << (i & 63)
	for b := i >> 6; b < len(l.blocks); b++ {
		w, high := l.blocks[b].Word&skip, l.blocks[b].High&skip
		skip = ^uint64(0)
		edges := w ^ (w<<1 | carry) // where words begin and where they are over
		carry = w >> 63
		if high != 0 {
			edges &= high&-high - 1
		}
		l.List, l.Hashes = slices.Grow(l.List, 32), slices.Grow(l.Hashes, 32)
		for ; edges != 0; edges &= edges - 1 {
			at := b<<6 + bits.TrailingZeros64(edges)
			if start < 0 {
				start = at
				continue
			}
			l.List = append(l.List, Word{start, at, -1})
			l.Hashes = append(l.Hashes, hashASCII(l.text, start, at))
			start = -1
		}
		if high != 0 {
			if start >= 0 {
				return start
			}
			return b<<6 + bits.TrailingZeros64(high)
		}
	}
	if start >= 0 {
		l.List = append(l.List, Word{start, len(l.text), -1})
		l.Hashes = append(l.Hashes, hashASCII(l.text, start, len(l.text)))
	}
	return len(l.text)
}

// readOther cuts the words from i on, of characters of any kind, until a character of ASCII
// is between two words and none outside ASCII follows. It returns where that is.
func (l *Words) readOther(i int) int {
	for b := l.text; i < len(b); {
		c := b[i]
		if c >= utf8.RuneSelf {
			i = l.readRune(i)
			continue
		}
		if foldByte[c] != 0 {
			l.add(foldByte[c], i, i+1)
			i++
			continue
		}
		l.close()
		if i++; i < len(b) && b[i] < utf8.RuneSelf {
			return i
		}
	}
	l.close()
	return i
}

// readRune adds the character outside ASCII that stands at i, and returns where it ends.
func (l *Words) readRune(i int) int {
	r, size := runeAt(l.text[i:])
	if r >= foldEnd {
		l.addRune(r, i, i+size)
		return i + size
	}
	if l.page == nil || r>>8 != l.number {
		l.page, l.number = foldPages[r>>8](), r>>8
	}
	switch f := l.page[r&0xFF]; f.kind() {
	case foldsToWord:
		if !l.open {
			l.begin(i)
		}
		l.List[len(l.List)-1].End = i + size
		l.fold = append(l.fold, byte(f))
		for n := f.size(); n > 1; n-- {
			f >>= 8
			l.fold = append(l.fold, byte(f))
		}
	case foldsAlone:
		l.close()
		l.begin(i)
		l.List[len(l.List)-1].End = i + size
		l.fold = append(l.fold, byte(f), byte(f>>8), byte(f>>16))
		l.close()
	case foldsToNothing:
	case foldsToOther:
		l.close()
	default:
		l.addRune(r, i, i+size)
	}
	return i + size
}

// runeAt is [utf8.DecodeRune] of a text that begins with a byte outside ASCII. It reads what
// most such text is written in without asking twice.
func runeAt(b []byte) (rune, int) {
	if len(b) >= 3 && b[0]&0xF0 == 0xE0 && b[0] != 0xE0 && b[0] != 0xED && b[1]&0xC0 == 0x80 && b[2]&0xC0 == 0x80 {
		return rune(b[0]&0x0F)<<12 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F), 3
	}
	return utf8.DecodeRune(b)
}

// foldByte is the folded form of an ASCII character that belongs to words, else 0.
var foldByte = func() (t [256]byte) {
	for c := range utf8.RuneSelf {
		if f := signal.FoldRune(rune(c)); len(f) == 1 && signal.IsWord(rune(f[0])) {
			t[c] = f[0]
		}
	}
	return t
}()

// add appends one folded byte to the open word, or opens one at start.
func (l *Words) add(f byte, start, end int) {
	if !l.open {
		l.begin(start)
	}
	l.List[len(l.List)-1].End = end
	l.fold = append(l.fold, f)
}

// begin opens a word.
func (l *Words) begin(start int) {
	l.List = append(l.List, Word{Start: start, fold: len(l.fold)})
	l.open = true
}

// close ends the open word, if there is one.
func (l *Words) close() {
	if l.open {
		l.Hashes = append(l.Hashes, hashFolded(l.fold[l.List[len(l.List)-1].fold:]))
		l.fold = append(l.fold, ' ')
		l.open = false
	}
}

// addRune folds one character and appends what comes of it.
func (l *Words) addRune(r rune, start, end int) {
	l.inner = signal.AppendFold(l.inner[:0], r)
	for f := l.inner; len(f) > 0; {
		r, size := utf8.DecodeRune(f)
		if !signal.IsWord(r) || r == utf8.RuneError {
			l.close()
		} else {
			alone := signal.Unspaced(r)
			if alone {
				l.close()
			}
			for _, b := range f[:size] {
				l.add(b, start, end)
			}
			if alone {
				l.close()
			}
		}
		f = f[size:]
	}
}

// AppendFolded appends words, folded and separated by single spaces.
func (l *Words) AppendFolded(dst []byte) []byte {
	for i, w := range l.List {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if w.fold >= 0 {
			f := l.fold[w.fold:]
			dst = append(dst, f[:bytes.IndexByte(f, ' ')]...)
			continue
		}
		for _, c := range l.text[w.Start:w.End] {
			dst = append(dst, c|foldBit)
		}
	}
	return dst
}

// is reports whether a word is the one folded to f.
func (l *Words) is(w *Word, f []byte) bool {
	if w.fold >= 0 {
		have := l.fold[w.fold:]
		return len(have) > len(f) && have[len(f)] == ' ' && bytes.HasPrefix(have, f)
	}
	have := l.text[w.Start:w.End]
	if len(have) != len(f) {
		return false
	}
	for i, c := range have {
		if c|foldBit != f[i] {
			return false
		}
	}
	return true
}

// Anchor returns which two neighbors in a list of two words or more are best looked for in a text:
// the first word of the longest pair. Long words are rare.
func (l *Words) Anchor() (at int) {
	size := func(i int) int { return l.size(i) + l.size(i+1) }
	for i := range len(l.List) - 1 {
		if size(i) > size(at) {
			at = i
		}
	}
	return at
}

// size is how many bytes word i has, folded.
func (l *Words) size(i int) int {
	w := &l.List[i]
	if w.fold < 0 {
		return w.End - w.Start
	}
	return bytes.IndexByte(l.fold[w.fold:], ' ')
}

// Stands reports whether a phrase of n words, folded and separated by single spaces, begins
// with word i.
func (l *Words) Stands(phrase []byte, n, i int) bool {
	if n <= 0 || i < 0 || n > len(l.List)-i {
		return false // or damaged
	}
	words, rest := l.List[i:i+n], phrase
	for j := range words {
		w := &words[j]
		if j > 0 && w.Start-words[j-1].End > maxGap {
			return false
		}
		f, behind, more := bytes.Cut(rest, []byte{' '})
		if more == (j == n-1) || !l.is(w, f) {
			return false
		}
		rest = behind
	}
	return words[n-1].End-words[0].Start <= MaxPhrase
}

// Forget lets the text go.
func (l *Words) Forget() { l.text = nil }

// loadMasks keep the first bytes of two words of a processor.
var loadMasks = func() (m [17][2]uint64) {
	for n := range m {
		for i := range n {
			m[n][i/8] |= 0xFF << (i % 8 * 8)
		}
	}
	return m
}()

// foldBits is foldBit in each byte.
const foldBits = 0x2020202020202020

// HashWord is the hash that [Words.Hashes] has of a word of letters and digits of ASCII.
func HashWord(b []byte, start, end int) uint64 { return hashASCII(b, start, end) }

// hashASCII is the hash of a word of ASCII that is not folded.
func hashASCII(b []byte, start, end int) uint64 {
	lo, hi, ok := LoadWord(b, start, end)
	if !ok {
		return hashTail(b[start:end])
	}
	return Spread(lo, hi)
}

// LoadWord returns a word of letters and digits of ASCII, of up to 16 bytes, in lower case and
// filled up with zeros. ok is false if it is longer, or stands near the end of b. Hyphens stay as
// they are, and underscores become what no word holds.
func LoadWord(b []byte, start, end int) (lo, hi uint64, ok bool) {
	if end-start > 16 || start+16 > len(b) {
		return 0, 0, false
	}
	m := &loadMasks[end-start]
	return (binary.LittleEndian.Uint64(b[start:]) | foldBits) & m[0], (binary.LittleEndian.Uint64(b[start+8:]) | foldBits) & m[1], true
}

// Spread mixes what [LoadWord] returns, so that words spread evenly.
func Spread(lo, hi uint64) uint64 { return mix(lo^hashLow, hi^hashHigh) }

// hashTail is hashASCII of a long word, or one near the end of a text.
func hashTail(w []byte) uint64 {
	var room [64]byte
	f := room[:0]
	for _, c := range w {
		f = append(f, c|foldBit)
	}
	return hashFolded(f)
}

// What the halves of a block are changed by before they are mixed.
const (
	hashLow  = 0x9e3779b97f4a7c15
	hashHigh = 0xbf58476d1ce4e5b9
)

// hashFolded is the hash of a folded word. It is not keyed, since what it is a hash of stands
// beside it; docs/formats/segments.md defines it.
func hashFolded(w []byte) (h uint64) {
	for ; len(w) > 16; w = w[16:] {
		h = mix(h^binary.LittleEndian.Uint64(w)^hashLow, binary.LittleEndian.Uint64(w[8:])^hashHigh)
	}
	var last [16]byte
	copy(last[:], w)
	return mix(h^binary.LittleEndian.Uint64(last[:])^hashLow, binary.LittleEndian.Uint64(last[8:])^hashHigh)
}

// mix multiplies and adds the halves of the product.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi + lo
}

// pairUp makes the hashes of all pairs.
func (l *Words) pairUp() {
	n := max(0, len(l.Hashes)-1)
	l.Pairs = slices.Grow(l.Pairs[:0], n)[:n]
	for i := range l.Pairs {
		l.Pairs[i] = Pair(l.Hashes[i], l.Hashes[i+1])
	}
}

// Pair returns the hash of two words that follow one another, of their hashes.
func Pair(a, b uint64) uint64 { return mix(a^hashHigh, b^hashLow) }
