package match

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"

	"lantern"
)

// segment is an immutable piece of an engine: what one [Engine.Apply], or several merged,
// said about some signals. What a later segment says about a signal replaces it.
type segment struct {
	ids     []lantern.ID // rising; every signal this segment says something about
	gone    []bool       // beside ids: it says that the signal is not held
	keys    []keyRow     // rising by digest, then signal
	near    []nearRow
	phrases []phraseRow
	words   map[uint64][]int32 // hash of a phrase's first two words to rows of phrases
	marks   []markRow
	filter  filter // of marks, and of the keys of words
}

// keyRow is one exact key of a signal.
type keyRow struct {
	digest
	signal    lantern.ID
	canonical bool // and not one of the weak keys
	folder    bool // a URL without a query: it matches what lies below its path
}

// nearRow is a perceptual hash.
type nearRow struct {
	bits   [4]uint64
	signal lantern.ID
}

// phraseRow is a phrase, its folded words separated by one space.
type phraseRow struct {
	text   string
	words  int
	first  uint64 // hash of its first two words
	signal lantern.ID
}

// markRow is one mark and whose it is; merging needs to know which marks are still wanted.
type markRow struct {
	mark   uint64
	signal lantern.ID
}

// size is the cost of merging s once more.
func (s *segment) size() int { return len(s.ids) + len(s.keys) + len(s.near) + len(s.phrases) }

// speaks reports whether s says something about a signal, and whether it is held.
func (s *segment) speaks(id lantern.ID) (about, held bool) {
	i, ok := slices.BinarySearch(s.ids, id)
	return ok, ok && !s.gone[i]
}

// lookup returns the rows of a digest.
func (s *segment) lookup(d digest) []keyRow {
	lo, ok := slices.BinarySearchFunc(s.keys, d, func(r keyRow, d digest) int { return compareDigests(r.digest, d) })
	if !ok {
		return nil
	}
	hi := lo + 1
	for hi < len(s.keys) && s.keys[hi].digest == d {
		hi++
	}
	return s.keys[lo:hi]
}

func compareDigests(a, b digest) int {
	if c := cmp.Compare(binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])); c != 0 {
		return c
	}
	return cmp.Compare(binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:]))
}

func compareKeys(a, b keyRow) int {
	if c := compareDigests(a.digest, b.digest); c != 0 {
		return c
	}
	return cmp.Compare(a.signal, b.signal)
}

// nearBits turns a canonical perceptual hash, 64 hexadecimal digits, into the words that
// are compared.
func nearBits(canonical string) (b [4]uint64, ok bool) {
	h, err := hex.DecodeString(canonical)
	if err != nil || len(h) != 32 {
		return b, false
	}
	for i := range b {
		b[i] = binary.BigEndian.Uint64(h[8*i:])
	}
	return b, true
}

// distance returns how many bits differ, or any number above radius if more do. Unrelated
// hashes differ in about 128 bits, so that the first half nearly always decides.
func (r *nearRow) distance(q *[4]uint64, radius int) int {
	d := bits.OnesCount64(r.bits[0]^q[0]) + bits.OnesCount64(r.bits[1]^q[1])
	if d > radius {
		return d
	}
	return d + bits.OnesCount64(r.bits[2]^q[2]) + bits.OnesCount64(r.bits[3]^q[3])
}

// seal builds what is derived from the rows. keys must be in order.
func (s *segment) seal() *segment {
	s.filter = newFilter(len(s.marks) + 2*len(s.phrases))
	for _, m := range s.marks {
		s.filter.add(m.mark)
	}
	s.words = make(map[uint64][]int32, len(s.phrases))
	for i, p := range s.phrases {
		s.words[p.first] = append(s.words[p.first], int32(i))
		s.filter.add(p.first)
	}
	return s
}

// merge returns a segment that says what older and then newer say. If nothing older than
// both exists, what is gone need not be said any more.
func merge(older, newer *segment, oldest bool) *segment {
	keep := func(id lantern.ID) bool { about, _ := newer.speaks(id); return !about }
	m := &segment{
		keys:    mergeRows(older.keys, newer.keys, func(r *keyRow) bool { return keep(r.signal) }, compareKeys),
		near:    appendRows(older.near, newer.near, func(r *nearRow) bool { return keep(r.signal) }),
		phrases: appendRows(older.phrases, newer.phrases, func(r *phraseRow) bool { return keep(r.signal) }),
		marks:   appendRows(older.marks, newer.marks, func(r *markRow) bool { return keep(r.signal) }),
	}
	i, j := 0, 0
	for i < len(older.ids) || j < len(newer.ids) {
		from, k := older, i
		if i == len(older.ids) || j < len(newer.ids) && newer.ids[j] <= older.ids[i] {
			from, k = newer, j
			if i < len(older.ids) && older.ids[i] == newer.ids[j] {
				i++
			}
			j++
		} else {
			i++
		}
		if !oldest || !from.gone[k] {
			m.ids, m.gone = append(m.ids, from.ids[k]), append(m.gone, from.gone[k])
		}
	}
	return m.seal()
}

// mergeRows merges two ordered lists, leaving out what keep refuses of the older one.
func mergeRows[R any](older, newer []R, keep func(*R) bool, compare func(a, b R) int) []R {
	rows := make([]R, 0, len(older)+len(newer))
	for i := range older {
		if !keep(&older[i]) {
			continue
		}
		for len(newer) > 0 && compare(newer[0], older[i]) < 0 {
			rows, newer = append(rows, newer[0]), newer[1:]
		}
		rows = append(rows, older[i])
	}
	return append(rows, newer...)
}

// appendRows joins two lists, leaving out what keep refuses of the older one.
func appendRows[R any](older, newer []R, keep func(*R) bool) []R {
	rows := make([]R, 0, len(older)+len(newer))
	for i := range older {
		if keep(&older[i]) {
			rows = append(rows, older[i])
		}
	}
	return append(rows, newer...)
}
