package match

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"lantern/signal"
)

// TestMarksSurviveNormalizing looks at each character there is: a handle that holds it must
// have the same mark before and after it is normalised, or Scan would miss it.
func TestMarksSurviveNormalizing(t *testing.T) {
	t.Parallel()
	for r := rune(1); r <= unicode.MaxRune; r++ {
		raw := "zorb" + string(r) + "plim"
		v, err := signal.Username.Normalize(raw)
		if err != nil || strings.ContainsAny(raw, "/:") {
			continue
		}
		for _, k := range append(v.Weak, v.Canonical) {
			if !bytes.Equal(coarse(nil, k), coarse(nil, raw)) {
				t.Errorf("U+%04X: %q is marked %q, its key %q is marked %q", r, raw, coarse(nil, raw), k, coarse(nil, k))
			}
		}
	}
}

// TestMailMarksSurviveNormalizing does the same for the ASCII characters of mailbox names.
func TestMailMarksSurviveNormalizing(t *testing.T) {
	t.Parallel()
	for r := rune(1); r < 0x80; r++ {
		for _, local := range []string{"zorb" + string(r) + "plim", string(r) + "zorb", "zorb" + string(r), "z+" + string(r) + "+x"} {
			v, err := signal.Email.Normalize(local + "@gmail.com")
			if err != nil || strings.ContainsRune("[]<>()@ ,", r) {
				continue
			}
			for _, k := range append(v.Weak, v.Canonical) {
				name, _, _ := strings.Cut(k, "@")
				if !bytes.Equal(mailName(nil, name), mailName(nil, local)) {
					t.Errorf("%q: marked %q, its key %q", local, mailName(nil, local), mailName(nil, name))
				}
			}
		}
	}
}
