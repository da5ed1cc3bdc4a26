package text

import (
	"unicode/utf8"

	"lantern/signal"
)

// Coarse appends a form of a handle that normalizing does not change: ASCII letters in lower case, all
// else folded, nothing that cannot be seen. A handle has the
// same one before and after it is normalized, unless it holds marks that composing puts
// into another order; see [Combines].
func Coarse[S string | []byte](dst []byte, s S) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = append(dst, Lower(c))
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		if i += size; !IsHidden(r) {
			dst = signal.AppendFold(dst, r)
		}
	}
	return dst
}

// MailName appends a form of the part of a mail address before its at sign that its
// aliases share: letters and digits alone, without a tag behind "+".
func MailName[S string | []byte](dst []byte, s S) []byte {
	for i := 0; i < len(s) && !(s[i] == '+' && i > 0); i++ {
		if c := s[i]; c >= utf8.RuneSelf || Classes[c]&(Letter|Digit) != 0 {
			dst = append(dst, Lower(c))
		}
	}
	return dst
}

// Combines reports combining marks.
func Combines(r rune) bool { return r >= utf8.RuneSelf && kind(r)&isMark != 0 }
