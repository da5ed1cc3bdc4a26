package text

import (
	"math"
	"slices"

	"golang.org/x/sys/cpu"
)

// wideFold reports whether the processor can run the kernel that folds 16 characters at once.
var wideFold = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VBMI &&
	cpu.X86.HasAVX512VBMI2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

const (
	foldSteps = 32                  // of 16 characters each: how many the kernel takes at once. It knows where that puts the fields of foldWordsAt
	foldWords = 8*foldSteps + 2     // words of these, with one that was open
	foldBytes = 3*16*foldSteps + 64 // what they fold to, and what is written behind it
)

// foldedRow is what the kernel is told, and where it stops. Its offsets stand in the kernel.
type foldedRow struct {
	text   *byte   // the first character
	left   int     // bytes from it to the end of the text
	fold   *byte   // where what they fold to is put
	folds  *uint32 // what each character folds to
	tables *foldTables
	words  *foldWordsAt // where words are put
	steps  int
	open   int // 1 if a word is open; out: too
	begun  int // words that have begun, with one that was open; out: too
	read   int // out: bytes of text
	folded int // out: bytes they were folded to
	over   int // out: 1 if 64 bytes of ASCII follow, or all up to the end
}

// foldWordsAt is where words begin and end, counted from the first character, and where they are folded,
// counted from where the first is. Of a word that was open only the end is known, unchanged if it is unmoved.
type foldWordsAt struct {
	starts, ends, folds [foldWords + 16]int32
}

const unmoved = math.MinInt32

// foldTables are what the kernel loads from.
type foldTables struct {
	bytes   [64]byte   // numbers
	spread  [64]byte   // the first byte of four, four times
	further [16]uint32 // that of each of four
	keep    [16]uint32 // by the upper four bits of a character's first byte: what counts of its four,
	shift   [16]uint32 // how far they are moved down,
	least   [16]uint32 // the first that takes so many,
	size    [16]uint32 // and how many it takes
}

var forFold = func() *foldTables {
	t := &foldTables{}
	for i := range t.bytes {
		t.bytes[i], t.spread[i] = byte(i), byte(i&^3&15)
	}
	for i, size := range [16]int{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4} {
		t.further[i], t.size[i] = 0x03020100, uint32(size)
		if size == 0 {
			t.size[i] = math.MaxUint32 // none begins so
			continue
		}
		t.keep[i], t.shift[i] = [...]uint32{0x7F, 0x3F1F, 0x3F3F0F, 0x3F3F3F0F}[size-1], uint32(6*(4-size))
		t.least[i] = [...]uint32{0, 0x80, 0x800, 0x10000}[size-1]
	}
	return t
}()

// foldAVX512 cuts words as [Words.readSpaced] does, up to a character that is of another kind, or that is none.
//
//go:noescape
func foldAVX512(f *foldedRow)

// foldsFast reports whether there is a kernel for [Words.readFast].
func (l *Words) foldsFast() bool { return wideFold && l.without < 1 }

// readFast cuts words from i on, where a character begins, by the kernel. It returns where it stopped, and whether readOther is
// over there.
func (l *Words) readFast(i int) (at int, over bool) {
	n, m := len(l.List), len(l.fold)
	l.List, l.fold = slices.Grow(l.List, foldWords), slices.Grow(l.fold, foldBytes)
	if l.cut == nil {
		l.cut = new(foldWordsAt)
	}
	var f foldedRow // filled field by field: a copy of it would wait for what was just written
	f.text, f.left, f.fold, f.folds, f.tables = &l.text[i], len(l.text)-i, &l.fold[:m+foldBytes][m], &l.folds.Of[0], forFold
	f.words, f.steps, f.open, f.begun = l.cut, foldSteps, 0, 0
	if l.open {
		f.open, f.begun = 1, 1
		l.cut.ends[0] = unmoved
	}
	foldAVX512(&f)
	list, k := l.List[:cap(l.List)], 0
	if l.open {
		if n, k = n-1, 1; l.cut.ends[0] != unmoved {
			list[n].End = i + int(l.cut.ends[0])
		}
	}
	for ; k < f.begun; k++ {
		list[n+k] = Word{i + int(l.cut.starts[k]), i + int(l.cut.ends[k]), m + int(l.cut.folds[k])}
	}
	l.List, l.fold, l.open = list[:n+f.begun], l.fold[:m+f.folded], f.open == 1
	return i + f.read, f.over == 1
}
