package signal

import "strings"

// hexOf returns the normalizer of a hash written as n hexadecimal digits. A label in
// front ("sha256:") is dropped.
func hexOf(n int, label string) func(string) (Value, error) {
	return func(s string) (Value, error) {
		if len(s) > n && len(s) <= n+len(label)+2 {
			if head, rest, ok := strings.Cut(s, ":"); ok && strings.EqualFold(head, label) {
				s = strings.TrimSpace(rest)
			}
		}
		if len(s) != n {
			return Value{}, bad("wrong length for this hash", "give it in hexadecimal digits, nothing else")
		}
		if !isHex(s) {
			return Value{}, bad("not hexadecimal", "give the hash in the digits 0-9 and a-f")
		}
		return Value{Canonical: strings.ToLower(s)}, nil
	}
}

// hashOfNothing returns the refusal of hashes that would match files everybody has: the one
// of an empty file, "" if the type has none, and those of equal digits.
func hashOfNothing(empty string) func(canonical string) error {
	return func(s string) error {
		switch {
		case uniform(s):
			return bad("a hash of nothing", "a hash of equal digits is a placeholder, not a file")
		case s == empty:
			return bad("a hash of nothing", "this is the hash of an empty file")
		}
		return nil
	}
}

// isHex reports whether s consists of hexadecimal digits.
func isHex(s string) bool {
	for i := range len(s) {
		if !hexDigit(s[i]) {
			return false
		}
	}
	return true
}

// hexDigit reports whether c is one.
func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// uniform reports whether all bytes of s are the same.
func uniform(s string) bool { return strings.Count(s, s[:1]) == len(s) }
