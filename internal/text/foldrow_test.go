package text

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"lantern/internal/folding"
)

// checkFast holds what the kernel reads of a text, from skip on and with a word open before it or not, to the slow reference. The
// kernel may stop only where it says it does.
func checkFast(t *testing.T, text []byte, skip int, open bool) {
	t.Helper()
	l := Words{text: text, folds: &folding.All}
	l.folds.Make(0)
	if !l.foldsFast() || skip >= len(text) || !utf8.RuneStart(text[skip]) {
		return
	}
	seen := text[skip:]
	if open {
		l.List, l.fold, l.open = []Word{{skip - 1, skip, 1}}, []byte(" x"), true
		seen = append([]byte{'x'}, seen...)
	}
	at, over := l.readFast(skip)
	stayed := l.open
	l.close()
	l.hashFolds()
	want := cutSlowly(seen[:len(seen)-(len(text)-at)])
	for i := range want {
		want[i].start, want[i].end = want[i].start+skip, want[i].end+skip
		if open {
			want[i].start, want[i].end = want[i].start-1, max(want[i].end-1, skip)
		}
	}
	checkWords(t, &l, want)
	rest := text[at:]
	for i, c := range rest[:min(len(rest), 64)] {
		if over && (stayed || c >= utf8.RuneSelf) {
			t.Fatalf("it is over at %d, with a word open or %d bytes before one that is not of ASCII", at, i)
		}
	}
	r, size := utf8.DecodeRune(rest)
	if over || len(rest) == 0 || at-skip >= 15*(foldSteps-2) || r == utf8.RuneError && size < 2 || r >= folding.End && r>>12 != folding.FirstTag>>12 {
		return
	}
	if r >= folding.End {
		r -= folding.TagsMove
	}
	switch k := folding.Folded(l.folds.Of[r]).Kind(); k {
	case folding.ToWord, folding.ToNothing, folding.ToOther:
		if size := utf8.RuneLen(r); len(rest) >= size+3 && utf8.RuneStart(rest[size]) {
			t.Fatalf("stopped at %d before %U, of kind %d", at, r, k)
		}
	}
}

// FuzzFast holds the kernel that folds many characters at once, for any bytes.
func FuzzFast(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 50 {
		f.Add(decoratedText(r, 20*i), r.IntN(10), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, text []byte, skip int, open bool) {
		checkCut(t, text) // makes the pages, too
		checkFast(t, text, max(0, skip), open)
	})
}

// decorated are rows of what text is decorated with, and some of what looks like that.
var decorated = [][2]rune{
	{'a', 'z'}, {'a', 'z'}, {'0', '9'}, {' ', ' '}, {'!', '@'}, {0, 0x7F}, {0x1D400, 0x1D7FF}, {0x24B6, 0x24E9}, {0x1F130, 0x1F189}, {0xFF01, 0xFF5E},
	{0x300, 0x36F}, {0x300, 0x36F}, {0x200B, 0x200F}, {0xAD, 0xAD}, {0x2060, 0x206F}, {0xE0000, 0xE0FFF}, {0xC0, 0x24F}, {0x370, 0x52F},
	{0x5D0, 0x6FF}, {0x900, 0x97F}, {0x1E00, 0x1FFF}, {0x80, 0x7FF}, {0x20000, 0x20FFF}, {0xDF000, 0xE1000}, {0xAC00, 0xD7A3}, {0x4E00, 0x4E10}, {0, 0x2FFFF},
}

// decoratedOdd are bytes that would be letters if more than is needed made a character, and others that are none.
var decoratedOdd = append([]string{"\xc1\xa1", "\xe0\x81\xa1", "\xf0\x80\x81\xa1", "\xf0\x83\xa9\xa1", "\xf8\x9d\x90\x9a", "\xf4\x9d\x90\x9a", "\xf0\x9d\x90", "\xf0\x9d\x90\x9a\x9a", "\xcd"}, unspacedOdd...)

// decoratedText makes a text of so many characters of a few kinds in turn, and sometimes of broken ones.
func decoratedText(r *rand.Rand, size int) (b []byte) {
	var kinds [4]int
	for size > 0 {
		for i := range kinds {
			kinds[i] = r.IntN(len(decorated))
		}
		odd := 1 + r.IntN(500)
		for n := min(size, 1+r.IntN(200)); n > 0; n-- {
			if size--; r.IntN(odd) == 0 {
				b = append(b, decoratedOdd[r.IntN(len(decoratedOdd))]...)
			}
			d := decorated[kinds[n%(1+len(kinds)*r.IntN(2))%len(kinds)]]
			b = utf8.AppendRune(b, d[0]+r.Int32N(d[1]-d[0]+1))
		}
	}
	return b
}

// TestCutDecorated cuts decorated texts, some of which end or break anywhere, with pages of the table still to be made for some.
func TestCutDecorated(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 6_000 {
		most := 150
		if round%50 == 0 {
			most = 3000 // more than is folded at once
		}
		b := decoratedText(r, r.IntN(most))
		if len(b) > 0 && r.IntN(2) == 0 {
			b = b[:len(b)-r.IntN(min(4, len(b)))]
		}
		if len(b) > 0 && r.IntN(4) == 0 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		if round%500 == 0 {
			l := Words{folds: new(folding.Table)}
			l.folds.Make(0)
			l.Cut(b)
			checkWords(t, &l, cutSlowly(b))
		}
		checkCut(t, b)
		for range 4 {
			checkFast(t, b, r.IntN(1+len(b)), r.IntN(2) == 0)
		}
	}
}

// TestCutEach cuts rows of every character of which texts are made, among letters.
func TestCutEach(t *testing.T) {
	t.Parallel()
	var b []byte
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		if r >= 0x30000 && r>>12 != folding.FirstTag>>12 && r%257 != 0 {
			continue // nobody has assigned any of these
		}
		b = utf8.AppendRune(append(b, 'a'), r)
		if len(b) >= 200 {
			checkCut(t, b)
			checkFast(t, b, 0, true)
			b = b[:0]
		}
	}
}

// TestLongDecorated cuts one word that is longer than what is folded at once, by a mark behind each letter.
func TestLongDecorated(t *testing.T) {
	t.Parallel()
	for _, s := range []string{strings.Repeat("a\u0301", 5000), strings.Repeat("\u0301", 5000) + "ab", "ab" + strings.Repeat("\u200b", 5000) + "c d", strings.Repeat("\U0001d41a \u200b", 2000)} {
		checkCut(t, []byte(s))
	}
}
