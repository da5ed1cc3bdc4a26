package match

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"hash/maphash"
	"sync"
)

// digest stands for one key of one type: HMAC-SHA-256 under the local key, cut to 16
// bytes. Two different keys among a hundred million collide with a chance below 1e-22.
type digest [16]byte

// keyer turns keys into what an engine holds of them.
type keyer struct {
	macs *sync.Pool   // of *mac, keyed
	seed maphash.Seed // of marks; drawn anew by each process, so marks mean nothing outside it
}

// mac is one keyed hash with room for its input and output, so that digests do not allocate.
type mac struct {
	hash.Hash
	in  []byte
	out [sha256.Size]byte
}

func newKeyer(localKey [32]byte) keyer {
	return keyer{
		macs: &sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, localKey[:])} }},
		seed: maphash.MakeSeed(),
	}
}

// digest returns the digest of a key of the type with that number. All keys of a type,
// canonical and weak, share one space.
func (k keyer) digest(typ uint8, key string) (d digest) {
	m := k.macs.Get().(*mac)
	m.Reset()
	m.in = append(append(m.in[:0], typ), key...)
	m.Write(m.in)
	copy(d[:], m.Sum(m.out[:0]))
	clear(m.in) // no value outlives its lookup in the pool
	k.macs.Put(m)
	return d
}

// A markKind keeps marks of different meaning apart.
type markKind uint8

// The kinds of marks. A mark is a quick hash that answers "surely not held" without a
// digest; see [filter].
const (
	markKey     markKind = iota      // a key; the type's number is added
	markHandle  markKind = iota + 32 // a bare handle, coarsely folded
	markFolder                       // "host/a/b/": how a URL signal begins, up to each "/" and "%" and the "?"
	markPage                         // a URL signal without its scheme
	markURLHost                      // the host of a URL signal
	markID                           // the id of an account, without its platform
	markMail                         // a mailbox name, letters and digits alone
	markTail                         // the last digits of a telephone number
)

// mark returns the mark of key.
func (k keyer) mark(kind markKind, key string) uint64 {
	return spread(maphash.String(k.seed, key), kind)
}

// markBytes is [keyer.mark] of the same bytes.
func (k keyer) markBytes(kind markKind, key []byte) uint64 {
	return spread(maphash.Bytes(k.seed, key), kind)
}

// spread moves equal hashes of different kinds apart.
func spread(h uint64, kind markKind) uint64 {
	return (h ^ uint64(kind)*0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93
}
