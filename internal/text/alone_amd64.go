package text

import (
	"golang.org/x/sys/cpu"

	"lantern/internal/folding"
)

// wideAlone reports whether the processor can run the kernel that reads 16 characters at once.
var wideAlone = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL &&
	cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// fastAlone reports whether it can run the one that reads eight.
var fastAlone = cpu.X86.HasAVX2 && cpu.X86.HasBMI1

// reading is what the kernels that read characters alone are told. Its offsets stand in them.
type reading struct {
	text   *byte // the first character
	left   int   // bytes from it to the end of the text
	most   int   // words that are wanted
	start  int   // of the first in the text; out: where the kernel stopped
	fold   int   // of the first in Words.fold
	list   *Word // where words are put, with room for aloneAtOnce more
	hashes *uint64
	folds  *byte
	known  *folding.Threes
	tables *aloneTables
}

// aloneTables are what the kernels load from, for the fields of words one after the other.
type aloneTables struct {
	first [3 * aloneAtOnce]uint64 // where they are in a row that begins at 0, and lie from 0 on
	ends  [24]uint64              // how far from the start of their word
	which [24]uint64              // of which word
	grow  [12]uint64              // to those of the word that is eight behind in a row
}

var forAlone = func() *aloneTables {
	t := &aloneTables{}
	for k := range uint64(aloneAtOnce) {
		copy(t.first[3*k:], []uint64{3 * k, 3*k + 3, 4 * k})
	}
	for k := range uint64(8) {
		copy(t.ends[3*k:], []uint64{0, 3, 0})
		copy(t.which[3*k:], []uint64{k, k, k})
	}
	for k := range 4 {
		copy(t.grow[3*k:], []uint64{3 * 8, 3 * 8, 4 * 8})
	}
	return t
}()

// aloneAVX512 is [Words.readRowPlain].
//
//go:noescape
func aloneAVX512(r *reading) (words int)

// aloneAVX2 is aloneAVX512, eight at once. It stops before what is no word, and where fewer than 24 bytes are left.
//
//go:noescape
func aloneAVX2(r *reading) (words int)

// readRow cuts words of a character each that folds to itself from i on, as many as are wanted or up to
// aloneAtOnce-1 more, for which there is room. It returns where it stopped, at the latest before any character that
// is one of two or more, changed, or not of three bytes.
func (l *Words) readRow(i, wanted int) int {
	wide, fast := wideAlone && l.without < 1, fastAlone && l.without < 2
	if !wide && !fast || i == len(l.text) {
		return l.readRowPlain(i, wanted)
	}
	n, m, room := len(l.List), len(l.fold), wanted+aloneAtOnce
	var r reading // filled field by field: a copy of it would wait for what was just written
	r.text, r.left, r.most, r.start, r.fold = &l.text[i], len(l.text)-i, wanted, i, m
	r.list, r.hashes, r.folds = &l.List[:n+room][n], &l.Hashes[:n+room][n], &l.fold[:m+4*room][m]
	r.known, r.tables = &l.folds.Threes, forAlone
	words := 0
	if wide {
		words = aloneAVX512(&r)
	} else {
		words = aloneAVX2(&r)
	}
	l.List, l.Hashes, l.fold = l.List[:n+words], l.Hashes[:n+words], l.fold[:m+4*words]
	return r.start
}
