// Package siphash is SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF")
// in the form with 128 bits of output: a keyed hash of short values that takes some twenty
// nanoseconds, and that nobody without the key can tell from chance.
//
// It is for keys that stay on one machine. What leaves the machine, or outlives it, is hashed
// with HMAC-SHA-256 elsewhere. docs/design/018-segments.md weighs the two.
package siphash

import (
	"encoding/binary"
	"math/bits"
)

// Key is a key, for one use only.
type Key [2]uint64

// NewKey reads a key as the reference code does.
func NewKey(b [16]byte) Key {
	return Key{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])}
}

// round turns four words over once. It is written without a pointer, so that the words stay in
// registers.
func round(v0, v1, v2, v3 uint64) (_, _, _, _ uint64) {
	v0 += v1
	v2 += v3
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 = bits.RotateLeft64(v0, 32) + v3
	v2 += v1
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	return v0, v1, bits.RotateLeft64(v2, 32), v3
}

// start returns the words before a message.
func (k *Key) start() (v0, v1, v2, v3 uint64) {
	return k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d ^ 0xee, k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573
}

// absorb takes a message in.
func (k *Key) absorb(m string) (v0, v1, v2, v3 uint64) {
	v0, v1, v2, v3 = k.start()
	n := len(m)
	for ; len(m) >= 8; m = m[8:] {
		w := word(m)
		v3 ^= w
		v0, v1, v2, v3 = round(v0, v1, v2, v3)
		v0, v1, v2, v3 = round(v0, v1, v2, v3)
		v0 ^= w
	}
	return last(v0, v1, v2, v3, m, n)
}

// last takes in what is left of a message of n bytes, and how long it is.
func last(v0, v1, v2, v3 uint64, rest string, n int) (_, _, _, _ uint64) {
	w := uint64(n) << 56
	for i := range len(rest) {
		w |= uint64(rest[i]) << (8 * i)
	}
	v3 ^= w
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	return v0 ^ w, v1, v2 ^ 0xee, v3
}

// finish turns the words over four times before an answer is read.
func finish(v0, v1, v2, v3 uint64) (_, _, _, _ uint64) {
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	return round(v0, v1, v2, v3)
}

// Sum128 returns both halves of the hash of m.
func (k *Key) Sum128(m string) (first, second uint64) {
	v0, v1, v2, v3 := finish(k.absorb(m))
	first = v0 ^ v1 ^ v2 ^ v3
	v0, v1, v2, v3 = finish(v0, v1^0xdd, v2, v3)
	return first, v0 ^ v1 ^ v2 ^ v3
}

// First returns the first half of [Key.Sum128] alone, in less time.
func (k *Key) First(m string) uint64 {
	v0, v1, v2, v3 := finish(k.absorb(m))
	return v0 ^ v1 ^ v2 ^ v3
}
