package lantern

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// ID names one object of an exchange: a positive 63-bit integer, never reused, one
// namespace for all nouns. It is random, but for a signal's, which rises with time. The zero ID means "none". In JSON and in text it is a
// decimal string, because JavaScript loses integers above 2^53 and because foreign
// clients insist on decimal identifiers.
type ID int64

// NewID draws an ID from random, which should be crypto/rand.Reader. It fails only if
// random does.
func NewID(random io.Reader) (ID, error) {
	return newID(random, 1<<63-1)
}

// NewKeyID draws an ID of 9 to 18 decimal digits: foreign clients demand that the
// identifier part of a key looks like this.
func NewKeyID(random io.Reader) (ID, error) {
	id, err := newID(random, 1e18-1e8)
	return id + 1e8 - 1, err
}

// newID draws uniformly from [1, limit] by rejection.
func newID(random io.Reader, limit uint64) (ID, error) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, fmt.Errorf("drawing an id: %w", err)
		}
		if n := binary.BigEndian.Uint64(b[:]) >> 1; n != 0 && n <= limit {
			return ID(n), nil
		}
	}
}

// ParseID reads the decimal form. It refuses signs, leading zeros, zero and numbers
// above 2^63-1 with an [Invalid] error.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || s[0] == '+' || s[0] == '0' {
		return 0, &Error{Kind: Invalid, Reason: "not an id", Fix: "give the decimal number the exchange returned"}
	}
	return ID(n), nil
}

// String returns the decimal form, or "" for the zero ID.
func (id ID) String() string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

// MarshalText returns the decimal form, or "" for the zero ID.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what [ID.MarshalText] writes; the empty text is the zero ID.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = 0
		return nil
	}
	n, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = n
	return nil
}
