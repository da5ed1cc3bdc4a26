package text_test

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"lantern/internal/text"
	"lantern/signal"
)

// TestInert looks at each character there is: one that is inert must be part of no word, nothing that
// cannot be seen, no form of a dot or at sign, and turn into no ASCII when it is normalized.
func TestInert(t *testing.T) {
	t.Parallel()
	n := 0
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		c := string(r)
		if !text.Inert([]byte(c)) {
			continue
		}
		n++
		forms := strings.Join(append(text.DotForms, text.AtForms...), "")
		switch {
		case text.RunRune(r), text.ScriptOf(r) != text.NoScript, unicode.IsSpace(r), unicode.IsDigit(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.M, r):
			t.Errorf("U+%04X belongs to words", r)
		case strings.ContainsRune(forms, r):
			t.Errorf("U+%04X is a dot or an at sign", r)
		case strings.ContainsFunc(norm.NFKC.String(c), func(f rune) bool { return f < 0x80 }), strings.ContainsFunc(string(signal.AppendFold(nil, r)), signal.IsWord):
			t.Errorf("U+%04X stands for something of ASCII", r)
		}
	}
	if n < 500 {
		t.Errorf("only %d are inert", n)
	}
	for _, b := range []string{"\xe2\x80", "\u2014\xff", "\u2019s\u0301", "\u200b", "\uff20", "\ufe0f", "\u3002"} {
		if text.Inert([]byte(b)) {
			t.Errorf("%q is inert", b)
		}
	}
}
