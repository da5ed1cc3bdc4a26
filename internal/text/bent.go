package text

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"
	"unicode/utf8"

	"lantern/internal/wordhash"
	"lantern/signal"
)

// A word is bent if it repeats a character, other than a digit, three times or more, and is more than that ("www" is not), or
// has digits for letters: "zoooorbly", "z0rbly". It is read once more as it may be meant: the digits that stand for letters as these,
// then what is repeated as one character, or as two. All bent words of a phrase are read in the same way.

// The ways to read bent words are numbers of these bits, from 0 to Ways-1.
const (
	twice   = 1 << iota // what is repeated is two characters
	oneAsI              // 1 is i, else l
	allWays = twice | oneAsI

	Ways = allWays + 1
)

// leet are the letters that digits stand for; 1 stands for two.
var leet = [256]byte{'0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't'}

// Bounds of what is read with a bent word: as much as may belong to one phrase.
const (
	aroundSpaced = 19  // words
	aroundAll    = 199 // words, those of one character each too
)

// BentWord is a bent word of a text.
type BentWord struct {
	Word   int          // its number
	ways   uint8        // the bits of a way that make a difference for it
	held   uint8        // bit number way: some phrase may hold it, read in that way
	hashes [Ways]uint64 // of the ways that differ
}

// holds reports whether some phrase may hold the word read in one way, and its hash.
func (b *BentWord) holds(way int) (hash uint64, held bool) {
	way &= int(b.ways)
	return b.hashes[way], b.held>>way&1 == 1
}

// straight appends a folded word read in one way to dst. ways says in what the ways differ for it; bent is false if it is
// not bent.
func straight(dst, w []byte, way int) (_ []byte, ways int, bent bool) {
	from := len(dst)
	dst = append(dst, w...)
	s := dst[from:]
	if bent = isLeet(s); bent {
		for i, c := range s {
			if c == '1' {
				ways |= oneAsI
			}
			if c == '1' && way&oneAsI != 0 {
				s[i] = 'i'
			} else if leet[c] != 0 {
				s[i] = leet[c]
			}
		}
	}
	n := 0
	for i := 0; i < len(s); {
		size, behind := 1, i+1
		if c := s[i]; c < utf8.RuneSelf {
			for behind < len(s) && s[behind] == c {
				behind++
			}
		} else {
			_, size = utf8.DecodeRune(s[i:])
			for behind = i + size; behind+size <= len(s) && string(s[behind:behind+size]) == string(s[i:i+size]); {
				behind += size
			}
		}
		keep := behind - i
		if keep >= 3*size && keep < len(s) && !(s[i] >= '0' && s[i] <= '9') {
			if bent, ways, keep = true, ways|twice, size; way&twice != 0 {
				keep = 2 * size
			}
		}
		if n == i && keep == behind-i {
			n = behind // nothing was left out yet
		} else {
			n += copy(s[n:], s[i:i+keep])
		}
		i = behind
	}
	return dst[:from+n], ways, bent
}

// repeats reports whether a letter of ASCII stands three times in a row in a word, or there are other characters.
func repeats(w []byte) bool {
	for i, c := range w {
		if c >= utf8.RuneSelf || i >= 2 && c|foldBit == w[i-1]|foldBit && c|foldBit == w[i-2]|foldBit {
			return true
		}
	}
	return false
}

// isLeet reports whether digits of a word stand for letters: one stands between two letters, each could be one, and
// they are no more than the letters. So names with numbers, ids and digests are none.
func isLeet(w []byte) bool {
	letters, digits, inside, between := 0, 0, false, false
	for _, c := range w {
		switch c |= foldBit; {
		case c >= 'a' && c <= 'z':
			letters++
			between = between || inside
		case leet[c] != 0:
			digits++
			inside = letters > 0
		case c >= '0' && c <= '9':
			return false
		}
	}
	return between && digits <= letters
}

// Bent appends the bent words to dst, rising, that some phrase may hold in some way, which is asked of their hashes, and the others
// too: no phrase goes across those. The bits of ways are those that make a difference for one of the former; held says that there is one.
// It notes where codes stand ([CodeAt]), since it looks at all of the text.
func (l *Words) Bent(dst []BentWord, holds func(hash uint64) bool) (_ []BentWord, ways int, held bool) {
	first := len(dst)
	l.Codes = l.Codes[:0]
	note := func(i int) {
		l.bent = l.appendWord(l.bent[:0], i)
		var its int
		var bent bool
		if l.inner, its, bent = straight(l.inner[:0], l.bent, 0); !bent {
			return
		}
		if its&oneAsI != 0 { // which may make other rows of characters
			var more int
			_, more, _ = straight(l.bent, l.bent, oneAsI)
			its |= more
		}
		b := BentWord{Word: i, ways: uint8(its)}
		for way := range Ways {
			if way&^its != 0 {
				continue
			}
			l.inner, _, _ = straight(l.inner[:0], l.bent, way)
			if b.hashes[way] = wordhash.Folded(l.inner); holds(b.hashes[way]) {
				b.held |= 1 << way
			}
		}
		dst = append(dst, b)
		if b.held != 0 {
			ways, held = ways|its, true
		}
	}
	if len(l.fold) > 0 {
		l.bends = bends(l.bends[:0], l.fold)
		last := -1 // the word before, if it is not yet known whether it may be bent
		ends := func(behind int) {
			if last >= 0 && l.mayBend(l.List[last].fold, behind-1) {
				note(last)
			}
		}
		for i := range l.List {
			w := &l.List[i]
			if w.fold < 0 {
				continue
			}
			ends(w.fold)
			if last = i; l.fold[w.fold] >= 0xE0 && l.fold[w.fold+3] == ' ' { // most of these are a character alone
				last = -1
			}
		}
		ends(len(l.fold))
	}
	inASCII := len(dst)
	l.bends = bends(l.bends[:0], l.text)
	next, behind := 0, 0
	for k, set := range l.bends {
		for ; set != 0; set &= set - 1 {
			at := k*blockSize + bits.TrailingZeros64(set)
			if c := l.text[at]; c == '%' || c == '&' {
				if char, size := CodeAt(l.text, at); size > 0 {
					l.Codes = append(l.Codes, Code{at, at + size, char})
				}
				continue
			}
			if at < behind || !endsLetters(l.text, at) {
				continue
			}
			if next += Leap(len(l.List)-next, func(i int) bool { return l.List[next+i].End > at }); next == len(l.List) {
				continue
			}
			if w := &l.List[next]; w.Start <= at && w.fold < 0 {
				behind = w.End
				if raw := l.text[w.Start:w.End]; isLeet(raw) || repeats(raw) {
					note(next)
				}
			}
		}
	}
	if inASCII > first {
		slices.SortFunc(dst[first:], func(a, b BentWord) int { return cmp.Compare(a.Word, b.Word) })
	}
	return dst, ways, held
}

// mayBend reports whether the word that is folded from one place to another may be bent. l.bends are those of what is folded.
func (l *Words) mayBend(from, behind int) bool {
	w := l.fold[from:behind]
	for i := range w {
		if w[i] >= utf8.RuneSelf {
			return mayBendWide(w)
		}
	}
	for k := from / blockSize; k*blockSize < behind; k++ {
		set := l.bends[k]
		if k == from/blockSize {
			set &= ^uint64(0) << (from % blockSize)
		}
		if left := behind - k*blockSize; left < blockSize {
			set &= 1<<left - 1
		}
		if set != 0 {
			return true
		}
	}
	return false
}

// mayBendWide reports whether a folded word of any characters may be bent.
func mayBendWide(w []byte) bool {
	for i := 0; i < len(w); {
		size := 1
		switch c := w[i]; {
		case c >= '0' && c <= '9':
			return true
		case c >= 0xF0:
			size = 4
		case c >= 0xE0:
			size = 3
		case c >= utf8.RuneSelf:
			size = 2
		}
		if i+3*size <= len(w) && string(w[i:i+2*size]) == string(w[i+size:i+3*size]) {
			return true
		}
		i += size
	}
	return false
}

// endsLetters reports whether a letter stands at a place, or digits that end there and have a letter before them.
func endsLetters(b []byte, at int) bool {
	for at > 0 && Classes[b[at]]&Digit != 0 {
		at--
	}
	return Classes[b[at]]&Letter != 0
}

// bends appends a set for each 64 bytes of a text: those that may be where a word of ASCII is bent. Each begins a letter three
// times in a row, or is a digit that may stand for a letter, before a letter, or may begin a code: "%" or "&". Others may be among them.
func bends(dst []uint64, text []byte) []uint64 {
	n := (len(text) + blockSize - 1) / blockSize
	dst = slices.Grow(dst, n)[:n]
	for k := bendsFast(dst, text); k < n; k++ {
		dst[k] = 0
		for i := k * blockSize; i < min(len(text), (k+1)*blockSize); i += 8 {
			var b [10]byte
			copy(b[:], text[i:])
			dst[k] |= bendsOf(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[1:]), binary.LittleEndian.Uint64(b[2:])) << (i % blockSize)
		}
	}
	return dst
}

// bendsOf is [bends] of eight bytes, given with those one and two bytes behind each.
func bendsOf(at, second, third uint64) uint64 {
	const (
		lows, tops, octal    = 0x7F7F7F7F7F7F7F7F, 0x8080808080808080, 0x3030303030303030
		percents, ampersands = 0x2525252525252525, 0x2626262626262626
	)
	none := func(w uint64) uint64 { return ^((w&lows + lows) | w) } // top bits of bytes that are 0
	same := none((at ^ second | (at ^ third)) &^ wordhash.FoldBits)
	digit := none((at ^ octal) & 0xF8F8F8F8F8F8F8F8)
	set := (at<<1&^at&same | digit&(second<<1&^second) | none(at^percents) | none(at^ampersands)) & tops
	return set >> 7 * 0x0102040810204080 >> 56
}

// appendWord appends a word, folded.
func (l *Words) appendWord(dst []byte, i int) []byte {
	w := &l.List[i]
	if w.fold >= 0 {
		return append(dst, l.fold[w.fold:w.fold+l.size(i)]...)
	}
	for _, c := range l.text[w.Start:w.End] {
		dst = append(dst, c|foldBit)
	}
	return dst
}

// Straighten replaces the contents of l by the bent words of src, read in one way, and by the words
// around them that may belong to the same phrases. Bent words that no phrase holds in this way are left out like what is
// too far away: either leaves a word that no phrase holds.
func (l *Words) Straighten(src *Words, bent []BentWord, way int) {
	l.text = src.text
	l.List, l.Hashes, l.Runs, l.fold, l.open = l.List[:0], l.Hashes[:0], l.Runs[:0], l.fold[:0], false
	next, edge := 0, 0 // behind what was put last, and behind the last bent word that was left out
	for k := range bent {
		at := bent[k].Word
		hash, held := bent[k].holds(way)
		if !held {
			edge = at + 1
			continue
		}
		l.bent = src.appendWord(l.bent[:0], at)
		l.inner, _, _ = straight(l.inner[:0], l.bent, way)
		from, behind := max(src.Reach(at, -1), next, edge), src.Reach(at, 1)+1
		if k+1 < len(bent) {
			behind = min(behind, bent[k+1].Word)
		}
		if from > next {
			l.put(Word{Start: src.List[next].Start, End: src.List[next].Start}, []byte{0}, 0)
		}
		l.addRuns(src, from, behind)
		for i := from; i < behind; i++ {
			w := src.List[i]
			switch {
			case i == at:
				l.put(w, l.inner, hash)
			case w.fold >= 0:
				l.put(w, src.fold[w.fold:w.fold+src.size(i)], src.Hashes[i])
			default:
				l.List, l.Hashes = append(l.List, w), append(l.Hashes, src.Hashes[i])
			}
		}
		next = behind
	}
}

// put appends a word that is folded.
func (l *Words) put(w Word, folded []byte, hash uint64) {
	w.fold = len(l.fold)
	l.fold = append(append(l.fold, folded...), ' ')
	l.List, l.Hashes = append(l.List, w), append(l.Hashes, hash)
}

// addRuns notes the runs among words of src that are about to be appended.
func (l *Words) addRuns(src *Words, from, behind int) {
	move := len(l.List) - from
	for k := sort.Search(len(src.Runs), func(k int) bool { return src.Runs[k].Behind > from }); k < len(src.Runs) && src.Runs[k].From < behind; k++ {
		r := Run{max(src.Runs[k].From, from) + move, min(src.Runs[k].Behind, behind) + move}
		if n := len(l.Runs); n > 0 && l.Runs[n-1].Behind == r.From {
			l.Runs[n-1].Behind = r.Behind
		} else {
			l.Runs = append(l.Runs, r)
		}
	}
}

// Reach returns the farthest word in a direction that may belong to a phrase with word i.
func (l *Words) Reach(i, step int) int {
	for spaced, all := 0, 0; all < aroundAll && i+step >= 0 && i+step < len(l.List); all++ {
		if w := &l.List[i+step]; w.fold < 0 {
			spaced++
		} else if r, _ := utf8.DecodeRune(l.fold[w.fold:]); !signal.Unspaced(r) {
			spaced++
		}
		if spaced > aroundSpaced {
			break
		}
		i += step
	}
	return i
}
