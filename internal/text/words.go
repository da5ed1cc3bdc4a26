package text

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"lantern/internal/folding"
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
	Runs   []Run    // rising by From
	Codes  []Code   // rising: see Bent
	filed  []uint64 // of pairs or triples, whoever asked last
	fold   []byte   // words that are not of ASCII, folded, each with a space behind it
	inner  []byte   // folding of one character
	bent   []byte   // a bent word
	open   bool     // the last word of words may go on
	folds  *folding.Table
	few    bool         // the last row of characters alone was short
	cut    *foldWordsAt // for the kernel that folds
	bends  []uint64

	without int // kernels that are left out, for tests: 1 the widest, 2 all
}

// Run is a longest row of words that are a character each, of scripts without spaces.
type Run struct{ From, Behind int }

// Cut replaces the contents of l by the words of b. It keeps b until the next call.
func (l *Words) Cut(b []byte) { l.CutBlocks(b, Blocks(l.blocks, b)) }

// CutBlocks is Cut of a text whose blocks are known.
func (l *Words) CutBlocks(b []byte, blocks []Block) {
	l.text, l.blocks = b, blocks
	l.List, l.Hashes, l.Runs, l.fold, l.open = l.List[:0], l.Hashes[:0], l.Runs[:0], l.fold[:0], false
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i = l.readASCII(i)
		}
		if i < len(b) {
			i = l.readOther(i)
		}
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

// after returns what of a phrase, folded, follows the word w that it must begin with. ok is false if it
// begins with another.
func (l *Words) after(w *Word, phrase []byte) (rest []byte, ok bool) {
	if w.fold >= 0 {
		have := l.fold[w.fold:]
		n := bytes.IndexByte(have, ' ')
		return phrase[min(n, len(phrase)):], bytes.HasPrefix(phrase, have[:n])
	}
	have := l.text[w.Start:w.End]
	if len(phrase) < len(have) {
		return nil, false
	}
	f := phrase[:len(have)]
	for i, c := range have {
		if c|foldBit != f[i] {
			return nil, false
		}
	}
	return phrase[len(have):], true
}

// Stands reports whether a phrase of n words, folded and separated by single spaces, begins
// with word i.
func (l *Words) Stands(phrase []byte, n, i int) bool {
	if n <= 0 || i < 0 || n > len(l.List)-i {
		return false // or damaged
	}
	words, rest, ok := l.List[i:i+n], phrase, false
	for j := range words {
		w := &words[j]
		if j > 0 {
			if w.Start-words[j-1].End > maxGap || len(rest) == 0 || rest[0] != ' ' {
				return false
			}
			rest = rest[1:]
		}
		if rest, ok = l.after(w, rest); !ok {
			return false
		}
	}
	return len(rest) == 0 && words[n-1].End-words[0].Start <= MaxPhrase
}

// Forget lets the text go.
func (l *Words) Forget() { l.text = nil }

// Leap is [sort.Search], quick where it need not go far.
func Leap(n int, f func(int) bool) int {
	limit := 1
	for limit < n && !f(limit-1) {
		limit *= 2
	}
	low := limit / 2
	return low + sort.Search(min(limit, n)-low, func(i int) bool { return f(low + i) })
}
