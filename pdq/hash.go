package pdq

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/bits"
)

// Radius is the distance in bits up to which two hashes are taken for the same picture.
// It is the value the ThreatExchange project recommends.
const Radius = 31

// MinQuality is the quality from which a hash tells pictures apart. One below it should
// not be shared or looked up; one of quality 0 must not be.
const MinQuality = 50

// Hash is a PDQ hash in the order in which it is printed: the first byte is the first
// two hexadecimal digits. Frequency k of the 16x16 is bit k counted from the end.
type Hash [32]byte

// errHash never names the text: a hash of a picture may be a signal value.
var errHash = errors.New("not a pdq hash: want 64 hexadecimal digits")

// Parse reads the 64 hexadecimal digits of a hash, of either case. Its error does not
// repeat the text.
func Parse(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(len(h)) {
		return Hash{}, errHash
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, errHash
	}
	return h, nil
}

// String returns the 64 lower-case hexadecimal digits of h. They may be a signal value
// and must not be logged.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Distance returns in how many bits h and o differ, from 0 to 256.
func (h Hash) Distance(o Hash) int {
	n := 0
	for i := 0; i < len(h); i += 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(h[i:]) ^ binary.LittleEndian.Uint64(o[i:]))
	}
	return n
}
