package text_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"lantern/internal/text"
	"lantern/signal"
)

// TestFormsSurviveNormalizing looks at each character there is: a handle that holds it must
// have the same form before and after it is normalized, or a matcher would miss it.
func TestFormsSurviveNormalizing(t *testing.T) {
	t.Parallel()
	for r := rune(1); r <= unicode.MaxRune; r++ {
		raw := "zorb" + string(r) + "plim"
		v, err := signal.Username.Normalize(raw)
		if err != nil || strings.ContainsAny(raw, "/:") {
			continue
		}
		for _, k := range append(v.Weak, v.Canonical) {
			if !bytes.Equal(text.Coarse(nil, k), text.Coarse(nil, raw)) {
				t.Errorf("U+%04X: %q has the form %q, its key %q has %q", r, raw, text.Coarse(nil, raw), k, text.Coarse(nil, k))
			}
		}
	}
}

// TestMailFormsSurviveNormalizing does the same for the ASCII characters of mailbox names.
func TestMailFormsSurviveNormalizing(t *testing.T) {
	t.Parallel()
	for r := rune(1); r < 0x80; r++ {
		for _, local := range []string{"zorb" + string(r) + "plim", string(r) + "zorb", "zorb" + string(r), "z+" + string(r) + "+x"} {
			v, err := signal.Email.Normalize(local + "@gmail.com")
			if err != nil || strings.ContainsRune("[]<>()@ ,", r) {
				continue
			}
			for _, k := range append(v.Weak, v.Canonical) {
				name, _, _ := strings.Cut(k, "@")
				if !bytes.Equal(text.MailName(nil, name), text.MailName(nil, local)) {
					t.Errorf("%q: form %q, its key %q", local, text.MailName(nil, local), text.MailName(nil, name))
				}
			}
		}
	}
}
