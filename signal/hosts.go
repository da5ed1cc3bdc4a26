package signal

import (
	_ "embed" // the lists are data files beside the code
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

// Lists of names, one a line, "#" starts a comment. The package carries its own copy of
// the public suffix list because the usual Go package for it pulls in an HTTP stack,
// which nothing on the matching path may have.
var (
	//go:embed data/publicsuffix.txt
	suffixText string
	//go:embed data/mailhosts.txt
	mailHostText string
	//go:embed data/topsites.txt
	topSiteText string
	//go:embed data/doorways.txt
	doorwayText string
	//go:embed data/platforms.txt
	platformText string
	//go:embed data/commonnames.txt
	commonNameText string
	//go:embed data/tracking.txt
	trackingText string
	//go:embed data/commonwords.txt
	commonWordText string
)

var (
	suffixes    = sync.OnceValue(func() map[string]bool { return wordSet(suffixText) })
	mailHosts   = sync.OnceValue(func() map[string]bool { return wordSet(mailHostText) })
	topSites    = sync.OnceValue(func() map[string]bool { return wordSet(topSiteText) })
	doorways    = sync.OnceValue(func() map[string]bool { return wordSet(doorwayText) })
	commonNames = sync.OnceValue(func() map[string]bool { return wordSet(commonNameText) })
	commonWords = sync.OnceValue(func() map[string]bool { return wordSet(commonWordText) })
)

// wordSet reads a list file.
func wordSet(text string) map[string]bool {
	set := make(map[string]bool, strings.Count(text, "\n"))
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			set[line] = true
		}
	}
	return set
}

// RegistrableDomain returns the public suffix of host and one label more: the part of
// the name somebody registered ("example.co.uk" of "a.b.example.co.uk"). It returns ""
// for a public suffix, a single label, an IP address or anything else that has none.
// host must be lower-case A-labels without a trailing dot.
func RegistrableDomain(host string) string {
	n := suffixLen(host)
	if n <= 0 || n >= len(host)-1 || host[len(host)-n-1] != '.' {
		return ""
	}
	head := host[:len(host)-n-1]
	if head == "" || strings.HasPrefix(host, ".") || strings.Contains(host, "..") || endsInNumber(host) {
		return ""
	}
	return host[strings.LastIndexByte(head, '.')+1:]
}

// suffixLen returns the length of host's public suffix. Where no rule matches, the last
// label is the suffix.
func suffixLen(host string) int {
	rules := suffixes()
	best := len(host) - strings.LastIndexByte(host, '.') - 1
	for rest := host; ; {
		if rules["!"+rest] {
			_, parent, _ := strings.Cut(rest, ".")
			return len(parent)
		}
		_, parent, more := strings.Cut(rest, ".")
		if (rules[rest] || more && rules["*."+parent]) && len(rest) > best {
			best = len(rest)
		}
		if !more {
			return best
		}
		rest = parent
	}
}

// endsInNumber reports whether a host must be read as an IPv4 address (WHATWG URL, "ends
// in a number checker").
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.HasPrefix(last, "0x") || strings.HasPrefix(last, "0X") {
		return isHex(last[2:])
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// bareName drops what popular sites put before their own names.
func bareName(host string) string {
	for _, p := range []string{"www.", "m.", "mobile."} {
		host = strings.TrimPrefix(host, p)
	}
	return host
}

// longestDoorway is at least as long as any path in doorways.txt, slashes left out.
const longestDoorway = 8

// doorway reports whether an address without a query is that of a popular site where the rest
// is missing: "discord.gg/invite". path begins with a slash.
func doorway(host, path string) bool {
	path = strings.Trim(path, "/")
	return path != "" && len(path) <= longestDoorway && doorways()[bareName(host)+"/"+strings.ToLower(path)]
}

// What is said of a name on a list that is built in.
const (
	onTopSites  = `on the built-in warning list "Sites that very many people use"`
	onMailHosts = `on the built-in warning list "Public mail providers"`
)

// broadHost says why a bare host names too many people to be a signal, "" if it does not.
func broadHost(host string) string {
	bare := bareName(host)
	switch {
	case mailHosts()[bare]:
		return onMailHosts
	case topSites()[bare]:
		return onTopSites
	case RegistrableDomain(host) == "" && !endsInNumber(host) && !strings.Contains(host, ":"):
		return "a name under which anyone can register, or no public name"
	}
	return ""
}

// hostProfile maps a host name to A-labels the way a browser does, and also holds it to
// the rules of registered names.
var hostProfile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.StrictDomainName(false),
	idna.VerifyDNSLength(true),
)

// asciiHost brings a host name to lower-case A-labels without a trailing dot. ok is
// false if it is no host name.
func asciiHost(s string) (host string, ok bool) {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 1000 {
		return "", false
	}
	if !plainHost(s) || strings.Contains(s, "xn--") {
		var err error
		if s, err = hostProfile.ToASCII(s); err != nil {
			return "", false
		}
		s = strings.TrimSuffix(s, ".")
	}
	return s, plainHost(s)
}

// plainHost reports whether s is made of lower-case labels of letters, digits, hyphens
// and inner underscores, 253 bytes at most.
func plainHost(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_':
			label++
		case c == '-':
			if label == 0 || i+1 == len(s) || s[i+1] == '.' {
				return false
			}
			label++
		case c == '.':
			if label == 0 || i+1 == len(s) {
				return false
			}
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return true
}

// platforms maps every spelling in data/platforms.txt to the platform's word.
var platforms = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 128)
	for line := range strings.Lines(platformText) {
		names := strings.Fields(line)
		if len(names) == 0 || names[0] == "#" {
			continue
		}
		for _, n := range names {
			m[n] = names[0]
		}
	}
	return m
})
