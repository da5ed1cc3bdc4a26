package signal

import "strings"

// Account is the stable id of an account on a platform.
var Account = &Type{
	Name:           "account",
	Summary:        "stable account id on a platform",
	Example:        "chatter.test:8812345",
	Compare:        Exact,
	Personal:       true,
	Retention:      180,
	MaxRetention:   365,
	ThreatExchange: "",
	STIX:           "user-account:user_id",
	MISP:           "target-user",
	normalize:      normalizeAccount,
}

func normalizeAccount(s string) (Value, error) {
	platform, id, ok := strings.Cut(s, ":")
	if !ok || platform == "" || id == "" {
		return Value{}, bad("no platform", "write platform:id")
	}
	return Value{Canonical: strings.ToLower(platform) + ":" + id}, nil
}
