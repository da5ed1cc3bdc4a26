package text

import (
	"slices"
	"testing"
)

// FuzzBlocks holds the blocks of a text, by whatever kernel the processor has, to what they
// are defined to be, byte by byte.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte("a mail to night.owl_7@example.com (at) h\xc3\xa9, https://example.com/~x; $tag [dot] 12:30"), 3)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	f.Add(all, 0)
	f.Fuzz(func(t *testing.T, text []byte, skip int) {
		text = text[max(0, min(skip, len(text))):] // from any place in memory
		got := Blocks(nil, text)
		want := make([]Block, len(got))
		classifyPlain(want, append(slices.Clone(text), make([]byte, blockSize)...))
		if !slices.Equal(got, want) {
			t.Fatalf("blocks %+v, want %+v", got, want)
		}
		if got := blocksOf(make([]Block, len(want)), text); !slices.Equal(got, want) {
			t.Fatalf("blocks by whole ones %+v, want %+v", got, want)
		}
		for i, c := range text {
			at := func(set uint64) bool { return set>>(i%blockSize)&1 == 1 }
			b, class := got[i/blockSize], Classes[c]
			if at(b.Word) != (class&(Letter|Digit) != 0) || at(b.Joiner) != (class&Joiner != 0) || at(b.High) != (class&High != 0) {
				t.Fatalf("byte %d is of class %b, its sets differ", i, class)
			}
			if at(b.InRun()) != (class&InRun != 0) {
				t.Fatalf("byte %d is of class %b, in a run by its block: %t", i, class, at(b.InRun()))
			}
		}
	})
}
