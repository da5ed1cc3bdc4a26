package signal

import (
	"strings"
	"testing"
	"unicode"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"pgregory.net/rapid"
)

// parsedTail is what a [Tail] does, by a parser that follows the standard step by step.
func parsedTail(t interface{ Fatal(...any) }, tail string) string {
	u, err := whatwg.Parse("https://files.example.com" + tail)
	if err != nil {
		t.Fatal(err)
	}
	path, query := tidyPercent(u.Pathname()), tidyPercent(dropTracking(u.Query()))
	if query != "" {
		path += "?" + query
	}
	return path
}

// tidyPercent is what tidy does, for a whole text.
func tidyPercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+2 >= len(s) || !hexDigit(s[i+1]) || !hexDigit(s[i+2]) {
			b = append(b, s[i])
			continue
		}
		c := unhex(s[i+1])<<4 | unhex(s[i+2])
		if unreserved(c) && !completes(b, c) {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex(s[i+1]), upperHex(s[i+2]))
		}
		i += 2
	}
	return string(b)
}

// tailPieces are what tails of addresses are drawn from.
var tailPieces = []string{
	"a", "b2", "/", "/", "/", `\`, ".", ".", "..", "/./", "/../", "/long-folder/..?", "/long-folder", "%2e", "%2E", "%", "%2", "%25", "%41", "%7e", "%c3%a9", "%zz", "é", "今", "\u200b",
	"?", "?", "&", "&", "=", "utm_source", "utm_", "UTM_x", "%75tm_a", "fbclid", "fbclid=7", "f%62clid", "%E2%84%AA", "'", `"`, "<", ">", "`", "{", "}", "|", "^",
	"[/]", "[.]", "[dot]", "[\u200b.]", "[", "]", "[.", "&amp;", "#", ";", ",", "+", ":", "@", "!",
	"utm_" + strings.Repeat("x", longName), "%75tm_" + strings.Repeat("x", longName), "u%zz_" + strings.Repeat("x", longName), strings.Repeat("x%41", longName/4),
}

// TestTail holds the form of every beginning of an address to what the parser makes of it.
func TestTail(t *testing.T) {
	for name := range tracking().names {
		if len(strings.TrimSuffix(name, "*")) < 2 || 9*len(name) > longName {
			t.Fatal("a tracking parameter's name is shorter or longer than dropsName allows for")
		}
	}
	anything := rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r > ' ' && r < 0x7F || r > 0xA0 && r < 0xFF00 && !unicode.IsSpace(r) }), 1, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SampledFrom([]string{"/", "?", "#", ""}).Draw(t, "head")
		if raw != "" {
			raw += strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(tailPieces), anything), 0, 14).Draw(t, "pieces"), "")
		}
		var tail Tail
		tail.Start("")
		var last []byte
		check := func(end int, more string) {
			if rapid.IntRange(0, 2).Draw(t, "ask") == 0 {
				return
			}
			form, same := tail.At(more)
			want := parsedTail(t, bracketedDots.Replace(strings.ReplaceAll(wideURL(raw[:end]), "[/]", "/")))
			if string(form) != want {
				t.Fatalf("%q: got %q, want %q", raw[:end], form, want)
			}
			if same > len(last) || string(form[:same]) != string(last[:same]) {
				t.Fatalf("%q: %q does not begin with %d bytes of %q", raw[:end], form, same, last)
			}
			last = append(last[:0], form...)
		}
		check(0, "")
		for i := 0; i < len(raw); {
			if _, size := Defanged([]byte(raw), i); size > 0 {
				for k := range raw[i : i+size] {
					check(i+k, raw[i:i+k])
				}
			}
			i += tail.Refanged([]byte(raw), i)
			check(i, "")
		}
	})
}
