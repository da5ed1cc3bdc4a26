package signal

// MD5 is the MD5 digest of a file's bytes.
var MD5 = &Type{
	Name:           "md5",
	Summary:        "MD5 of a file",
	Example:        "0cc175b9c0f1b6a831c399e269772661",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_MD5",
	STIX:           "file:hashes.MD5",
	MISP:           "md5",
	normalize:      hexOf(32, "md5"),
	unfit:          hashOfNothing("d41d8cd98f00b204e9800998ecf8427e"),
}
