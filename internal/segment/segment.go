package segment

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Segment is one immutable piece of what an engine holds. Any number of goroutines may
// search it at once. Its memory may be a mapped file: whoever made it says how long it lives.
type Segment struct {
	image    []byte // header and all sections, as in a file
	spans    [sections]span
	n        int
	ids      idList
	gone     []byte
	idFilter bloom
	types    []byte // as in the image
	names    []string
	filter   bloom
	keys     index
	marks    []byte
	near     nearTable
	phrases  phraseTable
	filed    [maxFiled + 1]bloom // of phrases, by how many words they are filed under; 0: none

	vocabulary bloom // of the words of all phrases
}

// Damage says that a segment cannot be trusted. It names it by number and nothing else.
type Damage struct {
	Segment uint64 // 0: the list of segments itself
	Reason  string
	Mute    bool // which signals the segment speaks about is not known either
	Foreign bool // nothing is broken: it is of another version, or was made under another key or by other rules
}

func (d *Damage) Error() string {
	if d.Segment == 0 {
		return "the list of segments cannot be used: " + d.Reason
	}
	return fmt.Sprintf("segment %d cannot be used: %s", d.Segment, d.Reason)
}

// Image returns header and sections: the bytes of a file. It must not be changed.
func (s *Segment) Image() []byte { return s.image }

// Len returns how many signals the segment speaks about.
func (s *Segment) Len() int { return s.n }

// Held returns how many of them it says are held.
func (s *Segment) Held() int {
	n := s.n
	for b := s.gone; len(b) > 0; b = b[8:] {
		n -= bits.OnesCount64(le.Uint64(b))
	}
	return n
}

// Size returns about how many rows it has: the cost of merging it once more.
func (s *Segment) Size() int { return s.n + s.keys.len() + s.near.len() + s.phrases.len() }

// Types returns the names of the types of which signals may be here. The list must not be changed.
func (s *Segment) Types() []string { return s.names }

// ID returns the id of a row; 0 for a row that is none, which only a damaged segment names.
func (s *Segment) ID(row uint32) uint64 {
	if int(row) >= s.n {
		return 0
	}
	return s.ids.at(int(row))
}

// Gone reports whether the segment says that the signal of a row is not held.
func (s *Segment) Gone(row uint32) bool {
	return int(row) < s.n && s.gone[row/8]>>(row%8)&1 == 1
}

// Speaks reports whether the segment says something about a signal, and whether it is held.
func (s *Segment) Speaks(id uint64) (about, held bool) {
	if !s.idFilter.has(mixed(id)) {
		return false, false
	}
	row, ok := s.row(id)
	return ok, ok && !s.Gone(row)
}

// speaksAtOnce is how many signals [Segment.SpeaksAny] is asked about at most.
const speaksAtOnce = 64

// SpeaksAny answers [Segment.Speaks] for up to 64 signals: the sets of their numbers, as bits. The
// memory accesses to the filter do not wait for one another.
func (s *Segment) SpeaksAny(ids []uint64) (about, held uint64) {
	var hashes [speaksAtOnce]uint64
	var room [speaksAtOnce + 8]uint32
	for i, id := range ids {
		hashes[i] = mixed(id)
	}
	for _, i := range s.idFilter.sift(hashes[:len(ids)], room[:0]) {
		row, ok := s.row(ids[i])
		if !ok {
			continue
		}
		if about |= 1 << i; !s.Gone(row) {
			held |= 1 << i
		}
	}
	return about, held
}

// row finds the row of a signal. Ids are either spread evenly or dense, so that where one
// stands is guessed well from the ids at both ends: the guess is off by about the root of
// how many there are. A second look that far beyond it mostly leaves only what lies
// between. Ids that are neither are found by halving.
func (s *Segment) row(id uint64) (uint32, bool) {
	lo, hi := 0, s.n // it lies in [lo, hi)
	for tries := 0; hi-lo > 8 && tries < 8; tries++ {
		first, last := s.ID(uint32(lo)), s.ID(uint32(hi-1))
		if id < first || id > last {
			return 0, false
		}
		if last <= first {
			break
		}
		guess := lo + int(float64(id-first)/float64(last-first)*float64(hi-1-lo))
		guess = min(guess, hi-1)
		off := int(math.Sqrt(float64(hi-lo))) + 1
		switch at := s.ID(uint32(guess)); {
		case at == id:
			return uint32(guess), true
		case at < id:
			lo, hi = s.split(id, guess+1, min(guess+1+off, hi), hi)
		default:
			lo, hi = s.split(id, lo, max(guess-off, lo), guess)
		}
	}
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		switch at := s.ID(uint32(mid)); {
		case at == id:
			return uint32(mid), true
		case at < id:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0, false
}

// split narrows [lo, hi) to the part before mid or from it on, in which an id lies if it lies
// anywhere.
func (s *Segment) split(id uint64, lo, mid, hi int) (int, int) {
	if mid < hi && s.ID(uint32(mid)) <= id {
		return mid, hi
	}
	return lo, mid
}

// May reports whether a key or mark with this hash may be here. No is certain.
func (s *Segment) May(hash uint64) bool { return s.filter.has(hash) }

// MayAny appends to dst the numbers of the hashes of which [Segment.May] is true, rising. The memory
// accesses do not wait for one another.
func (s *Segment) MayAny(hashes []uint64, dst []uint32) []uint32 { return s.filter.sift(hashes, dst) }

// Ahead has the processor load what [Segment.Find] and [Segment.ID] will read of some of the hashes,
// given by their numbers: each step of all before the next step of any.
func (s *Segment) Ahead(hashes []uint64, which []uint32) {
	if s.keys.len() == 0 {
		return
	}
	for _, i := range which {
		s.keys.dirAhead(hashes[i])
	}
	for _, i := range which {
		s.keys.rowsAhead(hashes[i])
	}
	for _, i := range which {
		if from, behind := s.keys.find(hashes[i]); from < behind {
			s.ids.ahead(int(s.keys.key(from).Row), s.n)
		}
	}
}

// Files reports whether phrases are filed under so many words, 1 or more.
func (s *Segment) Files(words int) bool { return len(s.filed[words]) > 0 }

// Sift appends to dst the numbers of the hashes, each of so many words, under which phrases may
// be filed, rising. Those left out are certain.
func (s *Segment) Sift(words int, hashes []uint64, dst []uint32) []uint32 {
	return s.filed[words].sift(hashes, dst)
}

// SiftPairs is [Segment.Sift] of words alone and of pairs of neighbors at once, of the hashes of words. It
// replaces one and two by the numbers of the words, and of the first of each pair. It returns
// false where the processor cannot do that.
func (s *Segment) SiftPairs(hashes []uint64, one, two *[]uint32) bool {
	return siftPairs(s.filed[1], s.filed[2], hashes, one, two)
}

// MaySay reports whether some phrase may hold a word with this hash ([wordhash.Folded]). No is certain.
func (s *Segment) MaySay(word uint64) bool { return s.vocabulary.has(word) }

// Find returns where the keys with a digest stand: from and behind. See [Segment.Key].
func (s *Segment) Find(hash uint64, tail uint32) (from, behind int) {
	from, behind = s.keys.find(hash)
	for from < behind && s.keys.key(from).Tail < tail {
		from++
	}
	for from < behind && s.keys.key(behind-1).Tail > tail {
		behind--
	}
	return from, behind
}

// Key returns whose key number i is, and its flags.
func (s *Segment) Key(i int) (row uint32, flags uint8) {
	k := s.keys.key(i)
	return k.Row, k.Flags
}

// Near calls yield for every perceptual hash that differs from q in at most radius bits.
func (s *Segment) Near(q *[4]uint64, radius int, yield func(row uint32, distance int)) {
	s.near.search(q, radius, yield)
}

// FindPhrases returns the phrases with a hash, for [Segment.NextPhrase].
func (s *Segment) FindPhrases(hash uint64) PhraseList { return s.phrases.find(hash) }

// NextPhrase reads the next phrase of a list into p. It returns false if there is none. The text lies in
// the segment.
func (s *Segment) NextPhrase(l *PhraseList, p *Phrase) bool { return s.phrases.next(l, p) }

// EachPhrase calls yield for every phrase, in the order of their hashes. What it is given changes with the next.
func (s *Segment) EachPhrase(yield func(*Phrase)) { s.phrases.each(yield) }

// Check compares every section with its checksum in the header, which takes as long as reading
// it all. It returns a [*Damage] that names the first section that differs. goOn is asked
// between two sections and may end the check early by returning an error.
func (s *Segment) Check(goOn func() error) error {
	h := s.image
	for k := range sections {
		if err := goOn(); err != nil {
			return err
		}
		if s.sum(k) != le.Uint32(h[fixedSize+int(k)*tableEntry+4:]) {
			return &Damage{Segment: le.Uint64(h[32:]), Reason: "the section " + names[k] + " is damaged", Mute: k == ids || k == gone}
		}
	}
	return nil
}

// Silenced returns a segment that says of every signal s speaks about that it is gone. It
// takes the place of a segment that was damaged, so that what s replaced does not come back.
func (s *Segment) Silenced() *Segment {
	r := Rows{IDs: make([]uint64, s.n), Gone: slices.Repeat([]bool{true}, s.n)}
	for i := range r.IDs {
		r.IDs[i] = s.ID(uint32(i))
	}
	return Build(&r)
}
