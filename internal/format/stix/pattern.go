package stix

import (
	"strings"

	"lantern"
)

// Object types of ours in patterns, for what STIX has no observable for.
const (
	phonePath  = "x-lantern-phone:value"
	phrasePath = "x-lantern-phrase:value"
	gonePath   = "x-lantern-withheld:signal" // of a signal that fell; nothing has it
)

// term is one comparison of a pattern: an object path equals a text.
type term struct{ path, value string }

// paths are the object paths by which a type's values are found. Two paths have a first part
// (a platform or a scheme), which stands in front of the separator in the canonical form.
type paths struct {
	kind         lantern.SignalType
	first, value string
	separator    string
}

// patterns lists how each type is written. Of two types with the same paths the first is read.
func patterns() []paths {
	const account, login, user = "user-account:account_type", "user-account:account_login", "user-account:user_id"
	return []paths{
		{"email", "", "email-addr:value", ""},
		{"url", "", "url:value", ""},
		{"domain", "", "domain-name:value", ""},
		{"ip", "", "ipv4-addr:value", ""},
		{"ip", "", "ipv6-addr:value", ""},
		{"username", account, login, "/"},
		{"username", "", login, ""},
		{"account", account, user, ":"},
		{"payment", account, login, ":"},
		{"phone", "", phonePath, ""},
		{"phrase", "", phrasePath, ""},
		{"md5", "", "file:hashes.MD5", ""},
		{"sha1", "", "file:hashes.'SHA-1'", ""},
		{"sha256", "", "file:hashes.'SHA-256'", ""},
		{"pdq", "", "file:hashes.PDQ", ""},
		{"vpdq", "", "file:hashes.VPDQ", ""},
		{"photodna", "", "file:hashes.PHOTODNA", ""},
		{"video-md5", "", "file:hashes.MD5", ""},
	}
}

// Pattern writes the pattern that finds a canonical value; "" for a type that has none.
func Pattern(t lantern.SignalType, value string) string {
	for _, p := range patterns() {
		if p.kind != t || p.value == "ipv4-addr:value" && strings.Contains(value, ":") {
			continue
		}
		if p.separator == "" {
			return write(term{p.value, value})
		}
		if first, rest, ok := strings.Cut(value, p.separator); ok {
			return write(term{p.first, first}, term{p.value, rest})
		}
	}
	return ""
}

// withheld is the pattern of a signal that nobody may find any more.
func withheld(id lantern.ID) string { return write(term{gonePath, id.String()}) }

var quote = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func write(terms ...term) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = t.path + " = '" + quote.Replace(t.value) + "'"
	}
	return "[" + strings.Join(parts, " AND ") + "]"
}

var (
	errPattern = &lantern.Error{Kind: lantern.Invalid, Field: "/pattern", Reason: "not a pattern that a signal can be read from",
		Fix: "one observation of one value, compared by =, such as [url:value = 'https://files.example.com/a']"}
	errNoType = &lantern.Error{Kind: lantern.Invalid, Field: "/pattern", Reason: "no signal type has these object paths",
		Fix: "docs/protocol/taxii.md lists the patterns"}
)

// Value reads the type and raw value out of a pattern of the kind that [Pattern] writes. want
// chooses among types that have the same pattern; "" takes the most usual one. Anything that
// is more than one observation of one value is refused.
func Value(pattern string, want lantern.SignalType) (lantern.SignalType, string, error) {
	terms, err := parse(pattern)
	if err != nil {
		return "", "", err
	}
	found := map[string]string{}
	for _, t := range terms {
		if _, twice := found[t.path]; twice {
			return "", "", errPattern
		}
		found[t.path] = t.value
	}
	for _, p := range patterns() {
		value, ok := found[p.value]
		first, has := found[p.first]
		if !ok || want != "" && p.kind != want || has != (p.first != "") || len(found) != len(terms) || len(terms) > 2 || (len(terms) == 2) != has {
			continue
		}
		return p.kind, first + p.separator + value, nil
	}
	return "", "", errNoType
}

// parse reads a pattern of one observation, whose comparisons are all by = and joined by AND.
func parse(s string) (terms []term, err error) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]") {
		return nil, errPattern
	}
	s = strings.TrimSpace(s[1 : len(s)-1])
	for {
		var t term
		if t.path, s, err = parsePath(s); err != nil {
			return nil, err
		}
		if s = strings.TrimSpace(s); !strings.HasPrefix(s, "=") {
			return nil, errPattern
		}
		s = strings.TrimSpace(strings.TrimPrefix(s[1:], "=")) // the grammar takes == too
		if t.value, s, err = parseText(s); err != nil {
			return nil, err
		}
		terms = append(terms, t)
		if s = strings.TrimSpace(s); s == "" {
			return terms, nil
		}
		rest, ok := strings.CutPrefix(s, "AND")
		if !ok || len(terms) > 4 || rest == strings.TrimSpace(rest) {
			return nil, errPattern
		}
		s = strings.TrimSpace(rest)
	}
}

// parsePath reads an object path. A key that need not be quoted is written without quotes.
func parsePath(s string) (path, rest string, err error) {
	i := 0
	for i < len(s) && s[i] != '=' && s[i] != ' ' && s[i] != '\t' && s[i] != '\n' {
		i++
	}
	path, rest = s[:i], s[i:]
	object, key, ok := strings.Cut(path, ":")
	if !ok || object == "" || key == "" {
		return "", "", errPattern
	}
	if inner, quoted := strings.CutPrefix(key, "hashes.'"); quoted && strings.HasSuffix(inner, "'") {
		if inner = strings.TrimSuffix(inner, "'"); !strings.Contains(inner, "-") {
			key = "hashes." + inner
		}
	}
	return object + ":" + key, rest, nil
}

// parseText reads a text in single quotes, in which a backslash frees the next character.
func parseText(s string) (text, rest string, err error) {
	if !strings.HasPrefix(s, "'") {
		return "", "", errPattern
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\'':
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i == len(s) || s[i] != '\'' && s[i] != '\\' {
				return "", "", errPattern
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", errPattern
}
