package signal

import (
	"net/url"
	"strings"
	"sync"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// URL is a web address.
var URL = &Type{
	Name:           "url",
	Summary:        "web address",
	Example:        "https://files.example.com/a/b?id=7",
	Compare:        URLPrefix,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "URI",
	STIX:           "url:value",
	MISP:           "url",
	normalize:      normalizeURL,
}

// normalizeURL follows the WHATWG URL standard, which is what browsers do, and then drops
// what does not decide where the address leads: credentials, the fragment, tracking
// parameters. An address without a scheme is taken for https. Nothing is fetched.
func normalizeURL(s string) (Value, error) {
	if out, ok := plainURL(s); ok {
		return Value{Canonical: out}, nil
	}
	scheme, rest, err := spellURL(s)
	if err != nil {
		return Value{}, err
	}
	if out, ok := plainURL(scheme + "://" + rest); ok {
		return Value{Canonical: out}, nil
	}
	return parseURL(scheme, rest)
}

// spellURL undoes what makes an address harmless: its scheme, and what follows "://".
func spellURL(s string) (scheme, rest string, err error) {
	scheme, rest = splitScheme(wideURL(unwrap(s)))
	if scheme == "" {
		if !looksLikeHost(rest) {
			return "", "", bad("not a web address", "write it as https://example.com/path")
		}
		scheme = "https"
	}
	return scheme, refangURL(rest), nil
}

// unbroken drops what browsers drop from the middle of an address.
var unbroken = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// parseURL is normalizeURL without its short cuts, of what spellURL returned.
func parseURL(scheme, rest string) (Value, error) {
	rest = unbroken.Replace(rest)
	slashes := len(rest) - len(strings.TrimLeft(rest, `/\`))
	end := len(rest)
	if n := strings.IndexAny(rest[slashes:], `/\?#`); n >= 0 {
		end = slashes + n
	}
	u, err := whatwg.Parse(scheme + "://" + rest[:end])
	if err != nil {
		return Value{}, bad("not a web address", "no browser can open it")
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if host == "" || host[0] != '[' && !plainHost(host) {
		return Value{}, bad("not a web address", "no host can have this name")
	}
	var t Tail
	t.Start("")
	t.plain(rest[end:])
	tail, _ := t.At("")
	path, query, _ := strings.Cut(string(tail), "?")
	if namesPerson(query) {
		return Value{}, bad("a mail address in the query", "it would name a person: share the address as email, the page without it")
	}
	if query == "" {
		const fix = "give the path or the invite code too; what stands after # is dropped"
		if doorway(host, path) {
			return Value{}, bad(onTopSites, fix)
		}
		if strings.Trim(path, "/") == "" {
			if why := broadHost(host); why != "" {
				return Value{}, bad(why, fix)
			}
		}
	}
	out := scheme + "://" + host
	if p := u.Port(); p != "" {
		out += ":" + p
	}
	out += path
	if query != "" {
		out += "?" + query
	}
	return Value{Canonical: out}, nil
}

// plainURL brings a plain address to its canonical form without parsing it: one of simple
// characters, of which nothing but the case of the host, a fragment and tracking parameters
// has to go. Most addresses in real text are. It may say no to any; what it says yes to it
// must give the form the parser gives (a fuzz target holds it to that).
func plainURL(s string) (string, bool) {
	s, _, _ = strings.Cut(s, "#")
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return "", false
		}
	}
	scheme := s[:len(s)-len(rest)]
	rest, query, asked := strings.Cut(rest, "?")
	slash := strings.IndexByte(rest, '/')
	if slash <= 0 || strings.Trim(rest[slash:], "/") == "" || !plainQuery(query) || !plainPath(rest[slash:]) || !ascii(rest[:slash]) {
		return "", false
	}
	host, path := strings.ToLower(rest[:slash]), rest[slash:]
	dot := strings.LastIndexByte(host, '.')
	// A last label that begins with a digit may be read as a number: the parser decides.
	if !plainHost(host) || strings.Contains(host, "xn--") || dot < 0 || dot+1 == len(host) || isDigit(host[dot+1]) {
		return "", false
	}
	kept := dropTracking(query)
	if kept == "" && doorway(host, path) {
		return "", false // refused
	}
	switch {
	case host == rest[:slash] && asked == (kept != "") && kept == query:
		return s, true
	case kept == "":
		return scheme + host + path, true
	}
	return scheme + host + path + "?" + kept, true
}

// plainPath reports a path that stays as it is.
func plainPath(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_':
		case c == '/':
			if i+1 < len(path) && path[i+1] == '.' {
				return false
			}
		case c == '.' || c == '~' || c == '+' || c == '=' || c == ',' || c == ':' || c == '@' || c == '&' || c == '!' || c == ';' || c == '$' || c == '*':
		default:
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// plainQuery reports a query of simple characters: of it only whole parameters are dropped.
func plainQuery(query string) bool {
	for i := range len(query) {
		if c := query[i]; !unreserved(c) && c != '=' && c != '&' && c != '/' && c != ',' && c != ':' && c != '+' {
			return false
		}
	}
	return true
}

// unwrap takes the angle brackets off that mail programs put around an address.
func unwrap(s string) string {
	if len(s) > 2 && s[0] == '<' && s[len(s)-1] == '>' {
		return s[1 : len(s)-1]
	}
	return s
}

// wideURL brings an address that is written in full-width signs to the usual ones.
func wideURL(s string) string {
	if ascii(s) {
		return s
	}
	s = strings.Map(seen, s)
	if strings.Contains(s, "／／") || strings.Contains(s, "：//") {
		return narrow(s)
	}
	return s
}

var (
	colonsAndAts  = strings.NewReplacer("[:]", ":", "(:)", ":", "[@]", "@")
	bracketedDots = strings.NewReplacer("[.]", ".", "[dot]", ".")
)

// refangURL undoes defanged dots and colons: everywhere in the host, and the bracketed
// ones after it, which no address needs.
func refangURL(rest string) string {
	rest = strings.ReplaceAll(rest, "[/]", "/")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return colonsAndAts.Replace(refangDots(rest[:end])) + bracketedDots.Replace(rest[end:])
}

// looksLikeHost reports whether an address without a scheme starts with a name that can
// exist: with a suffix somebody runs, or one reserved for examples.
func looksLikeHost(s string) bool {
	end := strings.IndexAny(s, "/?#:")
	if end < 0 {
		end = len(s)
	}
	host, ok := asciiHost(refangDots(s[:end]))
	return ok && !endsInNumber(host) && RegistrableDomain(host) != "" && knownSuffix(host)
}

// knownSuffix reports whether the last label of host is in the public suffix list or
// reserved by RFC 2606 and RFC 6761.
func knownSuffix(host string) bool {
	switch last := host[strings.LastIndexByte(host, '.')+1:]; last {
	case "test", "example", "invalid", "localhost", "onion":
		return true
	default:
		return suffixes()[last] || suffixes()["*."+last]
	}
}

// tracking holds data/tracking.txt: exact names, and the prefixes of names that end in "*".
var tracking = sync.OnceValue(func() (t struct {
	names    map[string]bool
	prefixes []string
	heads    *[1 << 16]bool // the two letters with which they begin, in lower case
}) {
	t.names, t.heads = wordSet(trackingText), &[1 << 16]bool{}
	for name := range t.names {
		t.heads[headOf(name)] = true
		if p, ok := strings.CutSuffix(name, "*"); ok {
			t.prefixes = append(t.prefixes, p)
		}
	}
	return t
})

// headOf returns the two letters with which the name of a parameter begins, in lower case.
func headOf[S string | []byte](name S) uint16 { return uint16(name[0]|0x20)<<8 | uint16(name[1]|0x20) }

// dropTracking removes the parameters of data/tracking.txt and empty ones from a query.
func dropTracking(query string) string {
	if query == "" {
		return ""
	}
	kept, all := make([]string, 0, 8), true
	for p := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(p, "=")
		if p != "" && !isTracking(strings.ToLower(decodePercent(name))) {
			kept = append(kept, p)
		} else {
			all = false
		}
	}
	if all {
		return query
	}
	return strings.Join(kept, "&")
}

// isTracking reports whether a parameter of that name is dropped.
func isTracking(name string) bool {
	return tracking().names[name] || isTrackingPrefix(name)
}

// isTrackingPrefix reports whether every parameter whose name begins like this one is dropped.
func isTrackingPrefix(name string) bool {
	for _, p := range tracking().prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// completes reports whether c after b would read as the end of a percent code.
func completes(b []byte, c byte) bool {
	n := len(b)
	return hexDigit(c) && (n >= 1 && b[n-1] == '%' || n >= 2 && b[n-2] == '%' && hexDigit(b[n-1]))
}

// unreserved reports the characters that mean the same encoded and not (RFC 3986
// section 2.3). Parsing has already resolved encoded dots that climb.
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// upperHex returns a hexadecimal digit in its capital form.
func upperHex(c byte) byte {
	if c >= 'a' {
		return c - 0x20
	}
	return c
}

// decodePercent decodes what can be decoded.
func decodePercent(s string) string {
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

// namesPerson reports whether a query holds a mail address, encoded up to twice.
func namesPerson(query string) bool {
	if query == "" {
		return false
	}
	for range 3 {
		if holdsAddress(query) {
			return true
		}
		query = decodePercent(query)
	}
	return false
}

// holdsAddress reports a mail address somewhere in s.
func holdsAddress(s string) bool {
	for {
		before, after, ok := strings.Cut(s, "@")
		if !ok {
			return false
		}
		if before != "" && (IsWord(rune(before[len(before)-1])) || strings.IndexByte("_-+.", before[len(before)-1]) >= 0) {
			end := strings.IndexFunc(after, func(r rune) bool { return !IsWord(r) && r != '.' && r != '-' })
			if end < 0 {
				end = len(after)
			}
			if host, ok := asciiHost(strings.ToLower(strings.Trim(after[:end], ".-"))); ok && strings.Contains(host, ".") && knownSuffix(host) {
				return true
			}
		}
		s = after
	}
}
