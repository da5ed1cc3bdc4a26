package signal

// SHA1 is the SHA-1 digest of a file's bytes.
var SHA1 = &Type{
	Name:           "sha1",
	Summary:        "SHA-1 of a file",
	Example:        "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_SHA1",
	STIX:           "file:hashes.'SHA-1'",
	MISP:           "sha1",
	normalize:      hexOf(40, "sha1"),
	unfit:          hashOfNothing("da39a3ee5e6b4b0d3255bfef95601890afd80709"),
}
