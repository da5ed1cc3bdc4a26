package lantern

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneOf complains unless v is in the closed set. The complaint names the set, never v.
func oneOf[T ~string](errs *[]*Error, field string, v T, set ...T) {
	if slices.Contains(set, v) {
		return
	}
	var names []string
	for _, s := range set {
		if s != "" {
			names = append(names, string(s))
		}
	}
	*errs = append(*errs, invalid(field, "not a known word", "one of: "+strings.Join(names, ", ")))
}

// text complains unless s is valid UTF-8 of lo to hi characters without control
// characters (line feed and tab are allowed) or bidirectional overrides.
func text(errs *[]*Error, field, s string, lo, hi int) {
	plain := true // visible ASCII and blanks: one byte a character, and nothing to complain of
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] <= '~'
	}
	n := len(s)
	if !plain {
		n = utf8.RuneCountInString(s)
	}
	switch {
	case !plain && !utf8.ValidString(s):
		*errs = append(*errs, invalid(field, "not valid UTF-8", "send UTF-8 text"))
	case n < lo && n == 0:
		*errs = append(*errs, invalid(field, "missing", fmt.Sprintf("%d to %d characters", lo, hi)))
	case n < lo || n > hi:
		*errs = append(*errs, invalid(field, "wrong length", fmt.Sprintf("%d to %d characters", lo, hi)))
	case !plain && strings.ContainsFunc(s, hostile):
		*errs = append(*errs, invalid(field, "holds control or direction-changing characters", "remove them"))
	}
}

// hostile reports characters that change how text around them is shown.
func hostile(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
