package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"lantern/internal/folding"
	"lantern/internal/wordhash"
	"lantern/signal"
)

const (
	roomAhead = 256 // characters there is room for when readOther looks at the next: each is a word at most, and nine bytes
	fewAhead  = 8   // characters that are read one by one before it is tried to read many at once
)

// readOther cuts the words from i on, of characters of any kind, until a row of ASCII begins and no word is open.
// It returns where that is.
func (l *Words) readOther(i int) int {
	if l.folds == nil {
		l.folds = &folding.All
		l.folds.Make(0)
	}
	many := false
	if l.beginsAlone(i) {
		i = l.readAlone(i)
	} else if many = dense(l.text, i); many && l.foldsFast() {
		return l.readMany(i)
	}
	for i < len(l.text) {
		var stop stop
		if i, stop = l.readSpaced(i, roomAhead, many); stop.kind == folding.ToOther {
			break
		} else if stop.kind != folding.ToWord {
			i = l.readStopped(i, stop)
		} else if dense(l.text, i) && l.foldsFast() {
			return l.readMany(i)
		}
	}
	l.close()
	l.hashFolds()
	return i
}

// readMany is readOther by a kernel that folds many characters at once, and so many one by one where it does not get far.
func (l *Words) readMany(i int) int {
	most := 0
	for over := false; i < len(l.text) && !over; {
		if most > 0 || !utf8.RuneStart(l.text[i]) {
			var stop stop
			i, stop = l.readSpaced(i, max(most, 1), true)
			if over = stop.kind == folding.ToOther; over {
				break
			} else if stop.kind != folding.ToWord {
				i = l.readStopped(i, stop)
				continue
			} else if i == len(l.text) || !utf8.RuneStart(l.text[i]) {
				continue
			}
		}
		from := i
		if i, over = l.readFast(i); i-from >= blockSize {
			most = 1
		} else {
			most = min(max(2*most, fewAhead), roomAhead)
		}
	}
	l.close()
	l.hashFolds()
	return i
}

// stop is before what readSpaced stopped, and why.
type stop struct {
	r          rune
	size, kind int
}

// readStopped cuts the words of what readSpaced stopped before, and behind it where words are a character each. It returns where it
// stopped.
func (l *Words) readStopped(i int, at stop) int {
	if (at.kind == folding.Alone || at.kind == folding.ToTwo) && at.size == 3 {
		l.close()
		l.hashFolds()
		return l.readAlone(i)
	}
	l.addRune(at.r, i, i+at.size)
	return i + at.size
}

// dense reports whether many of the next characters are outside ASCII: five bytes of 32, which begin behind the next eight. One
// such character alone is no reason to read otherwise than one by one.
func dense(b []byte, i int) bool {
	if i+40 > len(b) {
		return false
	}
	b = b[i+8 : i+40]
	first := binary.LittleEndian.Uint64(b)&highBits | binary.LittleEndian.Uint64(b[8:])&highBits>>1
	return bits.OnesCount64(first|binary.LittleEndian.Uint64(b[16:])&highBits>>2|binary.LittleEndian.Uint64(b[24:])&highBits>>3) >= 5
}

// readSpaced cuts words from i on, of up to so many characters, at most roomAhead. It returns where it stopped and why:
// before a character of so many bytes of another kind, behind one of ASCII after which readOther is over (folding.ToOther),
// or for no reason (folding.ToWord). Where many is set, more ASCII must follow for that.
//
// It works on copies of what it appends to.
func (l *Words) readSpaced(i, most int, many bool) (at int, _ stop) {
	var r rune
	var size, kind int
	l.List, l.fold = slices.Grow(l.List, roomAhead), slices.Grow(l.fold, 9*roomAhead+4)
	b, list, fold := l.text, l.List[:cap(l.List)], l.fold[:cap(l.fold)]
	last, n, open, folds := len(l.List)-1, len(l.fold), l.open, l.folds
	kind = folding.ToWord
some:
	for k := 0; k < most && i < len(b); k++ {
		var f folding.Folded
		if c := b[i]; c < utf8.RuneSelf {
			f, size = foldASCII[c], 1
		} else {
			var ok bool
			switch {
			case c < 0xE0 && i+2 <= len(b):
				r, size, ok = rune(c&0x1F)<<6|rune(b[i+1]&0x3F), 2, c >= 0xC2 && b[i+1]&0xC0 == 0x80
			case i+3 <= len(b):
				size = 3
				r, ok = threeBytes(b[i : i+3])
			}
			if !ok {
				if size = 4; i+4 <= len(b) {
					r, ok = fourBytes(b[i : i+4])
				}
				if !ok {
					r, size = utf8.DecodeRune(b[i:])
				}
			}
			place := r
			if r >= folding.End {
				if place -= folding.TagsMove; r>>12 != folding.FirstTag>>12 {
					kind = folding.ToMore
					break
				}
			}
			f = folds.Get(place)
		}
		switch f.Kind() {
		case folding.ToWord:
			if !open {
				last, open = last+1, true
				list[last] = Word{Start: i, fold: n}
			}
			binary.LittleEndian.PutUint32(fold[n:], uint32(f))
			n += f.Size()
			if size == 3 && r>>8 == folding.FullWidthPage {
				more := folding.FullWidth(b[i+3:], fold[n:n+most-k-1])
				i, n, k = i+3*more, n+more, k+more
			}
			list[last].End = i + size
		case folding.ToJamo:
			if !open {
				last, open = last+1, true
				list[last] = Word{Start: i, fold: n}
			}
			list[last].End = i + size
			n += folding.PutJamo(fold[n:n+10], r)
		case folding.ToNothing:
		case folding.ToOther:
			if open {
				fold[n] = ' '
				n, open = n+1, false
			}
			if size == 1 && (i+1 == len(b) || b[i+1] < utf8.RuneSelf) && (!many || asciiAt(b, i+1)) {
				i, kind = i+1, folding.ToOther
				break some
			}
		default:
			kind = f.Kind()
			break some
		}
		i += size
	}
	l.List, l.fold, l.open = list[:last+1], fold[:n], open
	return i, stop{r, size, kind}
}

// asciiAt reports whether what follows is ASCII, eight bytes or up to the end, so that it is worth while to read it as such.
func asciiAt(b []byte, i int) bool {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])&highBits == 0
	}
	for _, c := range b[i:] {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldASCII is what the characters of ASCII fold to.
var foldASCII = func() (t [utf8.RuneSelf]folding.Folded) {
	for c := range t {
		t[c] = folding.Of(rune(c))
	}
	return t
}()

// threeBytes is [utf8.DecodeRune] of a character of three bytes, as most outside ASCII are; ok is false
// if it is not one.
func threeBytes(b []byte) (r rune, ok bool) {
	c := binary.LittleEndian.Uint16(b[1:])
	r = rune(b[0]&0x0F)<<12 | rune(c&0x3F)<<6 | rune(c>>8&0x3F)
	return r, b[0]&0xF0 == 0xE0 && c&0xC0C0 == 0x8080 && r >= 0x800 && r>>11 != 0xD800>>11
}

// fourBytes is [utf8.DecodeRune] of a character of four bytes, as mathematical letters are; ok is false
// if it is not one.
func fourBytes(b []byte) (r rune, ok bool) {
	c := binary.LittleEndian.Uint32(b)
	r = rune(c&0x07)<<18 | rune(c>>8&0x3F)<<12 | rune(c>>16&0x3F)<<6 | rune(c>>24&0x3F)
	return r, c&0xC0C0C0F8 == 0x808080F0 && r >= 0x10000 && r <= utf8.MaxRune
}

// hashFolds makes the hashes of the last words, which are folded. It does so for many at once, since
// a processor waits where it reads at once more than it wrote at once.
func (l *Words) hashFolds() {
	first := len(l.Hashes)
	if first == len(l.List) {
		return
	}
	l.Hashes = slices.Grow(l.Hashes, len(l.List)-first)[:len(l.List)]
	l.fold = slices.Grow(l.fold, 16)
	fold := l.fold[:cap(l.fold)]
	for i, w := range l.List[first:] {
		behind := len(l.fold)
		if next := first + i + 1; next < len(l.List) {
			behind = l.List[next].fold
		}
		if n := behind - 1 - w.fold; n <= 16 {
			m := &wordhash.Masks[n]
			f := fold[w.fold : w.fold+16]
			l.Hashes[first+i] = wordhash.Spread(binary.LittleEndian.Uint64(f)&m[0], binary.LittleEndian.Uint64(f[8:])&m[1])
		} else {
			l.Hashes[first+i] = wordhash.Folded(fold[w.fold : behind-1])
		}
	}
}

// addRun notes that words are a character each, of scripts without spaces.
func (l *Words) addRun(from, behind int) {
	if last := len(l.Runs) - 1; last >= 0 && l.Runs[last].Behind == from {
		l.Runs[last].Behind = behind
	} else {
		l.Runs = append(l.Runs, Run{from, behind})
	}
}

// addRune folds one character and appends what comes of it.
func (l *Words) addRune(r rune, start, end int) {
	l.inner = signal.AppendFold(l.inner[:0], r)
	for f := l.inner; len(f) > 0; {
		r, size := utf8.DecodeRune(f)
		alone := signal.Unspaced(r)
		if alone || !signal.IsWord(r) || r == utf8.RuneError {
			l.close()
		}
		if signal.IsWord(r) && r != utf8.RuneError {
			l.add(f[:size], start, end)
		}
		if alone && l.open {
			l.close()
			l.addRun(len(l.List)-1, len(l.List))
		}
		f = f[size:]
	}
}

// add appends what a character folds to to the open word, or opens one at start.
func (l *Words) add(f []byte, start, end int) {
	if !l.open {
		l.List = append(l.List, Word{Start: start, fold: len(l.fold)})
		l.open = true
	}
	l.List[len(l.List)-1].End = end
	l.fold = append(l.fold, f...)
}

// close ends the open word, if there is one.
func (l *Words) close() {
	if l.open {
		l.fold = append(l.fold, ' ')
		l.open = false
	}
}
