package corpus

import (
	"crypto/md5" // a name for files that others already use, not a protection
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"iter"
	"slices"
	"strings"

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

// Sums is a set of digests.
type Sums uint32

// The digests.
const (
	MD5 Sums = 1 << iota
	SHA1
	SHA256
	AllSums = MD5 | SHA1 | SHA256
)

// sumNames are their names, in the order of their bits.
var sumNames = [...]lantern.SignalType{"md5", "sha1", "sha256"}

// SumsOf returns the set of the digests with these names. Other names count for nothing.
func SumsOf(names []lantern.SignalType) (s Sums) {
	for i, name := range sumNames {
		if slices.Contains(names, name) {
			s |= 1 << i
		}
	}
	return s
}

// Values yields digests of a file with the types of the signals they may match, "" for one that is
// left out. A film shared by its MD5 is a video-md5, so that digest stands for both.
func Values(d *lantern.Digests) iter.Seq2[lantern.SignalType, string] {
	return func(yield func(lantern.SignalType, string) bool) {
		_ = yield("md5", d.MD5) && yield("video-md5", d.MD5) && yield("sha1", d.SHA1) && yield("sha256", d.SHA256)
	}
}

// Lacks returns the names of the digests that are left out although signals are held which they
// may match; it is never nil.
func Lacks(d *lantern.Digests, holds func(lantern.SignalType) bool) []lantern.SignalType {
	lacking := []lantern.SignalType{}
	for kind, sum := range Values(d) {
		if name := lantern.SignalType(strings.TrimPrefix(string(kind), "video-")); sum == "" && holds(kind) && !slices.Contains(lacking, name) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// Digester takes digests of what is written to it, in one pass. Writing never fails.
type Digester struct{ sums }

// NewDigester returns a Digester for a set of digests that was given nothing.
func NewDigester(of Sums) *Digester {
	var names []lantern.SignalType
	for i, name := range sumNames {
		if of>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return &Digester{newSums(names...)}
}

// Sum returns the digests of what was written so far.
func (d *Digester) Sum() *lantern.Digests {
	sums := &lantern.Digests{}
	for i, name := range d.names {
		*map[lantern.SignalType]*string{"md5": &sums.MD5, "sha1": &sums.SHA1, "sha256": &sums.SHA256}[name] = d.hex(i)
	}
	return sums
}
