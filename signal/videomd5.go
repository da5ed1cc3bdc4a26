package signal

// VideoMD5 is the MD5 digest of a video file's bytes. It is a type of its own because
// clients of foreign exchanges ask for videos by it.
var VideoMD5 = &Type{
	Name:           "video-md5",
	Summary:        "MD5 of a video file",
	Example:        "92eb5ffee6ae2fec3ad71c777531578f",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "HASH_VIDEO_MD5",
	STIX:           "file:hashes.MD5",
	MISP:           "md5",
	normalize:      hexOf(32, "md5"),
	unfit:          hashOfNothing("d41d8cd98f00b204e9800998ecf8427e"),
}
