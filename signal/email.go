package signal

import "strings"

// Email is a mail address.
var Email = &Type{
	Name:           "email",
	Summary:        "mail address",
	Example:        "Night.Owl@example.com",
	Compare:        Exact,
	Personal:       true,
	Retention:      180,
	MaxRetention:   365,
	ThreatExchange: "EMAIL_ADDRESS",
	STIX:           "email-addr:value",
	MISP:           "email",
	normalize:      normalizeEmail,
}

func normalizeEmail(s string) (Value, error) {
	local, host, ok := strings.Cut(s, "@")
	if !ok || local == "" {
		return Value{}, bad("not a mail address", "write it as name@example.com")
	}
	host, ok = asciiHost(host)
	if !ok {
		return Value{}, bad("no mail domain", "write it as name@example.com")
	}
	return Value{Canonical: strings.ToLower(local) + "@" + host}, nil
}
