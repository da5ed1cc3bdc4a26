package signal

// PDQ is the perceptual hash of a picture (package pdq): 256 bits, of which at most 31
// differ between two copies of one picture.
var PDQ = &Type{
	Name:           "pdq",
	Summary:        "PDQ perceptual hash of a picture",
	Example:        "d8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22",
	Compare:        Hamming,
	Radius:         31,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_PDQ",
	STIX:           "file:hashes.PDQ",
	MISP:           "",
	normalize:      hexOf(64, "pdq"),
	unfit:          hashOfNothing(""),
}
