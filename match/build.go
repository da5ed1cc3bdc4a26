package match

import (
	"encoding/binary"
	"encoding/hex"
	"slices"

	"lantern"
	"lantern/internal/segment"
	"lantern/internal/text"
	"lantern/signal"
)

// rules is the version of what an engine stores for an entry: normal forms, second keys,
// folding, marks. Files of other rules are not opened, since a value would be looked up
// under another key than it was stored under. Raise it with any change that fails
// TestStoredForm.
const rules = 5

// Flags of keys.
const (
	flagCanonical = 1 << iota // and not one of the weak keys
	flagFolder                // a URL without a query: it matches what lies below its path
)

// builder collects the rows of a segment.
type builder struct {
	e    *Engine
	rows segment.Rows
	seen uint32 // bits of the types that were added

	words text.Words
	usage *text.Usage // of the words of all phrases to be added
}

// few is how many phrases tell nothing of how common their words are.
const few = 16

// count notes how common words are in the phrases among changes.
func (b *builder) count(changes []Change) {
	n := 0
	for i := range changes {
		if !changes[i].Remove && changes[i].Type == signal.Phrase.Name {
			n++
		}
	}
	if n <= few {
		return
	}
	b.usage = &text.Usage{}
	for i := range changes {
		if c := &changes[i]; !c.Remove && c.Type == signal.Phrase.Name {
			b.words.Cut([]byte(c.Canonical))
			b.usage.Note(&b.words)
		}
	}
}

// row is that of the signal being added.
func (b *builder) row() uint32 { return uint32(len(b.rows.IDs) - 1) }

// add appends the rows of one entry.
func (b *builder) add(en *Entry) *lantern.Error {
	n := b.e.types.number[en.Type]
	b.seen |= 1 << n
	t := b.e.types.list[n]
	switch t.Compare {
	case signal.None:
		return nil
	case signal.Words:
		b.addPhrase(en)
	case signal.Hamming:
		h, ok := nearBits(en.Canonical)
		if !ok {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/canonical", Reason: "not a perceptual hash"}
		}
		b.rows.Near = append(b.rows.Near, segment.Near{Bits: h, Row: b.row()})
	case signal.Frames:
		b.addFrames(en)
	}
	b.addKeys(t, n, en)
	return nil
}

// addKeys appends the exact keys of an entry, and marks.
func (b *builder) addKeys(t *signal.Type, n uint8, en *Entry) {
	add := func(key string, flags uint8) {
		d := b.e.digest(n, key)
		b.rows.Keys = append(b.rows.Keys, segment.Key{Hash: d.hash, Tail: d.tail, Row: b.row(), Flags: flags})
	}
	switch {
	case t.Compare != signal.URLPrefix:
		add(en.Canonical, flagCanonical)
	case isFolder(en.Canonical):
		add(page(en.Canonical), flagCanonical|flagFolder)
	default:
		add(page(en.Canonical), flagCanonical)
	}
	weak := en.Weak
	if t == signal.Payment {
		if bare := barePayment(en.Canonical); bare != "" {
			weak = append(slices.Clone(weak), bare)
		}
	}
	for i, w := range weak {
		if w != en.Canonical && !slices.Contains(weak[:i], w) {
			add(w, 0)
		}
	}
	for kind, key := range hints(t, en) {
		b.rows.Marks = append(b.rows.Marks, segment.Mark{Hash: b.e.mark(kind, key), Row: b.row()})
	}
}

// addPhrase appends the row of a phrase.
func (b *builder) addPhrase(en *Entry) {
	l := &b.words
	l.Cut([]byte(en.Canonical))
	if len(l.List) == 0 {
		return
	}
	filed, at, hash := l.File(b.usage)
	b.rows.Phrases = append(b.rows.Phrases, segment.Phrase{Hash: hash, Filed: uint8(filed), Words: uint32(at)<<anchorShift | uint32(len(l.List)), Row: b.row(), Text: l.AppendFolded(nil)})
}

// anchorShift is where in a phrase's number of words stands which of them is the first of those
// it is filed under.
const anchorShift = 16

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
