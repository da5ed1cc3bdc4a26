package display

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"lantern/internal/format/csv"
)

// Clean makes text that somebody else may have written safe to show in one line of a
// terminal: every character that could move the cursor, change colors, reverse the
// direction or hide is replaced by its visible code. All other text stays as it is.
func Clean(s string) string {
	if strings.IndexFunc(s, unsafeRune) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unsafeRune(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// unsafeRune reports the characters that change how the text around them is shown:
// controls (C0, DEL, C1), format characters (bidirectional controls, zero-width ones,
// language tags) and the line and paragraph separators.
func unsafeRune(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// cleanJSON replaces the same characters inside marshaled JSON by \u escapes. A JSON
// reader gets exactly the text that was sent; a terminal gets nothing it obeys. Outside
// of strings JSON holds no such character but the line feed, which stays.
func cleanJSON(b []byte) []byte {
	var out []byte
	start := 0
	for i := 0; i < len(b); {
		r, n := rune(b[i]), 1
		if r >= ' ' && r < 0x7f { // nearly all
			i++
			continue
		}
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b[i:])
		}
		if r != '\n' && unsafeRune(r) {
			out = append(out, b[start:i]...)
			if r > 0xffff {
				hi, lo := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
				out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			start = i + n
		}
		i += n
	}
	if start == 0 {
		return b
	}
	return append(out, b[start:]...)
}

// csvCell makes a cell that is safe in a terminal and that no spreadsheet takes for a
// formula.
func csvCell(s string) string { return Clean(csv.Cell(s)) }
