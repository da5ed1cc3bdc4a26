package text

import (
	"encoding/binary"
	"slices"

	"lantern/internal/folding"
	"lantern/internal/wordhash"
)

// Most characters of scripts without spaces take three bytes and fold to themselves, so that nothing but these bytes is
// needed. Rows of them, with punctuation among them, are read by a kernel, and all others one by one.

// threeAt returns three bytes, the first in the lowest.
func threeAt(b []byte, i int) uint32 {
	return uint32(b[i]) | uint32(b[i+1])<<8 | uint32(b[i+2])<<16
}

// beginsAlone reports whether a character stands at i that is known to be a word alone and to fold to itself.
func (l *Words) beginsAlone(i int) bool {
	return i+3 <= len(l.text) && l.folds.Threes.Is(threeAt(l.text, i)) == folding.AloneSelf
}

const (
	aloneAtOnce = 16 // how many characters the widest kernel reads at once
	aloneFew    = 5  // of fewer it is not worth while to start one
)

// readAlone cuts words of a character each from i on, where one of three bytes stands, until something that is part of
// other words. It returns where that is. No word is open, and all have their hashes.
func (l *Words) readAlone(i int) int {
	first := len(l.List)
	oneByOne := aloneAtOnce // how many characters are read so, before the kernel is tried again
	for over, few := false, l.few; !over; few = false {
		if !few {
			n := len(l.List)
			l.makeRoom(roomAhead + aloneAtOnce)
			i = l.readRow(i, roomAhead)
			if n = len(l.List) - n; n >= roomAhead {
				continue
			} else if n >= aloneFew {
				oneByOne = aloneAtOnce
			}
			if i+3 > len(l.text) || l.text[i]&0xF0 != 0xE0 {
				break
			}
		}
		l.makeRoom(2 * oneByOne)
		i, over = l.readChanged(i, oneByOne)
		oneByOne = min(2*oneByOne, roomAhead)
	}
	l.few = len(l.List)-first < aloneFew
	l.addRun(first, len(l.List))
	return i
}

// makeRoom makes room for words of a character each.
func (l *Words) makeRoom(words int) {
	l.List, l.Hashes, l.fold = slices.Grow(l.List, words), slices.Grow(l.Hashes, words), slices.Grow(l.fold, 4*words)
}

// readChanged reads up to so many characters of three bytes from i on, whatever they fold to, and cuts the words of a
// character each among them. It returns where it stopped, and whether that is before something else. There is room
// for two words of each.
func (l *Words) readChanged(i, most int) (at int, over bool) {
	n, m, b := len(l.List), len(l.fold), l.text
	list, hashes, fold := l.List[n:n+2*most], l.Hashes[n:n+2*most], l.fold[m:m+8*most]
	k, end := 0, i+3*most
	for over = true; i+3 <= len(b); i += 3 {
		if i == end {
			over = false
			break
		}
		r, ok := threeBytes(b[i : i+3])
		if !ok {
			break
		}
		f := l.folds.Get(r)
		if kind := f.Kind(); kind != folding.Alone {
			if kind == folding.ToNothing || kind == folding.ToOther {
				continue
			} else if kind != folding.ToTwo {
				break
			}
			list[k+1] = Word{i, i + 3, m + 4*k + 4}
			x := f.Second()
			binary.LittleEndian.PutUint32(fold[4*k+4:], x|' '<<24)
			hashes[k+1] = wordhash.Spread(uint64(x), 0)
		}
		list[k] = Word{i, i + 3, m + 4*k}
		binary.LittleEndian.PutUint32(fold[4*k:], uint32(f)&0xFFFFFF|' '<<24)
		hashes[k] = wordhash.Spread(uint64(f&0xFFFFFF), 0)
		if k++; f.Kind() == folding.ToTwo {
			k++
		}
	}
	l.List, l.Hashes, l.fold = l.List[:n+k], l.Hashes[:n+k], l.fold[:m+4*k]
	return i, over
}

// readRowPlain is [Words.readRow] in Go. Loops that do little each keep what they need in registers.
func (l *Words) readRowPlain(i, wanted int) int {
	n, m := len(l.List), len(l.fold)
	list, fold := l.List[n:n+wanted], l.fold[m:m+4*wanted]
	k := 0
	for b := l.text; k < len(list) && i+3 <= len(b); i += 3 {
		x := threeAt(b, i)
		is := l.folds.Threes.Is(x)
		if is == 0 {
			break
		}
		if is == folding.AloneSelf {
			list[k] = Word{i, i + 3, m + 4*k}
			binary.LittleEndian.PutUint32(fold[4*k:], x|' '<<24)
			k++
		}
	}
	hashes := l.Hashes[n : n+k]
	for j, at := 0, 0; j < len(hashes) && at+4 <= len(fold); j, at = j+1, at+4 {
		hashes[j] = wordhash.Spread(uint64(binary.LittleEndian.Uint32(fold[at:at+4])&0xFFFFFF), 0)
	}
	l.List, l.Hashes, l.fold = l.List[:n+k], l.Hashes[:n+k], l.fold[:m+4*k]
	return i
}
