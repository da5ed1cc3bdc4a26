package signal

import (
	"net/netip"
	"strings"
)

// IP is an internet address.
var IP = &Type{
	Name:           "ip",
	Summary:        "internet address",
	Example:        "192.0.2.7",
	Compare:        Exact,
	Personal:       true,
	Weak:           true,
	Retention:      30,
	MaxRetention:   90,
	ThreatExchange: "IP_ADDRESS",
	STIX:           "ipv4-addr:value",
	MISP:           "ip-src",
	normalize:      normalizeIP,
}

func normalizeIP(s string) (Value, error) {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return Value{}, bad("not an internet address", "write it as 192.0.2.7 or 2001:db8::7")
	}
	return Value{Canonical: a.Unmap().String()}, nil
}
