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
	MISP:           "text",
	normalize:      normalizeAccount,
}

// normalizeAccount takes "platform:id". The id keeps its case: platforms that make ids
// of letters make them case-sensitive.
func normalizeAccount(s string) (Value, error) {
	s = narrow(visible(s))
	i := strings.IndexAny(s, ":/")
	if scheme, _ := splitScheme(s); i <= 0 || scheme != "" {
		return Value{}, bad("no platform", "write platform:id")
	}
	platform, ok := platformName(s[:i])
	if !ok {
		return Value{}, bad("no such form of platform", "a word or a domain, then a colon, then the id")
	}
	id := strings.TrimSpace(s[i+1:])
	switch {
	case !accountID(id):
		return Value{}, bad("not an account id", "letters, digits and - _ . ~ = + : / | only, at most 128, no blanks")
	case strings.Contains(id, "@"):
		return Value{}, bad("looks like a mail address or a handle", "use the type email or username")
	case encoded(id):
		return Value{}, bad("encoded bytes", "give the id as the platform shows it")
	}
	return Value{Canonical: platform + ":" + id}, nil
}

// accountID reports whether s can be the id of an account.
func accountID(s string) bool {
	word := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			word = true
		case !strings.ContainsRune("-_.~=+:/|@", rune(c)):
			return false
		}
	}
	return word && len(s) <= 128 && s[0] != '/' // "a://b" is an address
}
