package signal

import "strings"

// PhotoDNA is the PhotoDNA hash of a picture, carried and never computed.
var PhotoDNA = &Type{
	Name:           "photodna",
	Summary:        "PhotoDNA hash of a picture, opaque",
	Example:        "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_PHOTODNA",
	STIX:           "file:hashes.PHOTODNA",
	MISP:           "",
	normalize:      normalizePhotoDNA,
}

func normalizePhotoDNA(s string) (Value, error) {
	return Value{Canonical: strings.ToLower(s)}, nil
}
