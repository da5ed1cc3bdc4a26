package text

import (
	"encoding/binary"
	"math/bits"
	"sort"
	"unicode/utf8"

	"lantern/signal"
)

// A word is bent if it repeats a character, other than a digit, three times or more, or has digits for letters: "zoooorbly",
// "z0rbly". It is read once more as it may be meant: the digits that stand for letters as these,
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

// straight appends a folded word read in one way to dst. ways says in what the ways differ for it; bent is false if it is
// not bent.
func straight(dst, w []byte, way int) (_ []byte, ways int, bent bool) {
	from := len(dst)
	dst = append(dst, w...)
	s := dst[from:]
	bent = isLeet(s)
	if bent {
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
		_, size := utf8.DecodeRune(s[i:])
		behind := i + size
		for behind+size <= len(s) && string(s[behind:behind+size]) == string(s[i:i+size]) {
			behind += size
		}
		keep := behind - i
		if keep >= 3*size && !(s[i] >= '0' && s[i] <= '9') {
			if bent, ways, keep = true, ways|twice, size; way&twice != 0 {
				keep = 2 * size
			}
		}
		n += copy(s[n:], s[i:i+keep])
		i = behind
	}
	return dst[:from+n], ways, bent
}

// isLeet reports whether digits of a folded word stand for letters: one stands between two letters, each could be one, and
// they are no more than the letters. So names with numbers, ids and digests are none.
func isLeet(w []byte) bool {
	letters, digits, inside, between := 0, 0, false, false
	for _, c := range w {
		switch {
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

// Bent appends the numbers of the bent words to dst, rising. The bits of ways are those that make a difference.
func (l *Words) Bent(dst []int) (_ []int, ways int) {
	behind := 0 // how far words were looked at
	for i := 0; i < len(l.text); i += 8 {
		bends := uint64(tops)
		if i+10 <= len(l.text) {
			bends = bending(binary.LittleEndian.Uint64(l.text[i:]), binary.LittleEndian.Uint64(l.text[i+1:]), binary.LittleEndian.Uint64(l.text[i+2:]))
		}
		for ; bends != 0; bends &= bends - 1 {
			at := i + bits.TrailingZeros64(bends)/8
			if at < behind || at >= len(l.text) || !isPart(l.text[at]) {
				continue
			}
			start, end, ascii := l.around(at)
			if behind = end; ascii && !mayBeBent(l.text[start:end]) {
				continue
			}
			next := sort.Search(len(l.List), func(k int) bool { return l.List[k].End > start })
			for ; next < len(l.List) && l.List[next].Start < end; next++ {
				w := &l.List[next]
				if _, size := utf8.DecodeRune(l.text[w.Start:]); size == w.End-w.Start {
					continue // a character alone
				}
				l.inner = l.appendWord(l.inner[:0], next)
				read, more, bent := straight(l.inner, l.inner, 0)
				if l.inner = read[:0]; bent {
					dst, ways = append(dst, next), ways|more
				}
			}
		}
	}
	return dst, ways
}

// around returns the longest stretch at a place of what words are made of, and whether none of it is outside ASCII.
func (l *Words) around(at int) (start, end int, ascii bool) {
	all := byte(0)
	for start = at; start > 0 && isPart(l.text[start-1]); start-- {
		all |= l.text[start-1]
	}
	for end = at; end < len(l.text) && isPart(l.text[end]); end++ {
		all |= l.text[end]
	}
	return start, end, all < utf8.RuneSelf
}

// isPart reports what words of a text are made of.
func isPart(c byte) bool { return c >= utf8.RuneSelf || Classes[c]&(Letter|Digit) != 0 }

// tops are the top bits of eight bytes.
const tops = 0x8080808080808080

// bending has the top bit of each of eight bytes, given with those one and two bytes behind each, that is of a character outside
// ASCII, begins a letter three times in a row, or is one beside a digit that may stand for a letter, or that digit.
func bending(at, second, third uint64) uint64 {
	const lows = 0x7F7F7F7F7F7F7F7F
	differs := (at ^ second | at ^ third) &^ foldBits
	same := ^((differs&lows + lows) | differs)
	return (at | at<<1&same | digitBits(at)&(second<<1) | digitBits(second)&(at<<1)) & tops
}

// digitBits has the top bit of each byte that is a digit from 0 to 7, and any others.
func digitBits(w uint64) uint64 { return w << 2 & (w << 3) &^ (w << 4) &^ (w << 1) &^ w }

// mayBeBent reports whether a word of letters and digits of ASCII, not folded, may be bent.
func mayBeBent(w []byte) bool {
	letters, digits, other, last, row := 0, 0, false, byte(0), 0
	for _, c := range w {
		if c |= foldBit; c < 'a' {
			digits, other, last = digits+1, other || leet[c] == 0, 0
			continue
		}
		if letters++; c != last {
			last, row = c, 0
		}
		if row++; row == 3 {
			return true
		}
	}
	return digits > 0 && digits <= letters && !other
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

// Straighten replaces the contents of l by the bent words of src, whose numbers are given, read in one way, and by the words
// around them that may belong to the same phrases. What is left out leaves a word that no phrase holds.
func (l *Words) Straighten(src *Words, bent []int, way int) {
	l.text = src.text
	l.List, l.Hashes, l.Runs, l.fold, l.open = l.List[:0], l.Hashes[:0], l.Runs[:0], l.fold[:0], false
	next := 0
	for k, at := range bent {
		from, behind := src.reach(at, -1), src.reach(at, 1)+1
		if k+1 < len(bent) {
			behind = min(behind, bent[k+1])
		}
		if from = max(from, next); from > next {
			l.put(Word{Start: src.List[next].Start, End: src.List[next].Start}, []byte{0}, 0)
		}
		l.addRuns(src, from, behind)
		for i := from; i < behind; i++ {
			w := src.List[i]
			switch {
			case i == at:
				l.inner, _, _ = straight(l.inner[:0], src.appendWord(nil, i), way)
				l.put(w, l.inner, hashFolded(l.inner))
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

// reach returns the farthest word in a direction that may belong to a phrase with word i.
func (l *Words) reach(i, step int) int {
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
