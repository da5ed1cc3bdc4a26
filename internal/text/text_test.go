package text_test

import (
	"strings"
	"testing"
	"testing/iotest"

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

// TestSource decodes texts and comes back to the places they were read from.
func TestSource(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, out string
		end     int64
		line    int
		column  int
	}{
		"utf-8":                 {"a\nbé", "a\nbé", 5, 2, 3},
		"utf-8, mark":           {"\ufeffab", "ab", 5, 1, 3},
		"utf-16, little":        {"\xff\xfea\x00\n\x00\x3d\xd8\x00\xde", "a\n😀", 10, 2, 2},
		"utf-16, big":           {"\xfe\xff\x00a\x00\n", "a\n", 6, 2, 1},
		"utf-16, half a letter": {"\xff\xfe\x3d\xd8a\x00", "\ufffda", 6, 1, 3},
		"nothing":               {"", "", 0, 1, 1},
		"a short mark":          {"\xff\xfe", "", 2, 1, 1},
		"no text":               {"\xff\x00\x80", "\xff\x00\x80", 3, 1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, at, err := text.NewSource(iotest.OneByteReader(strings.NewReader(c.in)))
			if err != nil {
				t.Fatal(err)
			}
			got, done, err := src.Fill(make([]byte, 0, 64), 64)
			if err != nil || !done || string(got) != c.out {
				t.Fatalf("got %q, done %t, %v, want %q", got, done, err, c.out)
			}
			if at.Pass(got); at.Offset != c.end || at.Line != c.line || at.Column != c.column {
				t.Errorf("ends at %d, %d:%d, want %d, %d:%d", at.Offset, at.Line, at.Column, c.end, c.line, c.column)
			}
		})
	}
}
