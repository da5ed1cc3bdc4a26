package signal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// screen refuses what no type takes (pictures, data URIs, broken text, control
// characters) and trims white space.
func screen(raw string) (string, error) {
	plain := printable(raw)
	switch {
	case isImage(raw):
		return "", bad("image bytes", "share a hash of the picture, never the picture")
	case !plain && !utf8.ValidString(raw):
		return "", bad("not valid UTF-8", "send UTF-8 text")
	}
	s := strings.TrimSpace(raw)
	switch {
	case s == "":
		return "", bad("empty", "give the value to share")
	case !plain && strings.ContainsFunc(s, hostile):
		return "", bad("holds control characters", "remove them")
	case len(s) >= 5 && strings.EqualFold(s[:5], "data:") || holdsPicture(s):
		return "", bad("content in disguise", "a data URI or encoded picture is content; share a hash or a link")
	}
	return s, nil
}

// printable reports whether s is nothing but visible ASCII and blanks, as nearly all values
// are: what is asked of single characters need not be asked then.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hostile reports control characters other than white space.
func hostile(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7F && r < 0xA0
}

// isImage reports whether s starts like a picture or video file.
func isImage(s string) bool {
	if len(s) < 4 {
		return false
	}
	switch s[:4] {
	case "\x89PNG", "\xff\xd8\xff\xe0", "\xff\xd8\xff\xe1", "\xff\xd8\xff\xdb", "\xff\xd8\xff\xee", "II*\x00", "MM\x00*", "\x1aE\xdf\xa3", "GIF8":
		return true
	}
	return len(s) >= 12 && (s[:4] == "RIFF" && s[8:12] == "WEBP" || s[4:8] == "ftyp" || s[:2] == "BM" && s[6:10] == "\x00\x00\x00\x00")
}

// pictureHeads are what picture files start with in base64.
var pictureHeads = []string{"/9j/", "iVBORw0KGgo", "R0lGODlh", "R0lGODdh", "UklGR"}

// holdsPicture reports a picture file in base64 within s. A few letters may look like
// its head by chance; a hundred of the alphabet after it do not.
func holdsPicture(s string) bool {
	if len(s) < 100 {
		return false
	}
	for _, head := range pictureHeads {
		if _, rest, ok := strings.Cut(s, head); ok && base64Run(rest) >= 80 {
			return true
		}
	}
	return false
}

// base64Run counts the characters of the base64 alphabet, line ends included, that s
// starts with.
func base64Run(s string) int {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=' || c == '\n' || c == '\r') {
			return i
		}
	}
	return len(s)
}

// encoded reports a word that is more likely encoded bytes than language: long, in the
// base64 alphabet, mixing letters of both cases and digits.
func encoded(word string) bool {
	if len(word) < 40 || base64Run(word) < len(word) {
		return false
	}
	return strings.ContainsAny(word, "0123456789+/=") &&
		strings.ContainsFunc(word, unicode.IsUpper) && strings.ContainsFunc(word, unicode.IsLower)
}

// ascii reports whether s holds nothing outside ASCII.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// visible removes the characters that cannot be seen and decide nothing.
func visible(s string) string {
	if ascii(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if IsHidden(r) {
			return -1
		}
		return r
	}, s)
}

// IsHidden reports the characters that cannot be seen, which normal forms of names and numbers leave out: format
// characters, variation selectors and letters that show nothing. Addresses leave out fewer: see [IsUnseen].
func IsHidden(r rune) bool {
	return r >= utf8.RuneSelf && (unicode.Is(unicode.Cf, r) || unicode.Is(unseen, r))
}

// unseen are characters outside category Cf that show nothing.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034F, Hi: 0x034F, Stride: 1}, {Lo: 0x115F, Hi: 0x1160, Stride: 1},
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1}, {Lo: 0x180B, Hi: 0x180F, Stride: 1},
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1}, {Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0xE0100, Hi: 0xE01EF, Stride: 1}},
}

// narrow brings full-width letters and signs to their usual form.
func narrow(s string) string {
	if ascii(s) {
		return s
	}
	return width.Fold.String(s)
}

// settled applies f until it changes nothing: case mapping and composition disturb each
// other for a few characters. ok is false for text that never comes to rest.
func settled(s string, f func(string) string) (out string, ok bool) {
	for range 4 {
		if out = f(s); out == s {
			return out, true
		}
		s = out
	}
	return "", false
}

// lowerNFC is the form of names whose characters stay what they are (RFC 8265 in
// spirit): narrow, lower case, composed.
func lowerNFC(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(strings.ToLower(narrow(s)))
}

// lowerNFKC also resolves styled letters, for names that platforms restrict to plain ones.
func lowerNFKC(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
}
