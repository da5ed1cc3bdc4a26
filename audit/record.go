package audit

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The labels keep the three hashes of a commitment apart from each other and from every
// other use of SHA-256. They are part of the log format.
const (
	personLabel = "lantern-person-v1\x00"
	factsLabel  = "lantern-facts-v1\x00"
	leafLabel   = "lantern-leaf-v1\x00"
)

// Record is what a leaf stands for: the exact bytes of its two parts. Person identifies
// somebody or something erasable and may be empty; Facts is a JSON object of ids, member,
// program, type, tags, basis, month and policy version that stays when Person goes. The
// package gives the bytes no meaning and never changes them.
type Record struct {
	Kind   Kind
	Time   time.Time // to the second; the rest is cut off
	Person []byte
	Facts  []byte
}

// Opening proves what a leaf stands for. It is secret: whoever holds the salts can test
// guesses of the record. After erasure Person and PersonSalt are empty and PersonCommit
// keeps the facts provable; see [Opening.Forget].
type Opening struct {
	Record
	PersonSalt   [32]byte
	FactsSalt    [32]byte
	PersonCommit [32]byte
}

// Commit draws two fresh salts from random, which should be crypto/rand.Reader, and
// returns the leaf that binds the record and the opening that proves it. The caller
// stores both in the transaction of the act. Committing twice gives two unlike leaves.
func Commit(rec Record, random io.Reader) (Leaf, Opening, error) {
	if rec.Kind == 0 {
		return Leaf{}, Opening{}, errors.New("committing to a record: it has no kind")
	}
	unix := rec.Time.Unix()
	if unix < 0 {
		return Leaf{}, Opening{}, errors.New("committing to a record: its time is before 1970")
	}
	var salts [64]byte
	if _, err := io.ReadFull(random, salts[:]); err != nil {
		return Leaf{}, Opening{}, fmt.Errorf("drawing salts: %w", err)
	}
	o := Opening{Record: rec, PersonSalt: [32]byte(salts[:32]), FactsSalt: [32]byte(salts[32:])}
	// A source that gives zeros would publish guessable commitments, and a zero person
	// salt is the mark of an erased opening.
	if o.PersonSalt == [32]byte{} || o.FactsSalt == [32]byte{} {
		return Leaf{}, Opening{}, errors.New("drawing salts: the random source gives zeros")
	}
	o.Time = time.Unix(unix, 0).UTC()
	o.PersonCommit = commitPart(o.PersonSalt, personLabel, rec.Kind, rec.Person)
	return newLeaf(rec.Kind, unix, o.commitment()), o, nil
}

// Erased reports whether the person part is gone.
func (o Opening) Erased() bool {
	return o.PersonSalt == [32]byte{} && len(o.Person) == 0
}

// Forget returns the opening without its person part. It verifies against the same leaf.
func (o Opening) Forget() Opening {
	o.Person, o.PersonSalt = nil, [32]byte{}
	return o
}

// Verify checks that the leaf stands for this opening: kind, time, facts and, unless it
// was erased, the person part. The error never repeats any of it.
func (o Opening) Verify(leaf Leaf) error {
	if _, err := ParseLeaf(leaf[:]); err != nil {
		return fmt.Errorf("opening a leaf: %w", err)
	}
	if leaf.Kind() != o.Kind {
		return errors.New("opening a leaf: the kinds differ")
	}
	if leaf.unix() != o.Time.Unix() {
		return errors.New("opening a leaf: the times differ")
	}
	if !o.Erased() {
		person := commitPart(o.PersonSalt, personLabel, o.Kind, o.Person)
		if subtle.ConstantTimeCompare(person[:], o.PersonCommit[:]) != 1 {
			return errors.New("opening a leaf: the person part does not belong to its commitment")
		}
	}
	want, got := leaf.Commitment(), o.commitment()
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return errors.New("opening a leaf: the record does not belong to this leaf")
	}
	return nil
}

// commitment binds kind, second and both parts, the person part through PersonCommit so
// that it can be recomputed after erasure.
func (o *Opening) commitment() [32]byte {
	facts := commitPart(o.FactsSalt, factsLabel, o.Kind, o.Facts)
	buf := make([]byte, 0, len(leafLabel)+1+8+32+32)
	buf = append(buf, leafLabel...)
	buf = append(buf, byte(o.Kind))
	buf = binary.BigEndian.AppendUint64(buf, uint64(o.Time.Unix()))
	buf = append(buf, o.PersonCommit[:]...)
	buf = append(buf, facts[:]...)
	return sha256.Sum256(buf)
}

// commitPart is HMAC-SHA-256 under the salt over label, kind and the part's bytes. The
// part comes last, so no two inputs run into each other.
func commitPart(salt [32]byte, label string, kind Kind, part []byte) (sum [32]byte) {
	// HMAC (RFC 2104) written out: a key that is used once costs the package crypto/hmac more
	// to set up than the digest itself.
	var space [512]byte // for nearly all parts
	var outer [sha256.BlockSize + sha256.Size]byte
	inner := append(space[:0], innerPad[:]...)
	copy(outer[:], outerPad[:])
	subtle.XORBytes(inner, inner, salt[:])
	subtle.XORBytes(outer[:], outer[:], salt[:])
	inner = append(inner, label...)
	inner = append(inner, byte(kind))
	inner = append(inner, part...)
	sum = sha256.Sum256(inner)
	copy(outer[sha256.BlockSize:], sum[:])
	return sha256.Sum256(outer[:])
}

// The pads of HMAC.
var innerPad, outerPad = pad(0x36), pad(0x5c)

func pad(c byte) (p [sha256.BlockSize]byte) {
	for i := range p {
		p[i] = c
	}
	return p
}
