package signal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Username is a handle on a platform.
var Username = &Type{
	Name:           "username",
	Summary:        "handle on a platform",
	Example:        "chatter.test/night_owl7",
	Compare:        Exact,
	Personal:       true,
	Retention:      180,
	MaxRetention:   365,
	ThreatExchange: "",
	STIX:           "user-account:account_login",
	MISP:           "text",
	normalize:      normalizeUsername,
}

// normalizeUsername takes "platform/handle" and what people write for it: a colon, an
// "@" before the handle, a link to the profile, "@handle@platform". A handle without a
// platform is taken too; its canonical form has no slash, and every match on it is weak.
func normalizeUsername(s string) (Value, error) {
	platform, handle, err := splitHandle(visible(s))
	if err != nil {
		return Value{}, err
	}
	handle, ok := settled(handle, lowerNFKC)
	if !ok || !handleForm(handle) {
		return Value{}, bad("not a handle", "letters, digits and _ . - # ~ only, at most 64, no blanks: the handle, not the display name")
	}
	plain := handle
	if !ascii(handle) {
		plain = skeleton(handle)
	}
	if platform == "" {
		if bareKey(handle) == "" {
			return Value{}, bad("too common without a platform", "write platform/handle")
		}
		return Value{Canonical: handle, Weak: weakKeys(handle, bareKey(plain))}, nil
	}
	v := Value{Canonical: platform + "/" + handle}
	v.Weak = weakKeys(v.Canonical, bareKey(handle), platform+"/"+plain, bareKey(plain))
	return v, nil
}

// bareKey returns the handle if it says something without its platform, else "".
func bareKey(handle string) string {
	if len(handle) < 4 || strings.Trim(handle, "0123456789") == "" || commonNames()[handle] {
		return ""
	}
	return handle
}

// splitHandle separates platform and handle. The platform is "" for a bare handle.
func splitHandle(s string) (platform, handle string, err error) {
	if scheme, rest := splitScheme(s); scheme != "" {
		return splitProfile(rest)
	}
	s = strings.Replace(s, "＠", "@", 1)
	if strings.HasPrefix(s, "@") {
		handle, platform, _ = strings.Cut(s[1:], "@")
		if platform == "" {
			return "", handle, nil
		}
	} else {
		i := strings.IndexAny(s, "/:")
		if i < 0 {
			if strings.Contains(s, "@") {
				return "", "", bad("looks like a mail address", "use the type email, or write @handle@platform")
			}
			return "", s, nil
		}
		platform, handle = s[:i], strings.TrimSpace(s[i+1:])
		handle = strings.TrimPrefix(strings.TrimSuffix(handle, "/"), "@")
	}
	platform, ok := platformName(platform)
	if !ok {
		return "", "", bad("no such form of platform", "a word or a domain, then a slash, then the handle")
	}
	return platform, handle, nil
}

// profileFolders stand before the handle in links to profiles.
var profileFolders = []string{"u", "user", "users", "profile", "profiles", "add", "c", "in"}

// splitProfile takes a link to a profile apart, without its scheme.
func splitProfile(link string) (platform, handle string, err error) {
	link, _, _ = strings.Cut(link, "#")
	link, _, _ = strings.Cut(link, "?")
	host, path, _ := strings.Cut(refangDots(link), "/")
	path = strings.TrimSuffix(path, "/")
	if folder, rest, ok := strings.Cut(path, "/"); ok && slices.Contains(profileFolders, strings.ToLower(folder)) {
		path = rest
	}
	platform, ok := platformName(host)
	if !ok || path == "" || strings.Contains(path, "/") {
		return "", "", bad("a page, not a profile", "write platform/handle, or share it as a url")
	}
	return platform, strings.TrimPrefix(path, "@"), nil
}

// handleForm reports whether s can be a handle.
func handleForm(s string) bool {
	if s == "" || utf8.RuneCountInString(s) > 64 {
		return false
	}
	word := false
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && IsWord(r), unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			word = true
		case !strings.ContainsRune("_.-#~", r):
			return false
		}
	}
	return word
}

// platformName brings the name of a platform to form: the word of data/platforms.txt
// where it has one, else the domain or the word itself.
func platformName(s string) (string, bool) {
	s, ok := settled(refangDots(strings.TrimSpace(s)), lowerNFKC)
	if !ok {
		return "", false
	}
	if word, ok := platforms()[s]; ok {
		return word, true
	}
	if strings.Contains(s, ".") {
		host, ok := asciiHost(s)
		for _, p := range []string{"www.", "m."} {
			if rest := strings.TrimPrefix(host, p); strings.Contains(rest, ".") {
				host = rest
			}
		}
		if word, ok := platforms()[host]; ok {
			return word, true
		}
		return host, ok && !endsInNumber(host)
	}
	return s, len(s) <= 63 && plainHost(s) && strings.Trim(s, "0123456789") != ""
}
