package signal

import "strings"

// Username is a handle on a platform.
var Username = &Type{
	Name:           "username",
	Summary:        "handle on a platform",
	Example:        "chatter.test/night_owl7",
	Compare:        Exact,
	Personal:       true,
	Retention:      180,
	MaxRetention:   365,
	ThreatExchange: "",
	STIX:           "user-account:account_login",
	MISP:           "target-user",
	normalize:      normalizeUsername,
}

func normalizeUsername(s string) (Value, error) {
	platform, handle, ok := strings.Cut(strings.ToLower(s), "/")
	if !ok || platform == "" || handle == "" {
		return Value{}, bad("no platform", "write platform/handle")
	}
	handle = strings.TrimPrefix(handle, "@")
	return Value{Canonical: platform + "/" + handle, Weak: []string{handle}}, nil
}
