package segment

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"

	"lantern/internal/wordhash"
)

// phraseTable holds phrases one behind the other, rising by hash, then row: each a head of fixed
// size and its text, so that whoever compares it reads memory in one place. The directory holds, for
// each value of the first bits of a hash, where the first of its phrases begins.
type phraseTable struct {
	dir   []byte // numbers of 4 bytes, one more than there are prefixes
	rows  []byte
	shift uint // hash >> shift is the prefix
}

// phraseHead is the size of a phrase without its text.
const phraseHead = 20

// usualPhrase is about the size of a phrase with its text.
const usualPhrase = 40

// phrasesPerPrefix is about how many phrases share a prefix, at most. They are long, so each that
// is passed over can cost one more wait for memory.
const phrasesPerPrefix = 2

func phrasePrefixBits(n int) uint { return uint(bits.Len(uint(n / phrasesPerPrefix))) }

// phraseDirSize is the size of the directory of n phrases.
func phraseDirSize(n int) int { return 4 * (1<<phrasePrefixBits(n) + 1) }

// newPhraseTable puts a table together. ok is false if its parts do not fit.
func newPhraseTable(dir, rows []byte) (t phraseTable, ok bool) {
	b := uint(bits.Len(uint(max(len(dir)/4-1, 1)))) - 1
	t = phraseTable{dir, rows, 64 - b}
	return t, len(dir) == 4*(1<<b+1) && b <= 30 && uint64(len(rows)) < 1<<32 && (b == 0 || len(rows) >= phraseHead<<b)
}

// len is about how many phrases there are: it must not read the table, which may be a file.
func (t *phraseTable) len() int { return (len(t.rows) + usualPhrase - 1) / usualPhrase }

// find returns the phrases whose hashes begin like this one. Damaged directories may give a wrong
// answer, but never one outside the table.
func (t *phraseTable) find(hash uint64) PhraseList {
	p := 4 * int(hash>>t.shift)
	from, behind := le.Uint32(t.dir[p:]), le.Uint32(t.dir[p+4:])
	if uint64(behind) > uint64(len(t.rows)) || from >= behind {
		return PhraseList{}
	}
	ahead(&t.rows[from])
	return PhraseList{hash, from, behind}
}

// each yields the phrases in order, up to where a damaged one is longer than what is there.
func (t *phraseTable) each(yield func(*Phrase)) {
	var p Phrase
	for rest := t.rows; len(rest) > 0; {
		if rest = p.read(rest); rest == nil {
			return
		}
		yield(&p)
	}
}

// read reads the phrase that rows begin with, and returns the rows behind it; nil if they are damaged.
// Behind the text, within its capacity, stands what follows it in the table.
func (p *Phrase) read(rows []byte) (rest []byte) {
	if len(rows) < phraseHead {
		return nil
	}
	size, row := uint64(le.Uint32(rows[16:])), le.Uint32(rows[12:])
	if size > uint64(len(rows)-phraseHead) {
		return nil
	}
	p.Hash, p.Words = le.Uint64(rows), le.Uint32(rows[8:])
	p.Row, p.Filed = row&rowMask, uint8(row>>30)
	p.Text = rows[phraseHead : phraseHead+size]
	return rows[phraseHead+size:]
}

// appendWords appends the hashes of the words of a phrase; of a list of frames, nothing.
func (p *Phrase) appendWords(dst []uint64) []uint64 {
	if p.Filed == 0 {
		return dst
	}
	for w := range bytes.SplitSeq(p.Text, []byte(" ")) {
		dst = append(dst, wordhash.Folded(w))
	}
	return dst
}

// PhraseList are phrases of a segment that stand together, some of which have one hash.
type PhraseList struct {
	hash         uint64
	from, behind uint32 // bytes of the table
}

// next reads the next phrase with the hash into p.
func (t *phraseTable) next(l *PhraseList, p *Phrase) bool {
	rest := t.rows[l.from:l.behind]
	for len(rest) > 0 {
		rest = p.read(rest)
		if rest == nil || p.Hash > l.hash {
			break
		}
		if p.Hash == l.hash {
			l.from = l.behind - uint32(len(rest))
			return true
		}
	}
	l.from = l.behind
	return false
}

// putPhrases writes phrases, which are in order.
func (s *Segment) putPhrases(list []Phrase) {
	t := &s.phrases
	at, next := 0, 0
	for _, p := range list {
		for prefix := int(p.Hash >> t.shift); next <= prefix; next++ {
			le.PutUint32(t.dir[4*next:], uint32(at))
		}
		b := t.rows[at:]
		le.PutUint64(b, p.Hash)
		le.PutUint32(b[8:], p.Words)
		le.PutUint32(b[12:], p.Row|uint32(p.Filed)<<30)
		le.PutUint32(b[16:], uint32(len(p.Text)))
		at += phraseHead + copy(b[phraseHead:], p.Text)
		if p.Filed == 0 {
			s.filter.add(p.Hash)
		} else {
			s.filed[p.Filed].add(p.Hash)
		}
	}
	for ; next < len(t.dir)/4; next++ {
		le.PutUint32(t.dir[4*next:], uint32(at))
	}
}

// sortPhrases puts phrases in the order of the table.
func sortPhrases(list []Phrase) {
	slices.SortStableFunc(list, func(a, b Phrase) int {
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Row, b.Row))
	})
}
