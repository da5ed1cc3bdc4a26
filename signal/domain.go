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

// normalizeDomain takes a host name. It stands for everything below it, so what many
// people use is refused.
func normalizeDomain(s string) (Value, error) {
	s = visible(s)
	if scheme, rest := splitScheme(s); scheme != "" {
		host, path, _ := strings.Cut(rest, "/")
		if path != "" {
			return Value{}, bad("a web address", "use the type url, or give the host alone")
		}
		s = host
	}
	s = strings.TrimPrefix(refangDots(s), "*.")
	host, ok := asciiHost(s)
	switch {
	case !ok:
		return Value{}, bad("not a domain", "write it as example.com, without a port")
	case endsInNumber(host):
		return Value{}, bad("an internet address", "use the type ip")
	}
	if why := broadHost(host); why != "" {
		return Value{}, bad(why, "share URLs below it instead")
	}
	return Value{Canonical: host}, nil
}
