package signal

import "strings"

// VPDQ is the perceptual hashes of a video, frame by frame.
var VPDQ = &Type{
	Name:           "vpdq",
	Summary:        "vPDQ perceptual hash of a video",
	Example:        "0,100,d8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22,0.000",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "DEBUG_STRING",
	STIX:           "file:hashes.VPDQ",
	MISP:           "",
	normalize:      normalizeVPDQ,
}

func normalizeVPDQ(s string) (Value, error) {
	return Value{Canonical: strings.ToLower(s)}, nil
}
