package text_test

import (
	"strings"
	"testing"

	"lantern/internal/text"
)

// TestBorders marks a token with ‹ and › in a text and asks whether it can stand there.
func TestBorders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		join        *text.Set
		left, right bool
	}{
		{"‹owl›", &text.HandleJoin, true, true},
		{"an ‹owl›.", &text.HandleJoin, true, true},
		{"x‹owl›y", &text.HandleJoin, false, false},
		{"x.‹owl›-y", &text.HandleJoin, false, false},
		{"x.‹owl›-y", &text.NoJoin, true, true},
		{"__‹owl›__", &text.HandleJoin, true, true},
		{`say \n‹owl›\n`, &text.HandleJoin, true, true},
		{`\u003c‹owl›\u003e`, &text.HandleJoin, true, true},
		{"夜‹owl›夜", &text.HandleJoin, true, true},
		{"夜‹鹰›夜", &text.HandleJoin, false, false},
		{"é‹owl›é", &text.HandleJoin, false, false},
		{"\xff‹owl›\xff", &text.HandleJoin, true, true},
		{"夜‹+1›夜", &text.NoJoin, true, true},
		{"x‹+1›夜", &text.NoJoin, false, true},
		{"夜‹$owl›", &text.NoJoin, true, true},
		{"夜‹a(b)›夜", &text.URLJoin, true, true},
		{"夜‹a(b)›c", &text.URLJoin, true, false},
		{"x\u2060‹owl›\u2060-\u200ey", &text.HandleJoin, false, false},
		{"x\u200b‹owl›\u200by", &text.HandleJoin, true, true},
		{"é\u200f‹owl›\u200fé", &text.HandleJoin, true, true},
		{"❤\ufe0f‹owl›❤\ufe0fx", &text.HandleJoin, true, true},
		{"\ufeff‹owl›\u00ad\nx", &text.HandleJoin, true, true},
		{"x&#46;‹owl›%2Dx", &text.HandleJoin, false, false},
		{"x&#44;‹owl›%2Cx", &text.HandleJoin, true, true},
		{"x．‹owl›－x", &text.HandleJoin, false, false},
		{"12．‹owl›：x", &text.HandleJoin, true, true},
		{"1234．‹owl›＿x", &text.HandleJoin, false, false},
		{"日%2E‹日›%2E日", &text.HandleJoin, false, false},
		{"‹日›%2E日", &text.URLJoin, true, false},
		{"‹日›%2C日", &text.URLJoin, true, true},
		{strings.Repeat("a", 3) + strings.Repeat("-", 40) + "‹owl›", &text.HandleJoin, true, true},
	} {
		before, rest, _ := strings.Cut(c.text, "‹")
		token, after, _ := strings.Cut(rest, "›")
		b := []byte(before + token + after)
		left, right := text.LeftFree(b, len(before), c.join), text.RightFree(b, len(before)+len(token), c.join)
		if left != c.left || right != c.right {
			t.Errorf("%q: got %t, %t, want %t, %t", c.text, left, right, c.left, c.right)
		}
	}
}

// TestChain reads host names and compares where they end.
func TestChain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"example.com. And":      "example.com",
		"example.com":           "example.com",
		"a[.]example (dot) com": "a[.]example (dot) com",
		"example。com":           "example。com",
		"example.com。今天":        "example.com",
		"example.com-":          "example.com",
		"localhost/x":           "localhost",
	} {
		h := text.Chain([]byte(in), 0)
		if ends := h.All(); len(ends) != 1 || in[:ends[0]] != want {
			t.Errorf("%q: ends %v, want after %q", in, ends, want)
		}
	}
}
