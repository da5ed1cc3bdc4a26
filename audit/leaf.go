package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// LeafSize is the length of every leaf in bytes.
const LeafSize = 42

// leafVersion is the first byte of every leaf.
const leafVersion = 1

// Leaf is one entry of the log:
//
//	1 byte   version, 1
//	1 byte   kind
//	8 bytes  time in Unix seconds, big-endian
//	32 bytes commitment
//
// It is made by [Commit] or read by [ParseLeaf]. No identifier and no free text is in it.
type Leaf [LeafSize]byte

// Hash is a hash of the tree: SHA-256, 32 bytes. Its text and JSON form is base64.
type Hash = tlog.Hash

// newLeaf puts the parts together.
func newLeaf(kind Kind, unix int64, commitment [32]byte) Leaf {
	var l Leaf
	l[0] = leafVersion
	l[1] = byte(kind)
	binary.BigEndian.PutUint64(l[2:10], uint64(unix))
	copy(l[10:], commitment[:])
	return l
}

// ParseLeaf reads a stored leaf. It refuses other lengths and versions, kind zero and
// times before 1970; it accepts kinds that this version does not know.
func ParseLeaf(b []byte) (Leaf, error) {
	if len(b) != LeafSize {
		return Leaf{}, fmt.Errorf("a leaf has %d bytes, not %d", LeafSize, len(b))
	}
	l := Leaf(b)
	switch {
	case l[0] != leafVersion:
		return Leaf{}, fmt.Errorf("leaf version %d is not known", l[0])
	case l[1] == 0:
		return Leaf{}, errors.New("leaf without a kind")
	case l[2]&0x80 != 0:
		return Leaf{}, errors.New("leaf time is out of range")
	}
	return l, nil
}

// Kind returns what sort of act the leaf records.
func (l Leaf) Kind() Kind { return Kind(l[1]) }

// Time returns the second of the act, in UTC.
func (l Leaf) Time() time.Time { return time.Unix(l.unix(), 0).UTC() }

// Commitment returns the 32 bytes that bind the leaf to its record.
func (l Leaf) Commitment() [32]byte { return [32]byte(l[10:]) }

// unix returns the time as the leaf holds it.
func (l Leaf) unix() int64 { return int64(binary.BigEndian.Uint64(l[2:10])) }

// LeafHash returns the hash under which the leaf enters the tree:
// SHA-256(0x00 || leaf), RFC 6962 section 2.1.
func LeafHash(l Leaf) Hash {
	var buf [1 + LeafSize]byte // the prefix 0x00 is in place
	copy(buf[1:], l[:])
	return sha256.Sum256(buf[:])
}
