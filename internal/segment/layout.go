package segment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// Sizes of the layout. See docs/formats/segments.md.
const (
	version    = 5
	align      = 64
	fixedSize  = 64 // of the header, before its table
	tableEntry = 32
	headerSize = fixedSize + int(sections)*tableEntry

	// MaxRows is how many signals one segment can speak about.
	MaxRows = 1 << 30
)

const magic = "LNSEG\r\n\x00" // the line end shows what a transfer in text mode did

// kind names a section. The kinds stand in a file in this order, and every one is there.
type kind uint32

const (
	ids          kind = iota // of signals, rising
	gone                     // one bit for each of ids: the signal is not held
	idFilter                 // Bloom filter of ids
	types                    // names of signal types, separated by line ends
	filter                   // Bloom filter of keys and marks
	keyIndex                 // where the keys of each prefix begin
	keys                     // 16 bytes each or less, rising
	marks                    // 12 bytes each
	near                     // perceptual hashes
	nearIndex                // their index, if there are many
	phraseIndex              // where the phrases of each prefix begin
	phrases                  // with their texts, rising
	filedWords               // Bloom filter of phrases filed under one word
	filedPairs               // of those under two
	filedTriples             // of those under three
	vocabulary               // Bloom filter of all words of phrases
	sections                 // how many there are
)

// names are for people: what a damaged section is called.
var names = [sections]string{"ids", "gone", "id filter", "types", "filter", "key index", "keys", "marks", "near", "near index", "phrase index", "phrases", "filter of words", "filter of pairs", "filter of triples", "vocabulary"}

// castagnoli is the polynomial of all checksums. They find damage and are no protection
// against a person: the folder is the member's own.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stamp says whose segment it is. A segment with another stamp than expected is refused.
type Stamp struct {
	Rules uint32  // version of what callers put into rows
	Key   [8]byte // tells one key from another; says nothing about it
}

var le = binary.LittleEndian

func padded(n int) int { return (n + align - 1) &^ (align - 1) }

// span is where a section lies.
type span struct{ from, size int }

// lay places sections of the given sizes one after the other.
func lay(sizes [sections]int) (spans [sections]span, whole int) {
	at := padded(headerSize)
	for k, size := range sizes {
		spans[k] = span{at, size}
		at += padded(size)
	}
	return spans, at
}

// sign fills in the header of a whole image: all but the sections themselves.
func (s *Segment) sign(number uint64, stamp Stamp) {
	h := s.image
	copy(h, magic)
	le.PutUint32(h[8:], version)
	le.PutUint32(h[12:], uint32(sections))
	le.PutUint64(h[16:], uint64(len(s.image)))
	le.PutUint64(h[24:], uint64(s.n))
	le.PutUint64(h[32:], number)
	le.PutUint32(h[40:], stamp.Rules)
	copy(h[48:], stamp.Key[:])
	for k := range sections {
		e := h[fixedSize+int(k)*tableEntry:]
		le.PutUint32(e, uint32(k))
		le.PutUint32(e[4:], s.sum(k))
		le.PutUint64(e[8:], uint64(s.spans[k].from))
		le.PutUint64(e[16:], uint64(s.spans[k].size))
	}
	le.PutUint32(h[60:], headerSum(h))
}

// headerSum is the checksum of the header, up to the first section, with its own field as zero.
func headerSum(h []byte) uint32 {
	c := crc32.Update(0, castagnoli, h[:60])
	c = crc32.Update(c, castagnoli, []byte{0, 0, 0, 0})
	return crc32.Update(c, castagnoli, h[64:padded(headerSize)])
}

// sum is the checksum of a section and the padding behind it.
func (s *Segment) sum(k kind) uint32 {
	sp := s.spans[k]
	return crc32.Checksum(s.image[sp.from:sp.from+padded(sp.size)], castagnoli)
}

// Parse reads the image of segment number, which may be a mapped file. It looks at the header
// and the names of types, so it takes as long for ten million signals as for one. The image
// belongs to the segment from then on and must not change.
//
// It returns a [*Damage] if the header is damaged, the image is not as long as the header
// says, or it is another segment than expected.
func Parse(number uint64, image []byte, stamp Stamp) (*Segment, error) {
	bad := func(reason string) (*Segment, error) { return nil, &Damage{Segment: number, Reason: reason} }
	if len(image) < padded(headerSize) {
		return bad("the file is shorter than a header")
	}
	if !bytes.Equal(image[:8], []byte(magic)) {
		return bad("the file is no segment")
	}
	if le.Uint32(image[60:]) != headerSum(image) {
		return bad("the header is damaged")
	}
	if le.Uint32(image[8:]) != version || le.Uint32(image[12:]) != uint32(sections) {
		return nil, &Damage{Segment: number, Reason: "the segment is of another version", Foreign: true}
	}
	if le.Uint64(image[16:]) != uint64(len(image)) {
		return bad("the file is not as long as its header says")
	}
	if le.Uint64(image[32:]) != number {
		return bad("the file holds another segment")
	}
	if (Stamp{le.Uint32(image[40:]), [8]byte(image[48:56])}) != stamp {
		return nil, &Damage{Segment: number, Reason: "the segment was made under another key or by other rules", Foreign: true}
	}
	n := le.Uint64(image[24:])
	if n > MaxRows {
		return bad("the header claims too much")
	}
	var sizes [sections]int
	for k := range sections {
		e := image[fixedSize+int(k)*tableEntry:]
		size := le.Uint64(e[16:])
		if size > uint64(len(image)) {
			return bad("the header claims too much")
		}
		sizes[k] = int(size)
	}
	spans, whole := lay(sizes)
	for k := range sections {
		e := image[fixedSize+int(k)*tableEntry:]
		if le.Uint32(e) != uint32(k) || le.Uint64(e[8:]) != uint64(spans[k].from) {
			return bad("the header contradicts itself")
		}
	}
	s := &Segment{image: image, spans: spans, n: int(n)}
	if whole != len(image) || !s.slice() || !s.near.open() {
		return bad("the header contradicts itself")
	}
	if len(s.types) > 0 {
		s.names = strings.Split(string(s.types), "\n")
	}
	return s, nil
}

// slice cuts the image into its sections. It reports whether their sizes fit together.
func (s *Segment) slice() bool {
	part := func(k kind) []byte {
		sp := s.spans[k]
		return s.image[sp.from : sp.from+sp.size : sp.from+sp.size]
	}
	var okIDs, okKeys, okPhrases bool
	s.ids, okIDs = newIDList(part(ids), s.n)
	s.gone, s.idFilter = part(gone), part(idFilter)
	s.types, s.filter = part(types), part(filter)
	s.marks = part(marks)
	s.near = nearTable{hashes: part(near), flat: part(nearIndex)}
	ok := okIDs && len(s.gone) == 8*((s.n+63)/64) && len(s.idFilter)%8 == 0 && len(s.filter)%8 == 0 &&
		len(s.marks)%markSize == 0 && len(s.near.hashes)%s.near.width() == 0
	s.keys, okKeys = newIndex(part(keyIndex), part(keys))
	s.phrases, okPhrases = newPhraseTable(part(phraseIndex), part(phrases))
	for n := 1; n <= maxFiled; n++ {
		s.filed[n] = part(phrases + kind(n))
		ok = ok && len(s.filed[n])%8 == 0
	}
	s.vocabulary = part(vocabulary)
	ok = ok && len(s.vocabulary)%8 == 0
	return ok && okKeys && okPhrases
}
