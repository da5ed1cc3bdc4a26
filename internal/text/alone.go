package text

import (
	"encoding/binary"
	"slices"
)

// Most characters of scripts without spaces take three bytes and fold to themselves, so that nothing but these bytes is
// needed. Rows of them, with punctuation among them, are read by a kernel, and all others one by one.

// known is what characters of three bytes are, of the pages that were made.
type known struct {
	chars [1 << 16 / 16]uint32       // two bits for each: aloneSelf, aloneGap or neither
	pages [1 << 16 / 256 / 32]uint32 // a bit for each page of which all are aloneSelf
}

const (
	aloneSelf = 1 // a word alone that folds to itself
	aloneGap  = 2 // no part of a word
)

// newPage makes the page of a character, or finds it made.
func (l *Words) newPage(r rune) *foldPage {
	p := foldPages[r>>8]()
	l.pages[r>>8] = p
	if r < 1<<16 {
		l.known.add(r>>8, p)
	}
	return p
}

// add notes the characters of a page.
func (k *known) add(page rune, p *foldPage) {
	all := true
	for i, f := range p {
		r := page<<8 + rune(i)
		is := uint32(0)
		switch self := folded(foldsAlone<<28 | 3<<24 | inThree(r)); {
		case f == self:
			is = aloneSelf
		case f.kind() == foldsToOther || f.kind() == foldsToNothing:
			is = aloneGap
		}
		all = all && is == aloneSelf
		if r >= 0x800 && r>>11 != 0xD800>>11 { // else three bytes are not it
			k.chars[r>>4] |= is << (2 * (r & 15))
		}
	}
	if all {
		k.pages[page>>5] |= 1 << (page & 31)
	}
}

// inThree is a character written in three bytes, the first in the lowest.
func inThree(r rune) uint32 {
	return 0x8080E0 | uint32(r)>>12 | uint32(r)>>6&0x3F<<8 | uint32(r)&0x3F<<16
}

// is returns what a character is, as three bytes write it; 0 if they do not.
func (k *known) is(x uint32) uint32 {
	if x&0xC0C0F0 != 0x8080E0 {
		return 0
	}
	r := x&0x0F<<12 | x>>2&0xFC0 | x>>16&0x3F
	return k.chars[r>>4] >> (2 * (r & 15)) & 3
}

// threeAt returns three bytes, the first in the lowest.
func threeAt(b []byte, i int) uint32 {
	return uint32(b[i]) | uint32(b[i+1])<<8 | uint32(b[i+2])<<16
}

// beginsAlone reports whether a character stands at i that is known to be a word alone and to fold to itself.
func (l *Words) beginsAlone(i int) bool {
	return i+3 <= len(l.text) && l.known.is(threeAt(l.text, i)) == aloneSelf
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
		p := l.pages[uint32(r)>>8&0xFF]
		if p == nil {
			p = l.newPage(r)
		}
		f := p[r&0xFF]
		if kind := f.kind(); kind != foldsAlone {
			if kind == foldsToNothing || kind == foldsToOther {
				continue
			} else if kind != foldsToTwo {
				break
			}
			list[k+1] = Word{i, i + 3, m + 4*k + 4}
			x := foldSeconds[f.size()]
			binary.LittleEndian.PutUint32(fold[4*k+4:], x|' '<<24)
			hashes[k+1] = spread(uint64(x), 0)
		}
		list[k] = Word{i, i + 3, m + 4*k}
		binary.LittleEndian.PutUint32(fold[4*k:], uint32(f)&0xFFFFFF|' '<<24)
		hashes[k] = spread(uint64(f&0xFFFFFF), 0)
		if k++; f.kind() == foldsToTwo {
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
		is := l.known.is(x)
		if is == 0 {
			break
		}
		if is == aloneSelf {
			list[k] = Word{i, i + 3, m + 4*k}
			binary.LittleEndian.PutUint32(fold[4*k:], x|' '<<24)
			k++
		}
	}
	hashes := l.Hashes[n : n+k]
	for j, at := 0, 0; j < len(hashes) && at+4 <= len(fold); j, at = j+1, at+4 {
		hashes[j] = spread(uint64(binary.LittleEndian.Uint32(fold[at:at+4])&0xFFFFFF), 0)
	}
	l.List, l.Hashes, l.fold = l.List[:n+k], l.Hashes[:n+k], l.fold[:m+4*k]
	return i
}
