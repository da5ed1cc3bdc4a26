package signal

import "strings"

// Domain is a host name with everything below it.
var Domain = &Type{
	Name:           "domain",
	Summary:        "domain with everything below it",
	Example:        "bad-files.example",
	Compare:        HostSuffix,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "DOMAIN",
	STIX:           "domain-name:value",
	MISP:           "domain",
	normalize:      normalizeDomain,
}

func normalizeDomain(s string) (Value, error) {
	host, ok := asciiHost(strings.ToLower(s))
	if !ok {
		return Value{}, bad("not a domain", "write it as example.com")
	}
	if why := broadHost(host); why != "" {
		return Value{}, bad(why, "share URLs below it instead")
	}
	return Value{Canonical: host}, nil
}
