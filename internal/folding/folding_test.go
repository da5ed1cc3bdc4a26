package folding

import (
	"encoding/binary"
	"sync"
	"testing"
	"unicode/utf8"

	"lantern/signal"
)

// written is what a character folds to, as its entry says; ok is false if it does not.
func written(r rune, f Folded) (s string, ok bool) {
	var b [10]byte
	binary.LittleEndian.PutUint32(b[:], uint32(f))
	switch f.Kind() {
	case ToMore:
		return "", false
	case ToWord, Alone:
		return string(b[:f.Size()]), true
	case ToNothing:
		return "", true
	case ToOther:
		return "", f == ToOther<<28|1<<24|' '
	case ToTwo:
		binary.LittleEndian.PutUint32(b[3:], f.Second())
		return string(b[:6]), true
	}
	return string(b[:PutJamo(b[:], r)]), true
}

// TestTable holds a table, which several make and read at once, to the rules of package signal.
func TestTable(t *testing.T) {
	t.Parallel()
	var table Table
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for place := range rune(places) {
				r := runeAt(place)
				f, want := table.Get(place), signal.FoldRune(r)
				got, ok := written(r, f)
				first, _ := utf8.DecodeRuneInString(want)
				alone := f.Kind() == Alone || f.Kind() == ToTwo
				switch {
				case f.Kind() == ToOther && (!ok || signal.IsWord(first) && first != utf8.RuneError):
					t.Errorf("%U is part of a word, and other in the table", r)
				case f.Kind() != ToOther && ok && (got != want || alone != signal.Unspaced(first) || want != "" && !signal.IsWord(first)):
					t.Errorf("%U folds to %q, want %q", r, got, want)
				}
			}
		})
	}
	all.Wait()
	for r := range rune(1 << 16) {
		got, _ := written(r, table.Get(r))
		if self := r >= 0x800 && table.Get(r).Kind() == Alone && got == string(r); (table.Threes.Is(inThree(r)) == AloneSelf) != self {
			t.Errorf("%U is said to be %d", r, table.Threes.Is(inThree(r)))
		}
	}
}

// TestFullWidth holds what is folded at once to the rules, for each character of that page.
func TestFullWidth(t *testing.T) {
	t.Parallel()
	for r := rune(FullWidthPage << 8); r < (FullWidthPage+1)<<8; r++ {
		var fold [2]byte
		n := FullWidth([]byte(string(r)+"a"), fold[:])
		f := Of(r)
		if ascii := f.Kind() == ToWord && f.Size() == 1; r < FullWidthPage<<8+128 && ascii != (n == 1) || n == 1 && (!ascii || fold[0] != byte(f)) {
			t.Errorf("%U folds to %q", r, fold[:n])
		}
	}
}
