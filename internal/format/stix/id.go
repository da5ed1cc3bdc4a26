package stix

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"lantern"
)

// UUID writes an id of the exchange as a UUID in the form of version 4, which is the one that
// STIX and TAXII take: 63 bits are the id, 59 a digest of kind, scope and id. Two kinds or
// scopes (programs; 0 for what is the same in all) give different UUIDs. It tells no more than
// the id itself does.
func UUID(kind string, scope, id lantern.ID) string {
	var b [16]byte
	n := uint64(id)
	binary.BigEndian.PutUint64(b[:], n>>15<<16|0x4000|n>>3&0xfff)
	digest := sha256.Sum256(fmt.Appendf(nil, "lantern-stix-1\n%s\n%s\n%s\n", kind, scope, id))
	binary.BigEndian.PutUint64(b[8:], 1<<63|n&7<<59|binary.BigEndian.Uint64(digest[:])>>5)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseUUID returns the id that [UUID] wrote of that kind and scope; ok is false for every
// other text.
func ParseUUID(kind string, scope lantern.ID, text string) (id lantern.ID, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return 0, false
	}
	high, low := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	id = lantern.ID(high>>16<<15 | high&0xfff<<3 | low>>59&7)
	return id, id > 0 && UUID(kind, scope, id) == strings.ToLower(text)
}

// ID is the STIX id of an object.
func ID(kind string, scope, id lantern.ID) string { return kind + "--" + UUID(kind, scope, id) }

// ParseID returns the signal that an object's id stands for in a program.
func ParseID(program lantern.ID, text string) (id lantern.ID, ok bool) {
	kind, uuid, _ := strings.Cut(text, "--")
	if kind != indicator && kind != attackPattern {
		return 0, false
	}
	return ParseUUID(kind, program, uuid)
}

// Well reports whether text has the form of a STIX id: an object type, two hyphens and a UUID of
// RFC 4122.
func Well(text string) bool {
	kind, uuid, ok := strings.Cut(text, "--")
	if !ok || len(kind) < 3 || len(kind) > 250 || len(uuid) != 36 {
		return false
	}
	for i, c := range []byte(kind) {
		if (c < 'a' || c > 'z') && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	for i, c := range []byte(uuid) {
		switch hyphen := i == 8 || i == 13 || i == 18 || i == 23; {
		case hyphen != (c == '-'):
			return false
		case !hyphen && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)):
			return false
		}
	}
	return strings.ContainsRune("12345", rune(uuid[14])) && strings.ContainsRune("89abAB", rune(uuid[19]))
}
