package text

import (
	"slices"

	"lantern/internal/wordhash"
)

// How phrases are filed, so that few are looked at where they do not stand: under the hash of
// one to three neighbors among their words, which a text must hold for the phrase to stand there.
// A phrase with three neighbors that are a character each, of scripts without spaces, is filed
// under three, another of two words or more under two, and one of one word under it.

// MaxFiled is the most words a phrase is filed under.
const MaxFiled = 3

// farRuns is how many words stand at least between two runs that are looked at one by one.
const farRuns = 8

// FiledUnder calls do with hashes of so many neighbors, 1 to MaxFiled, and the number of the word
// the first of them begins with, for all under which a phrase in the text may be filed, and some others.
// Word number from and those behind it are looked at. The hashes are there until the next call.
func (l *Words) FiledUnder(words, from int, do func(hashes []uint64, first int)) {
	switch words {
	case 1:
		do(l.Hashes[from:], from)
	case 2:
		do(l.pairs(from, len(l.Hashes)), from)
	case 3:
		for i := 0; i < len(l.Runs); {
			r := l.Runs[i]
			// Runs with little between them are one: what no phrase is filed under does no harm.
			for i++; i < len(l.Runs) && l.Runs[i].From-r.Behind <= farRuns; i++ {
				r.Behind = l.Runs[i].Behind
			}
			if r.From = max(r.From, from); r.Behind-r.From >= 3 {
				do(l.triples(r.From, r.Behind), r.From)
			}
		}
	}
}

// pairs returns the hashes of all pairs among some words.
func (l *Words) pairs(from, behind int) []uint64 {
	n := max(0, behind-from-1)
	l.filed = slices.Grow(l.filed[:0], n)[:n]
	if n > 0 {
		pairs(l.filed, l.Hashes[from:behind])
	}
	return l.filed
}

// triples returns the hashes of all triples among some words, three or more.
func (l *Words) triples(from, behind int) []uint64 {
	n := behind - from - 2
	l.filed = slices.Grow(l.filed[:0], n)[:n]
	triples(l.filed, l.Hashes[from:behind])
	return l.filed
}

// pairsPlain is [pairs] in Go.
func pairsPlain(dst, hashes []uint64) {
	if len(dst) == 0 {
		return
	}
	first := hashes[0]
	for i, second := range hashes[1:][:len(dst)] {
		dst[i], first = Pair(first, second), second
	}
}

// triplesPlain is [triples] in Go.
func triplesPlain(dst, hashes []uint64) {
	pair, second := Pair(hashes[0], hashes[1]), hashes[1]
	for i, third := range hashes[2:][:len(dst)] {
		next := Pair(second, third)
		dst[i], pair, second = Triple(pair, next), next, third
	}
}

// Pair returns the hash of two words that follow one another, of their hashes.
func Pair(a, b uint64) uint64 { return wordhash.Mix(a^wordhash.High, b^wordhash.Low) }

// Triple returns the hash of three words that follow one another, of the hashes of both pairs: it is that
// of a pair of pairs.
func Triple(ab, bc uint64) uint64 { return Pair(ab, bc) }

// Usage counts words of phrases, to tell rare ones from common ones. It is a sketch: words
// may be counted as one, which makes filing worse and never wrong.
type Usage [1 << 16]uint32

// Note counts the words of l.
func (u *Usage) Note(l *Words) {
	for _, h := range l.Hashes {
		u[h>>48]++
	}
}

// weight says how common word i of l is, 256 for each time it was counted. Few phrases say little,
// so short words, which are common, weigh more from the start.
func (u *Usage) weight(l *Words, i int) uint64 {
	counted := uint64(1)
	if u != nil {
		counted = uint64(u[l.Hashes[i]>>48])
	}
	return counted<<8 + 1<<14>>min(l.size(i), 14)
}

// File returns under how many neighbors of its words a phrase is filed that l holds alone, the
// number of the first of them, and their hash: the rarest of all such neighbors, the first of
// several. l must hold a word; u may be nil.
func (l *Words) File(u *Usage) (words, first int, hash uint64) {
	best := [MaxFiled + 1]uint64{}
	at := [MaxFiled + 1]int{}
	try := func(words, first int) {
		weight := uint64(1)
		for i := range words {
			weight *= min(u.weight(l, first+i), 1<<21-1)
		}
		if at[words] < 0 || weight < best[words] {
			best[words], at[words] = weight, first
		}
	}
	for words = range at {
		at[words] = -1
	}
	for _, r := range l.Runs {
		for i := r.From; i+3 <= r.Behind; i++ {
			try(3, i)
		}
	}
	for i := range len(l.Hashes) - 1 {
		try(2, i)
	}
	h := l.Hashes
	switch {
	case at[3] >= 0:
		first = at[3]
		return 3, first, Triple(Pair(h[first], h[first+1]), Pair(h[first+1], h[first+2]))
	case at[2] >= 0:
		first = at[2]
		return 2, first, Pair(h[first], h[first+1])
	}
	return 1, 0, h[0]
}

// size is how many bytes word i has, folded.
func (l *Words) size(i int) int {
	w := &l.List[i]
	if w.fold < 0 {
		return w.End - w.Start
	}
	n := 0
	for l.fold[w.fold+n] != ' ' {
		n++
	}
	return n
}
