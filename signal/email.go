package signal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// normalizeEmail follows DESIGN: lower case, composed, the domain in A-labels. Dots and
// "+tags" in the local part stay; without them the address is a weak key.
func normalizeEmail(s string) (Value, error) {
	s = bareAddress(s)
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return Value{}, bad("not a mail address", "write it as name@example.com")
	}
	local, ok := settled(visible(strings.TrimSpace(s[:at])), lowerNFC)
	if !ok || !localPart(local) {
		return Value{}, bad("not a mail address", "the part before the @ has characters no mailbox name has, or is too long")
	}
	host, ok := asciiHost(visible(strings.TrimSpace(s[at+1:])))
	if !ok || !strings.Contains(host, ".") || endsInNumber(host) {
		return Value{}, bad("no mail domain after the @", "write it as name@example.com")
	}
	if len(local)+len(host) > 253 {
		return Value{}, bad("too long for a mail address", "at most 254 bytes")
	}
	if slices.Contains(roles, local) {
		return Value{}, bad("a role that every mail domain has", "share the address of a person, or the domain")
	}
	v := Value{Canonical: local + "@" + host}
	v.Weak = weakKeys(v.Canonical, aliasFold(local, host), lookalikeEmail(local, host))
	return v, nil
}

// bareAddress takes off what stands around an address and undoes what hides it: a
// mailto: link, a display name, "[at]" and "[dot]".
func bareAddress(s string) string {
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
	}
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		s = s[i+1 : len(s)-1]
	}
	if !ascii(s) || strings.ContainsAny(s, "[({<\\ ") {
		s = closeUp(ats.Replace(s), "@")
		s = refangDots(s)
		if !strings.Contains(s, "@") {
			s = strings.Replace(s, " at ", "@", 1)
		}
		s = strings.ReplaceAll(s, " dot ", ".")
	}
	return s
}

// localPart reports whether s can stand before the @: the unquoted characters of RFC 5322
// and letters, marks and digits of RFC 6532.
func localPart(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
				return false
			}
		case !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r):
			return false
		}
	}
	return true
}

// roles are mailboxes that belong to no person.
var roles = []string{"abuse", "hostmaster", "mailer-daemon", "no-reply", "noreply", "postmaster"}

// dotless are the domains whose mailboxes are the same with and without dots.
var dotless = []string{"gmail.com", "googlemail.com"}

// aliasFold returns the address that mail to an alias ends up at: without the tag after
// "+" for every provider, without dots where the provider ignores them. A provider may
// treat the two as different mailboxes, which is why this is a weak key.
func aliasFold(local, host string) string {
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		local = local[:tag]
	}
	if slices.Contains(dotless, host) {
		local, host = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + host
}

// lookalikeEmail returns the plain address that one with look-alike letters is taken for.
func lookalikeEmail(local, host string) string {
	if ascii(local) && !strings.Contains(host, "xn--") {
		return ""
	}
	if u, err := hostProfile.ToUnicode(host); err == nil {
		host = skeleton(u)
	}
	return aliasFold(skeleton(local), host)
}

// weakKeys collects the keys that are neither empty nor said already.
func weakKeys(canonical string, keys ...string) []string {
	var out []string
	for _, k := range keys {
		if k != "" && k != canonical && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}
