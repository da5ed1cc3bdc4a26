package exchange

import (
	"bufio"
	"encoding/binary"
	"slices"

	"lantern"
	"lantern/internal/seal"
)

// desk is what the drafts of one batch share while they are prepared: what they say alike is
// worked out once, and what their rows keep is cut from large pieces. It belongs to one
// goroutine and lives as long as the batch.
type desk struct {
	x       *Exchange
	lenient bool                            // takes drafts without a whole basis; see unfounded.go
	random  *bufio.Reader                   // whole blocks of randomness, cut up
	checked map[string]bool                 // texts that passed: the drafts of a batch often say the same
	ways    map[lantern.ID]seal.Permutation // from a value to its id in a program

	last    lantern.Draft // the draft whose opinion stands in opinion
	opinion string
	note    string // the note whose mark stands in mark
	mark    []byte

	drafts []prepared // free
	slab
	ids   []lantern.ID // the same for ids of values
	aad   []byte       // scratch
	plain []byte       // scratch of what is sealed next; cleared after
	value [seal.BlockSize]byte
}

// What a draft takes, about. Too little costs another piece of memory, nothing else.
const (
	draftRandom = 76  // bytes: step of an id, data key, nonces
	draftRoom   = 448 // bytes of its row: keyed index, wrapped key, value, note, and the person part
	leafRoom    = 320 // bytes of its entry in the log, but for the facts
	wrappedSize = 69  // of a key wrapped by a local KEK
	maxSlab     = 32 << 10
)

func (x *Exchange) newDesk(drafts int) *desk {
	return &desk{x: x, random: bufio.NewReaderSize(x.Random, min(drafts*draftRandom, 4096)), checked: map[string]bool{},
		ways: map[lantern.ID]seal.Permutation{}, slab: slab{size: min(drafts*draftRoom, maxSlab)}}
}

// next returns room for a draft.
func (k *desk) next() *prepared {
	if len(k.drafts) == 0 {
		k.drafts = make([]prepared, max(1, k.size/draftRoom/4))
	}
	p := &k.drafts[0]
	k.drafts = k.drafts[1:]
	return p
}

// slab is memory from which small pieces are cut that are kept about as long. It belongs to one
// goroutine.
type slab struct {
	free []byte
	size int // of the next one, in bytes
}

// room returns an empty slice with room for n bytes that nobody else has. What is appended
// beyond moves elsewhere.
func (s *slab) room(n int) []byte {
	if len(s.free) < n {
		s.free = make([]byte, max(n, s.size))
	}
	b := s.free[:0:n]
	s.free = s.free[n:]
	return b
}

// checkText is checkText, once for each text.
func (k *desk) checkText(field, text string) error {
	if text == "" || k.checked[text] {
		return nil
	}
	err := checkText(field, text)
	k.checked[text] = err == nil
	return err
}

// seal seals a text for the place that stands in k.aad.
func (k *desk) seal(r seal.Record, text string) ([]byte, error) {
	k.plain = append(k.plain[:0], text...)
	defer clear(k.plain)
	return r.AppendSeal(k.room(seal.Overhead+len(text)), k.random, k.aad, k.plain)
}

// opinionOf is encodeOpinion, once for drafts in a row that say the same.
func (k *desk) opinionOf(d *lantern.Draft) (string, error) {
	if k.opinion != "" && sameOpinion(d, &k.last) {
		return k.opinion, nil
	}
	text, err := encodeOpinion(d)
	if err == nil {
		k.last, k.opinion = *d, text
	}
	return text, err
}

// sameOpinion reports whether encodeOpinion makes the same of two drafts. It may say no when
// it does; a test changes every field.
func sameOpinion(a, b *lantern.Draft) bool {
	return a.Type == b.Type && a.Status == b.Status && slices.Equal(a.Tags, b.Tags) && a.Severity == b.Severity &&
		a.Imminent == b.Imminent && a.Confidence == b.Confidence && a.Basis == b.Basis && a.FirstSeen == b.FirstSeen &&
		a.LastSeen == b.LastSeen && a.Language == b.Language && a.Role == b.Role && a.SuspectedMinor == b.SuspectedMinor &&
		a.Handling == b.Handling && a.UseRestriction == b.UseRestriction
}

// contentMark is [Exchange.contentMark], once for notes in a row that are the same.
func (k *desk) contentMark(note string) []byte {
	if k.mark == nil || note != k.note {
		k.note, k.mark = note, k.x.contentMark(note)
	}
	return k.mark
}

// valueIDs names a value, by its keyed index, in each of the programs: 63 bits of a keyed
// permutation of the index, so that equal values meet without a table of values, and nobody
// without the key can compute it or link a value's ids in two programs.
func (k *desk) valueIDs(programs []lantern.ID, index []byte) []lantern.ID {
	start := len(k.ids)
	for _, program := range programs {
		way, ok := k.ways[program]
		if !ok {
			way = k.x.Sealer.Permutation("value", program.String())
			k.ways[program] = way
		}
		way.Apply(k.value[:], index)
		k.ids = append(k.ids, lantern.ID(binary.BigEndian.Uint64(k.value[:8])>>1|1))
	}
	return k.ids[start:len(k.ids):len(k.ids)]
}
