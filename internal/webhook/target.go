package webhook

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"lantern"
)

// maxURL bounds the length of a webhook's address.
const maxURL = 2048

// inside are names that never belong to the public network (RFC 6761, 6762, 8375, 9476,
// and what private networks use).
var inside = []string{"localhost", "local", "internal", "intranet", "private", "corp", "home", "lan", "localdomain", "home.arpa", "onion", "alt", "invalid", "test", "example"}

// CheckOwnURL refuses what cannot be the address of a receiver that the sender's own
// operator configured: http or https, any host, without user, password or fragment.
func CheckOwnURL(raw string) error {
	_, err := parseOwn(raw)
	return err
}

// CheckURL refuses an address that cannot be a webhook's, with a reason that repeats
// nothing of it: it must be https, of a public host, without user, password or fragment.
// What the name resolves to is checked at each delivery, because it changes. With
// loopback, http and https to this machine's own loopback addresses are taken too.
func CheckURL(raw string, loopback bool) error {
	_, err := parse(raw, loopback)
	return err
}

func refuse(reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Field: "/url", Reason: reason, Fix: fix}
}

// parse reads and checks an address.
func parse(raw string, loopback bool) (*url.URL, error) {
	u, err := plainURL(raw)
	if err != nil {
		return nil, err
	}
	own := loopback && ownHost(u.Hostname())
	switch {
	case u.Scheme != "https" && !(own && u.Scheme == "http"):
		return nil, refuse("not https", "https://hooks.example.com/lantern")
	case own:
		return u, nil
	}
	if err := checkPort(u); err != nil {
		return nil, err
	}
	return u, checkHost(u.Hostname(), strings.HasPrefix(u.Host, "["))
}

// parseOwn is parse for an address that the operator configured.
func parseOwn(raw string) (*url.URL, error) {
	u, err := plainURL(raw)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return nil, refuse("not an http or https address", "http://127.0.0.1:9000/lantern")
	}
	return u, checkPort(u)
}

// plainURL reads an address that every parser reads alike, and that holds no secret or part
// that is never sent.
func plainURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, refuse("too long", "at most 2048 bytes")
	}
	// Parsers differ about these, so that one could check another host than the next calls.
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return nil, refuse("holds white space, a backslash, control characters or letters beyond ASCII", "write the host with xn-- and the rest percent-encoded")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return nil, refuse("not an address", "https://hooks.example.com/lantern")
	case u.User != nil:
		return nil, refuse("holds a user name or password", "the signature tells you who calls")
	case strings.Contains(raw, "#"):
		return nil, refuse("holds a fragment", "leave it out")
	}
	return u, nil
}

// ownHost reports whether a host is this machine's loopback, written plainly.
func ownHost(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback() && !a.Is4In6()
}

func checkPort(u *url.URL) error {
	port := u.Port()
	if port == "" && !strings.HasSuffix(u.Host, ":") {
		return nil
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		return refuse("not a port", "leave it out")
	}
	return nil
}

// checkHost checks what a host's spelling tells.
func checkHost(host string, bracketed bool) error {
	if a, err := netip.ParseAddr(host); err == nil {
		if ok, what := public(a); !ok {
			return refuse("not a public address: "+what, "a host that the exchange can reach over the public network")
		}
		return nil
	}
	labels := strings.Split(strings.ToLower(host), ".")
	last := labels[len(labels)-1]
	switch {
	case bracketed || len(host) > 253:
		return refuse("not a host", "a name of the public network")
	case last != "" && numeric(last):
		return refuse("an IP address in disguise", "write it as four decimal numbers, or give a name")
	case len(labels) < 2 || last == "":
		return refuse("not the full name of a host", "a name of the public network, without a dot at its end")
	}
	for _, l := range labels {
		if len(l) == 0 || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || strings.HasPrefix(l, "-") {
			return refuse("not a host", "a name of the public network")
		}
	}
	for _, name := range inside {
		if strings.HasSuffix(strings.ToLower(host), "."+name) {
			return refuse("a name of a private network", "a name of the public network")
		}
	}
	return nil
}

// numeric reports whether a host's last label makes it an IPv4 address to programs that
// read them as C libraries do: decimal, octal or hexadecimal, of one to four parts.
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
