// Package seal keeps values unreadable at rest. It knows nothing of signals or SQL: bytes
// go in, sealed bytes come out.
//
// # How a value is sealed
//
// Each record has a data key of its own (AES-256), drawn when the record is made and
// stored beside it only in wrapped form: encrypted under the key-encryption key ([KEK]),
// which lives outside the database (a file, the environment, later a key service). The
// fields of the record are encrypted with AES-256-GCM under the data key, each bound to
// where it belongs ("table/id/field"), so that a sealed value copied to another row or
// column does not open. Whoever deletes the wrapped key has erased every copy of the
// record's fields, in backups too.
//
// A sealed value cannot be searched for. [Sealer.Index] computes a keyed digest instead,
// under a key derived from the KEK for one purpose: equal inputs give equal digests, and
// without the KEK nobody can test a guess.
//
// # Formats
//
//	sealed field  = 0x01 | nonce (12) | ciphertext | tag (16)           aad as given
//	wrapped key   = 0x01 | KEK id (8) | nonce (12) | ciphertext (32) | tag (16)
//	index key     = HKDF-SHA-256(KEK secret, info = "lantern index v1\x00" + purpose)
//	index         = HMAC-SHA-256(index key, for each part: length (8, big endian) | part)
//	index secret  = wrapped like a key, after the text "lantern index secret v1 "
//	KEK file      = "lantern-kek-1 " | base64 of 32 bytes | newline, mode 0600
//
// The tag is 128 bits. A data key encrypts a handful of fields and the KEK fewer than
// 2^32 data keys, the bound for random nonces.
//
// # Limits
//
// Keys live in the process's memory; Go may copy them and swap may keep them. Sizes of
// values and equality of index digests are visible. Errors never hold key material,
// plaintext or digests.
package seal
