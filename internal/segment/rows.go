package segment

import "cmp"

// Sizes of rows in bytes.
const (
	keySize  = 16 // less what is implied
	markSize = 12
	rowSize  = 4
	nearSize = 32 + rowSize
)

// Key is one exact key of a signal: a keyed digest of 96 bits and whose it is.
type Key struct {
	Hash  uint64 // first half of the digest; also the key's mark
	Tail  uint32 // 32 bits more of it
	Row   uint32 // of the signal, below [MaxRows]
	Flags uint8  // two bits that mean something to the caller
}

const rowMask = MaxRows - 1

// maxFiled is the largest number of words a phrase is filed under.
const maxFiled = 3

// put writes key number i. Of the hash, the bits that are not kept go under the tail.
func (x *index) put(i int, k Key) {
	b := x.rows[i*x.width : (i+1)*x.width]
	le.PutUint64(b, k.Hash)
	le.PutUint64(b[x.width-8:], uint64(k.Tail)|uint64(k.Row|uint32(k.Flags)<<30)<<32)
}

// key reads key number i, with so much of its hash as is kept.
func (x *index) key(i int) Key {
	b := x.rows[i*x.width : (i+1)*x.width]
	rest := le.Uint64(b[x.width-8:])
	r := uint32(rest >> 32)
	return Key{le.Uint64(b) & x.kept, uint32(rest), r & rowMask, uint8(r >> 30)}
}

func (k Key) compare(o Key) int {
	if k.Hash != o.Hash {
		return cmp.Compare(k.Hash, o.Hash)
	}
	return cmp.Or(cmp.Compare(k.Tail, o.Tail), cmp.Compare(k.Row, o.Row))
}

// Mark is a quick hash that answers "surely not here", and whose it is: a merge must know
// which marks are still wanted.
type Mark struct {
	Hash uint64
	Row  uint32
}

// Near is a perceptual hash of 256 bits.
type Near struct {
	Bits [4]uint64
	Row  uint32
}

// Phrase is a phrase, its folded words separated by one space.
type Phrase struct {
	Hash  uint64 // of some of its words
	Filed uint8  // how many these are, up to maxFiled: phrases have a filter for each number. 0: Hash is a mark
	Words uint32 // how many it has, and which of them Hash is of, as the caller likes
	Row   uint32
	Text  []byte
}

// Rows are what [Build] makes a segment of. Rows of signals that are gone must not be there.
type Rows struct {
	IDs     []uint64 // rising, each once; at most MaxRows
	Gone    []bool   // beside IDs
	Types   []string // names of the types of these signals, each once
	Keys    []Key    // in any order, as all that follow
	Marks   []Mark   // beside those of keys and phrases
	Near    []Near
	Phrases []Phrase
}

// parts are rows that can be gone through more than once, in the same order each time.
type parts struct {
	ids     []uint64
	gone    func(i int) bool
	types   []string
	nKeys   int                   // at least as many as keys yields
	keys    func(yield func(Key)) // rising
	marks   func(yield func(Mark))
	near    func(yield func(Near))
	phrases func(yield func(Phrase))
}
