package text

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"
)

// unspacedSpans are scripts without spaces, and what stands among them.
var unspacedSpans = [][2]rune{
	{0x4E00, 0x9FFF}, {0x4E00, 0x9FFF}, {0x4E00, 0x4EFF}, {0x3041, 0x30FF}, {0x3041, 0x30FF}, {0x0E01, 0x0E5B}, {0x3400, 0x4DFF},
	{0x0E81, 0x0EDF}, {0x1780, 0x17F9}, {0x1000, 0x109F}, {0x0F00, 0x0FDA}, {0x2E80, 0x2FDF}, {0x3000, 0x303F}, {0x31F0, 0x33FF},
	{0xF900, 0xFAFF}, {0xFF00, 0xFFEF}, {0x20000, 0x2A6DF}, {0x2F800, 0x2FA1D}, {0x1B000, 0x1B2FF}, {0xAC00, 0xD7A3}, {0x2000, 0x206F},
	{0xFE00, 0xFE0F}, {0xE0100, 0xE01EF}, {0x20, 0x7E}, {0x300, 0x36F}, {0x7F0, 0x810}, {0xFFF0, 0x1000F}, {0x800, 0xFFFF},
}

// unspacedOdd are bytes that are no characters, or only look like ones of three bytes.
var unspacedOdd = []string{
	"\xe6\x97", "\xe6", "\x97\xa5", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe6\x97\x25", "\xe6\xd7\xa5",
	"\xf6\x97\xa5", "\xc6\x97\xa5", "\xf0\xa0\x80\x80", "\xf0\xa0\x80", "\xff", "\xef\xbf\xbf", "\xef\xbb\xbf", "\xe6\x97\xe5", "ok", " ", "。",
}

// unspacedText makes a text of long rows of few kinds of characters.
func unspacedText(r *rand.Rand, most int) (b []byte) {
	odd := 1 + r.IntN(200)
	for n := r.IntN(most); n > 0; {
		span := unspacedSpans[r.IntN(len(unspacedSpans))]
		for k := 1 + r.IntN(60); k > 0 && n > 0; k-- {
			if n--; r.IntN(odd) == 0 {
				b = append(b, unspacedOdd[r.IntN(len(unspacedOdd))]...)
			}
			b = utf8.AppendRune(b, span[0]+r.Int32N(span[1]-span[0]+1))
		}
	}
	return b
}

// TestCutUnspaced cuts texts of scripts without spaces, and bytes that look like them, which may
// end anywhere.
func TestCutUnspaced(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 7))
	for round := range 10_000 {
		most := 100
		if round%100 == 0 {
			most = 3000 // more than is cut at once
		}
		b := unspacedText(r, most)
		if r.IntN(2) == 0 && len(b) > 0 {
			b = b[:len(b)-r.IntN(min(4, len(b)))]
		}
		if r.IntN(4) == 0 && len(b) > 0 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		checkCut(t, b)
	}
}

// TestCutEachUnspaced cuts every row of three bytes that begins as a character of three does, alone and among
// others.
func TestCutEachUnspaced(t *testing.T) {
	t.Parallel()
	var b []byte
	for x := 0xE00000; x < 0xF00000; x++ {
		if x&0xC0C0 != 0x8080 && x%1009 != 0 {
			continue // most that are none are all alike
		}
		b = append(b, byte(x>>16), byte(x>>8), byte(x))
		if x&0x3F == 0x3F {
			checkCut(t, append(b, "日本語"...))
			b = b[:0]
		}
	}
}

// FuzzRow holds the kernels for rows of characters alone to the one in Go, for any bytes.
func FuzzRow(f *testing.F) {
	r := rand.New(rand.NewPCG(6, 8))
	for range 50 {
		f.Add(unspacedText(r, 100), r.IntN(100), r.IntN(300))
	}
	var all Words
	for c := rune(0x800); c < 1<<16; c++ {
		all.Cut(utf8.AppendRune(nil, c))
	}
	f.Fuzz(func(t *testing.T, text []byte, skip, wanted int) {
		skip, wanted = max(0, min(skip, len(text))), max(1, min(wanted, 300))
		row := func(without int) (l Words, at int) {
			l = Words{text: text, folds: all.folds, without: without}
			l.List, l.Hashes, l.fold = make([]Word, 3, 350), make([]uint64, 3, 350), make([]byte, 12, 4*350)
			room := wanted + aloneAtOnce
			list, hashes, fold := l.List[3:350][room:], l.Hashes[3:350][room:], l.fold[12 : 4*350][4*room:]
			at = l.readRow(skip, wanted)
			if words := len(l.List) - 3; words >= room || len(l.Hashes) != len(l.List) || len(l.fold) != 4*len(l.List) {
				t.Fatalf("without %d: %d words of %d", without, words, wanted)
			}
			for i := range list {
				if list[i] != (Word{}) || hashes[i] != 0 || binary.LittleEndian.Uint32(fold[4*i:]) != 0 {
					t.Fatalf("without %d: wrote behind the room", without)
				}
			}
			return l, at
		}
		less, _ := row(2)
		for without := range 2 {
			l, at := row(without)
			words := len(l.List)
			if wide := without == 0 && wideAlone; wide && words < len(less.List) {
				t.Fatalf("%d words, in Go %d", words-3, len(less.List)-3)
			}
			asked := wanted
			wanted = max(1, words-3)
			plain, plainAt := row(2)
			wanted = asked
			if words > len(plain.List) || at < plainAt && words == len(plain.List) && without == 0 && wideAlone {
				t.Fatalf("without %d: %d words to %d, in Go %d to %d", without, words-3, at, len(plain.List)-3, plainAt)
			}
			if !slices.Equal(l.List, plain.List[:words]) || !slices.Equal(l.Hashes, plain.Hashes[:words]) || !slices.Equal(l.fold, plain.fold[:4*words]) {
				t.Fatalf("without %d: %d words, and in Go, differ", without, words-3)
			}
		}
	})
}
