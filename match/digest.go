package match

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"unsafe"

	"lantern/internal/siphash"
	"lantern/signal"
)

// digest stands for one key of one type: SipHash-2-4 with 128 bits of output under a key
// of that type, derived from the local key, and cut to 96 bits. Among a hundred million
// keys some two collide with a chance below 1e-13; a value that nobody shared is taken for
// one of them with a chance below 1e-20. docs/design/018-segments.md says why this hash.
type digest struct {
	hash uint64 // also the key's mark
	tail uint32
}

// keyer turns keys into what an engine holds of them. All of it hangs on the local key, so
// that what is in a file means nothing to whoever lacks it.
type keyer struct {
	types [unknownType + 1]siphash.Key
	marks [markKinds]siphash.Key
	check [8]byte // tells whether a file was written under the same key
}

func newKeyer(localKey [32]byte, list []*signal.Type) keyer {
	derive := func(label string) (k [16]byte) {
		m := hmac.New(sha256.New, localKey[:])
		m.Write([]byte("lantern match 1 " + label))
		copy(k[:], m.Sum(nil))
		return k
	}
	var k keyer
	for i, t := range list {
		k.types[i] = siphash.NewKey(derive("type " + string(t.Name)))
	}
	for i, name := range markNames {
		k.marks[i] = siphash.NewKey(derive("mark " + name))
	}
	sum := derive("check")
	copy(k.check[:], sum[:])
	return k
}

// digest returns the digest of a key of the type with that number. All keys of a type,
// canonical and weak, share one space.
func (k *keyer) digest(typ uint8, key string) digest {
	hash, tail := k.types[typ].Sum128(key)
	return digest{hash, uint32(tail)}
}

// keyMark returns the first half of the digest of a key, which is its mark. It takes less
// time than all of it.
func (k *keyer) keyMark(typ uint8, key string) uint64 { return k.types[typ].First(key) }

// A markKind keeps marks of different meaning apart.
type markKind uint8

// The kinds of marks. A mark is a quick hash that answers "surely not held" without a
// comparison; a filter of all marks stands in each segment. Each key is marked too.
const (
	markHandle  markKind = iota // a bare handle, coarsely folded
	markFolder                  // "host/a/b/": how a URL signal begins, up to each "/" and "%" and the "?"
	markPage                    // a URL signal without its scheme
	markURLHost                 // the host of a URL signal
	markID                      // the id of an account, without its platform
	markMail                    // a mailbox name, letters and digits alone
	markTail                    // the last digits of a telephone number
	markWord                    // the hash of a word that stands in every plain spelling of a handle, id or host
	markKinds
)

// markNames name the kinds where keys are derived.
var markNames = [markKinds]string{"handle", "folder", "page", "url-host", "id", "mail", "tail", "word"}

// mark returns the mark of key.
func (k *keyer) mark(kind markKind, key string) uint64 { return k.marks[kind].First(key) }

// markBytes is [keyer.mark] of the same bytes.
func (k *keyer) markBytes(kind markKind, key []byte) uint64 { return k.mark(kind, inPlace(key)) }

// wordKey is what a word is marked by: its hash as package text makes it, and the complement of that.
// With one mark, of a hundred words that tell nothing one would seem to tell something.
func wordKey(hash uint64) []byte { return binary.LittleEndian.AppendUint64(make([]byte, 0, 8), hash) }

// inPlace reads bytes as a string without copying them. The string must not outlive the
// call that it is an argument of.
func inPlace(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
