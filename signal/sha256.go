package signal

// SHA256 is the SHA-256 digest of a file's bytes.
var SHA256 = &Type{
	Name:           "sha256",
	Summary:        "SHA-256 of a file",
	Example:        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_SHA256",
	STIX:           "file:hashes.'SHA-256'",
	MISP:           "sha256",
	normalize:      hexOf(64, "sha256"),
	unfit:          hashOfNothing("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
}
