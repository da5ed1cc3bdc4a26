package signal

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
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

// normalizeIP takes an IPv4 or IPv6 address as a browser would: also in octal and
// hexadecimal, and with fewer than four parts. Addresses that mean a different machine in
// every network, or a service everybody uses, are refused.
func normalizeIP(s string) (Value, error) {
	s = strings.TrimSpace(refangDots(narrow(visible(s))))
	s = strings.ReplaceAll(s, "[:]", ":")
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	if s == "" || !(s[0] >= '0' && s[0] <= '9' || s[0] == ':' || hexDigit(s[0])) || len(s) > 64 {
		return Value{}, bad("not an internet address", "write it as 192.0.2.7 or 2001:db8::7")
	}
	var a netip.Addr
	if strings.Contains(s, ":") {
		var err error
		if a, err = netip.ParseAddr(s); err != nil {
			return Value{}, bad("not an internet address", "write it without a port or prefix length, as 192.0.2.7 or 2001:db8::7")
		}
		a = a.Unmap()
	} else {
		v, ok := parseIPv4(s)
		if !ok {
			return Value{}, bad("not an internet address", "write it without a port or prefix length, as 192.0.2.7 or 2001:db8::7")
		}
		a = netip.AddrFrom4(v)
	}
	switch {
	case a.Zone() != "":
		return Value{}, bad("an address with a zone", "only the own machine knows it")
	case manyNetworks(a):
		return Value{}, bad("an address that many networks use", "share the public address")
	}
	return Value{Canonical: a.String()}, nil
}

// parseIPv4 reads an IPv4 address by the WHATWG rules: up to four parts in decimal, octal
// (leading 0) or hexadecimal (leading 0x), the last one filling what is left. A single
// number must be large enough to be meant as an address.
func parseIPv4(s string) (addr [4]byte, ok bool) {
	parts := strings.Split(strings.TrimSuffix(s, "."), ".")
	if len(parts) > 4 {
		return addr, false
	}
	var n uint64
	for i, p := range parts {
		v, ok := parsePart(p)
		if !ok {
			return addr, false
		}
		if i < len(parts)-1 {
			if v > 255 {
				return addr, false
			}
			n |= v << (24 - 8*i)
			continue
		}
		if v >= 1<<(8*(5-len(parts))) || len(parts) == 1 && v < 1<<24 {
			return addr, false
		}
		n |= v
	}
	binary.BigEndian.PutUint32(addr[:], uint32(n))
	return addr, true
}

// parsePart reads one number of an IPv4 address.
func parsePart(p string) (uint64, bool) {
	base := 10
	switch {
	case len(p) > 2 && (p[:2] == "0x" || p[:2] == "0X"):
		p, base = p[2:], 16
	case len(p) > 1 && p[0] == '0':
		p, base = p[1:], 8
	}
	if p == "" || len(p) > 20 || !isHex(p) {
		return 0, false
	}
	v, err := strconv.ParseUint(p, base, 33)
	return v, err == nil
}

// resolvers are addresses that so many machines talk to that they say nothing.
var resolvers = []string{"1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8", "9.9.9.9", "2001:4860:4860::8844", "2001:4860:4860::8888", "2606:4700:4700::1111"}

// elsewhere are ranges outside the public internet that net/netip has no name for.
var elsewhere = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // behind a carrier's address translation
	netip.MustParsePrefix("240.0.0.0/4"),
}

// manyNetworks reports addresses that mean another machine in each network, or one that
// everybody uses. The blocks for documentation are taken: examples and tests live there.
func manyNetworks(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return true
	}
	return slices.Contains(resolvers, a.String()) ||
		slices.ContainsFunc(elsewhere, func(p netip.Prefix) bool { return p.Contains(a) })
}
