package folding

import (
	"sync"
	"sync/atomic"
)

// Characters stand in the table up to End, and behind that tags and variation selectors, of which there are rows that
// nobody sees: from FirstTag on, moved down by TagsMove.
const (
	End      = 0x20000
	FirstTag = 0xE0000
	TagsMove = FirstTag - End
	places   = End + 1<<12
)

// Table is what characters fold to. Its pages, of 256 each, are made when one of their characters is met; until then they are
// zeros, which is ToMore. Any number of goroutines may read a table: each entry says all there is to say.
type Table struct {
	Of     [places]uint32 // each is a Folded, read by kernels
	Threes Threes
	made   [places >> 8]sync.Once
}

// All is the table that all texts share. What it says never changes.
var All Table

// Get is what the character of a place folds to.
func (t *Table) Get(place rune) Folded {
	if f := Folded(atomic.LoadUint32(&t.Of[place])); f != 0 {
		return f
	}
	return t.Make(place)
}

// Make makes the page that holds a place, or finds it made, and returns what the character of that place folds to.
func (t *Table) Make(place rune) Folded {
	t.made[place>>8].Do(func() {
		first := place &^ 0xFF
		page := t.Of[first:][:256]
		for i := range page {
			atomic.StoreUint32(&page[i], uint32(Of(runeAt(first+rune(i)))))
		}
		if first < 1<<16 {
			t.Threes.add(first, page)
		}
	})
	return Of(runeAt(place))
}

// runeAt is the character of a place.
func runeAt(place rune) rune {
	if place >= End {
		place += TagsMove
	}
	return place
}

// Threes is what characters of three bytes are, of the pages that were made.
type Threes struct {
	chars [1 << 16 / 16]uint32       // two bits for each: AloneSelf, AloneGap or neither
	pages [1 << 16 / 256 / 32]uint32 // a bit for each page of which all are AloneSelf
}

// What [Threes.Is] says.
const (
	AloneSelf = 1 // a word alone that folds to itself
	AloneGap  = 2 // no part of a word
)

// add notes the characters of a page, which begins with first.
func (k *Threes) add(first rune, page []uint32) {
	all := true
	var chars [256 / 16]uint32
	for i := range page {
		f, r := Folded(page[i]), first+rune(i)
		is := uint32(0)
		switch self := Folded(Alone<<28 | 3<<24 | inThree(r)); {
		case f == self:
			is = AloneSelf
		case f.Kind() == ToOther || f.Kind() == ToNothing:
			is = AloneGap
		}
		all = all && is == AloneSelf
		if r >= 0x800 && r>>11 != 0xD800>>11 { // else three bytes are not it
			chars[i>>4] |= is << (2 * (i & 15))
		}
	}
	for i, c := range chars {
		atomic.StoreUint32(&k.chars[int(first>>4)+i], c)
	}
	if all {
		atomic.OrUint32(&k.pages[first>>13], 1<<(first>>8&31))
	}
}

// Is returns what a character is, as three bytes write it; 0 if they do not.
func (k *Threes) Is(x uint32) uint32 {
	if x&0xC0C0F0 != 0x8080E0 {
		return 0
	}
	r := x&0x0F<<12 | x>>2&0xFC0 | x>>16&0x3F
	return atomic.LoadUint32(&k.chars[r>>4]) >> (2 * (r & 15)) & 3
}
