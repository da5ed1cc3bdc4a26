package corpus

import (
	"crypto/md5" // a name for files that others already use, not a protection
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"lantern"
)

// sums takes digests of what is written to it, in one pass.
type sums struct {
	names  []lantern.SignalType
	hashes []hash.Hash // beside names
}

// newSums returns sums of those of the types that are digests.
func newSums(types ...lantern.SignalType) sums {
	var s sums
	for _, t := range types {
		var h hash.Hash
		switch t {
		case "md5":
			h = md5.New()
		case "sha1":
			h = sha1.New()
		case "sha256":
			h = sha256.New()
		default:
			continue
		}
		s.names, s.hashes = append(s.names, t), append(s.hashes, h)
	}
	return s
}

// Write never fails.
func (s *sums) Write(p []byte) (int, error) {
	for _, h := range s.hashes {
		h.Write(p)
	}
	return len(p), nil
}

// hex is digest number i of what was written so far.
func (s *sums) hex(i int) string { return hex.EncodeToString(s.hashes[i].Sum(nil)) }

// Digester takes the digests of what is written to it, in one pass. Writing never fails.
type Digester struct{ sums }

// NewDigester returns a Digester that was given nothing.
func NewDigester() *Digester { return &Digester{newSums("md5", "sha1", "sha256")} }

// Sum returns the digests of what was written so far.
func (d *Digester) Sum() *lantern.Digests {
	return &lantern.Digests{MD5: d.hex(0), SHA1: d.hex(1), SHA256: d.hex(2)}
}
