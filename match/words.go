package match

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"lantern"
	"lantern/internal/segment"
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
	maxPhrase = 8192 // bytes from its first word to its last
)

// word is one word of a text: where it stands there, and where its folded form lies.
type word struct {
	hash             uint64
	start, end, fold int
}

// wordList is a text cut into words. Their folded forms stand in fold, separated by single
// spaces, so that a phrase is compared by looking at a prefix.
type wordList struct {
	words []word
	fold  []byte
	inner []byte // folding of one character
	open  bool   // the last word of words may go on
}

const hashPrime = 0x100000001b3

// cut replaces the contents of l by the words of text.
func (l *wordList) cut(text []byte) {
	// Folded ASCII is as long as the text, and each word but the last is followed by a space.
	l.words, l.fold, l.open = l.words[:0], slices.Grow(l.fold[:0], len(text)+len(text)/2+1), false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(text[i:])
			l.addRune(r, i, i+size)
			i += size
		case foldByte[c] != 0:
			i = l.addASCII(text, i)
		default:
			l.open = false
			i++
		}
	}
}

// addASCII appends the ASCII characters of a word that stand from i on, and returns where
// they end.
func (l *wordList) addASCII(text []byte, i int) int {
	if !l.open {
		l.begin(i)
	}
	w := &l.words[len(l.words)-1]
	h, from := w.hash, len(l.fold)
	fold := l.fold[from:cap(l.fold)]
	if room := text[i:]; len(room) > len(fold) {
		text = text[:i+len(fold)] // the rest of a long word comes with the next call
	}
	n := 0
	for ; i < len(text); i++ {
		f := foldByte[text[i]]
		if f == 0 {
			break
		}
		h = (h ^ uint64(f)) * hashPrime
		fold[n] = f
		n++
	}
	w.hash, w.end, l.fold = h, i, l.fold[:from+n]
	if n == 0 {
		l.fold = slices.Grow(l.fold, len(text)+64)
	}
	return i
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
func (l *wordList) add(f byte, start, end int) {
	if !l.open {
		l.begin(start)
	}
	w := &l.words[len(l.words)-1]
	w.hash = (w.hash ^ uint64(f)) * hashPrime
	w.end = end
	l.fold = append(l.fold, f)
}

// begin opens a word.
func (l *wordList) begin(start int) {
	if len(l.words) > 0 {
		l.fold = append(l.fold, ' ')
	}
	l.words = append(l.words, word{hash: 0xcbf29ce484222325, start: start, fold: len(l.fold)})
	l.open = true
}

// addRune folds one character and appends what comes of it.
func (l *wordList) addRune(r rune, start, end int) {
	l.inner = signal.AppendFold(l.inner[:0], r)
	for f := l.inner; len(f) > 0; {
		r, size := utf8.DecodeRune(f)
		switch {
		case !signal.IsWord(r) || r == utf8.RuneError:
			l.open = false
		default:
			alone := signal.Unspaced(r)
			l.open = l.open && !alone
			for _, b := range f[:size] {
				l.add(b, start, end)
			}
			l.open = !alone
		}
		f = f[size:]
	}
}

// first returns the hash under which phrases that begin with word i are filed: of that
// word and the next, or of the word alone if it is the only one.
func first(a, b uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ b
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

// alone stands for the second word of a phrase that has none.
const alone = 1

// find calls found for each phrase that begins with word i.
func (l *wordList) find(v view, i int, found func(signal lantern.ID, start, end int)) {
	hashes := [2]uint64{first(l.words[i].hash, alone), 0}
	n := 1
	if i+1 < len(l.words) {
		hashes[1], n = first(l.words[i].hash, l.words[i+1].hash), 2
	}
	for k, p := range v.Pieces {
		if p.Phrases() == 0 {
			continue
		}
		for _, h := range hashes[:n] {
			if !p.May(h) {
				continue
			}
			from, behind := p.FindPhrases(h)
			for j := from; j < behind; j++ {
				row := p.Phrase(j)
				if l.stands(&row, i) && v.Alive(k, row.Row) {
					found(signalAt(p, row.Row), l.words[i].start, l.words[i+int(row.Words)-1].end)
				}
			}
		}
	}
}

// stands reports whether the phrase begins with word i.
func (l *wordList) stands(row *segment.Phrase, i int) bool {
	f := l.fold[l.words[i].fold:]
	if len(f) < len(row.Text) || len(f) > len(row.Text) && f[len(row.Text)] != ' ' || !bytes.HasPrefix(f, row.Text) {
		return false
	}
	if row.Words == 0 || int(row.Words) > len(l.words)-i {
		return false // damaged
	}
	words := l.words[i : i+int(row.Words)]
	for j := 1; j < len(words); j++ {
		if words[j].start-words[j-1].end > maxGap {
			return false
		}
	}
	return words[len(words)-1].end-words[0].start <= maxPhrase
}

// Phrases finds the phrases that stand in text and appends them to dst, which it returns,
// in the order of their start. Offsets are bytes of text as given. It takes no lock.
func (e *Engine) Phrases(text []byte, dst []Span) []Span {
	if v := (view{e.shelf.Peek()}); !v.mayType(e.n.phrase) {
		return dst
	}
	s := e.scanners.Get().(*scanner)
	defer s.release(e)
	l := &s.words
	l.cut(text)
	from := len(dst)
	e.read(func(v view) {
		dst = dst[:from]
		for i := range l.words {
			l.find(v, i, func(id lantern.ID, start, end int) {
				dst = append(dst, Span{Signal: id, Start: start, End: end, Weak: signal.Phrase.Weak})
			})
		}
	})
	slices.SortStableFunc(dst[from:], func(a, b Span) int { return a.Start - b.Start })
	return dst
}
