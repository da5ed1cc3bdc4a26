package corpus

import (
	"crypto/md5" // a name for files that others already use, not a protection
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"lantern"
)

// Digester takes the digests of what is written to it, in one pass.
type Digester struct{ md5, sha1, sha256 hash.Hash }

// NewDigester returns a Digester that was given nothing.
func NewDigester() *Digester { return &Digester{md5.New(), sha1.New(), sha256.New()} }

// Write never fails.
func (d *Digester) Write(p []byte) (int, error) {
	d.md5.Write(p)
	d.sha1.Write(p)
	d.sha256.Write(p)
	return len(p), nil
}

// Sum returns the digests of what was written so far.
func (d *Digester) Sum() *lantern.Digests {
	return &lantern.Digests{
		MD5:    hex.EncodeToString(d.md5.Sum(nil)),
		SHA1:   hex.EncodeToString(d.sha1.Sum(nil)),
		SHA256: hex.EncodeToString(d.sha256.Sum(nil)),
	}
}
