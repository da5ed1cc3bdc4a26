package signal

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
)

// PhotoDNA is the PhotoDNA hash of a picture, carried and never computed.
var PhotoDNA = &Type{
	Name:           "photodna",
	Summary:        "PhotoDNA hash of a picture, opaque",
	Example:        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_PHOTODNA",
	STIX:           "file:hashes.PHOTODNA",
	MISP:           "",
	normalize:      normalizePhotoDNA,
	unfit:          photoDNAOfNothing,
}

// photoDNABytes is the length of the hash.
const photoDNABytes = 144

// normalizePhotoDNA takes the hash as hexadecimal, as base64 or as 144 numbers, as the
// tools of different vendors print it. Canonical is hexadecimal. Nothing is known here
// about what the bytes mean.
func normalizePhotoDNA(s string) (Value, error) {
	var b []byte
	switch {
	case len(s) == 2*photoDNABytes && isHex(s):
		b, _ = hex.DecodeString(s) // cannot fail: isHex
	case len(s) == base64.StdEncoding.EncodedLen(photoDNABytes) && base64Run(s) == len(s):
		b, _ = base64.StdEncoding.DecodeString(s) // a failure shows in the length
	default:
		for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			n, err := strconv.ParseUint(f, 10, 8)
			if err != nil || len(b) == photoDNABytes {
				b = nil
				break
			}
			b = append(b, byte(n))
		}
	}
	if len(b) != photoDNABytes {
		return Value{}, bad("not a PhotoDNA hash", "144 bytes in hexadecimal, in base64 or as decimal numbers")
	}
	return Value{Canonical: hex.EncodeToString(b)}, nil
}

// photoDNAOfNothing refuses what is no picture's hash.
func photoDNAOfNothing(canonical string) error {
	if canonical == strings.Repeat(canonical[:2], photoDNABytes) {
		return bad("a hash of nothing", "a hash of equal bytes is a placeholder, not a picture")
	}
	return nil
}
