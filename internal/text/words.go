package text

import (
	"bytes"
	"encoding/binary"
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
	Runs   []Run    // rising by From
	filed  []uint64 // of pairs or triples, whoever asked last
	fold   []byte   // words that are not of ASCII, folded, each with a space behind it
	inner  []byte   // folding of one character
	open   bool     // the last word of words may go on
	pages  *[foldEnd >> 8]*foldPage
	plain  bool // by Go alone
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
		if i = l.readASCII(i); i < len(b) {
			i = l.readOther(i)
		}
	}
}

// readOther cuts the words from i on, of characters of any kind, until a character of ASCII
// is between two words and none outside ASCII follows. It returns where that is.
func (l *Words) readOther(i int) int {
	for b := l.text; i < len(b); {
		f, r, size := folded(0), rune(0), 1
		if c := b[i]; c < utf8.RuneSelf {
			f = foldASCII[c]
		} else if r, size = runeAt(b[i:]); r < foldEnd {
			f = l.pageOf(r)[r&0xFF]
		}
		switch f.kind() {
		case foldsToWord:
			if !l.open {
				l.begin(i)
			}
			l.append(f, i+size)
		case foldsAlone:
			l.close()
			l.begin(i)
			l.append(f, i+size)
			l.closeAlone()
		case foldsToNothing:
		case foldsToOther:
			l.close()
			if size == 1 && i+1 < len(b) && b[i] < utf8.RuneSelf && b[i+1] < utf8.RuneSelf {
				return i + 1
			}
		default:
			l.addRune(r, i, i+size)
		}
		i += size
	}
	l.close()
	return i
}

// pageOf returns the page of a character below foldEnd.
func (l *Words) pageOf(r rune) *foldPage {
	if l.pages == nil {
		l.pages = new([foldEnd >> 8]*foldPage)
	}
	p := l.pages[r>>8]
	if p == nil {
		p = foldPages[r>>8]()
		l.pages[r>>8] = p
	}
	return p
}

// append appends one folded character to the open word.
func (l *Words) append(f folded, end int) {
	l.List[len(l.List)-1].End = end
	l.fold = binary.LittleEndian.AppendUint32(l.fold, uint32(f)) // room for the longest
	l.fold = l.fold[:len(l.fold)-4+f.size()]
}

// runeAt is [utf8.DecodeRune] of a text that begins with a byte outside ASCII. It reads what
// most such text is written in without asking twice.
func runeAt(b []byte) (rune, int) {
	if len(b) >= 3 && b[0]&0xF0 == 0xE0 && b[0] != 0xE0 && b[0] != 0xED && b[1]&0xC0 == 0x80 && b[2]&0xC0 == 0x80 {
		return rune(b[0]&0x0F)<<12 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F), 3
	}
	return utf8.DecodeRune(b)
}

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
		l.fold = append(l.fold, ' ')
		w := l.fold[l.List[len(l.List)-1].fold:]
		l.Hashes = append(l.Hashes, hashFolded(w[:len(w)-1]))
		l.open = false
	}
}

// closeAlone ends the open word, which is one character of a script without spaces.
func (l *Words) closeAlone() {
	l.close()
	n := len(l.List)
	if last := len(l.Runs) - 1; last >= 0 && l.Runs[last].Behind == n-1 {
		l.Runs[last].Behind = n
	} else {
		l.Runs = append(l.Runs, Run{n - 1, n})
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
				l.closeAlone()
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
