package match_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lantern/match"
	"lantern/match/matchtest"
)

// addresses are held by the engines of TestAddressesEqualReference.
var addresses = []string{
	"https://files.example.com/a", "https://files.example.com/a/", "https://files.example.com/a/b", "https://files.example.com/a/b?q=1", "https://files.example.com/?q=1&r=2",
	"https://files.example.com/?q=%2F", "https://files.example.com/%22/c", "https://files.example.com/a%C3%A9", "https://files.example.com:8443/p/q", "http://192.0.2.7/a",
	"http://192.0.2.7/a/b?q=1", "http://[2001:db8::7]/a/b", "http://[2001:db8::7]/c/", "https://bücher.example/ü/a", "https://wiki.example.org", "https://files.example.com/a/b.c",
}

// pieces are what texts of addresses are drawn from.
var pieces = []string{
	"https://files.example.com", "files.example.com", "https://files[.]example[.]com", "http://192.0.2.7", "tp://0xc0000207", "https://u:p@files.example.com",
	"https://files.example.com:8443", "https://files.example.com[:]8443", "http://[2001:db8::7]", "https://bücher.example", "https:///files.example.com", `https://files.example.com\a`, `https:\/\/files.example.com\/a`,
	"/a", "/a", "/a/", "/b", "/a/b", "/p/q", "?q=1", "?q=1&r=2", "&amp;r=2", "&utm_source=x", "?utm_source=x", "?fbclid=1&q=1", "#x", "/", "/", `\`, `\/`, "?", "#", "&", "&amp;", "=", "q=1",
	"/.", "/./", "/..", "/../", "/x/../", "/%2e%2e/", "/x/y/z/../../..", "/a/b/c/../..", "/b/../..", "/..", "/../..", "/b/c/", "%41", "%2F", "%", "%2", "é", "%C3%A9", "ü", "[/]", "[.]", "[dot]", "[\u200b/]", "/a[/]x", "[/]a/b[.]c/d", "\u200b", "[", "]", "[.", "..",
	",", ",", ";", "!", "'", `"`, "<", ">", "`", "{", "}", "|", "^", "(", ")", " ", ".", "c", "x", "今", "／", "／／", "：", "：//", "@", ":", "://", "https://", "hxxp://",
	strings.Repeat("/x", 16), strings.Repeat("/x", 60), strings.Repeat("/..", 9), strings.Repeat("/./", 8), strings.Repeat("?", 9), strings.Repeat("#y", 9),
	strings.Repeat("a@", 5), "https://a@b+c@files.example.com", strings.Repeat(",", 40), strings.Repeat("x", 500), strings.Repeat("x,", 30), strings.Repeat("x", 2000),
}

// folders are what paths are drawn from that climb up and down.
var folders = []string{"/a", "/a/b", "/b", "/c", "/", "/..", "/..", "/../..", "/.", "/%2e.", "/[.].", `\..`, "[/]..", ".", "?q=1", "?q=1&r=2", "?", "#", ",", "&amp;"}

// whole are addresses that people write one behind the other.
var whole = []string{
	"https://wiki.example.org", "https://wiki.example.org/", "http://wiki.example.org", "wiki.example.org", "wiki.example.org/", "https://wiki.example.org/x", "https://files.example.com/a",
	"files.example.com/a/", "https://files.example.com/?q=1&r=2", "http://192.0.2.7/a", "http://[2001:db8::7]/a/b", "http://[2001:db8::7]/c/d", "hxxps://files[.]example[dot]com/a/x", "files{.}example[.]com[/]a[/]b/x[.]y", "https://bücher.example/ü/a/x", "and", "\n",
}

// TestAddressesEqualReference holds Scan against the slow reference on texts in which addresses stand in addresses.
func TestAddressesEqualReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var changes []match.Change
		for i, raw := range addresses {
			if c, ok := changeOf(i, "url", raw); ok && rapid.IntRange(0, 3).Draw(t, "hold") > 0 {
				changes = append(changes, c)
			}
		}
		e, ref := match.New(key), matchtest.New()
		if err := e.Apply(changes); err != nil {
			t.Fatal(err)
		}
		ref.Apply(changes)
		for range 5 {
			text := ""
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				text = strings.Join(rapid.SliceOfN(rapid.SampledFrom(whole), 1, 6).Draw(t, "text"), " ")
			case 1:
				text = "https://files.example.com" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(folders), 1, 9).Draw(t, "text"), "")
			default:
				text = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "text"), "")
			}
			got, err := scanAll(e, []byte(text), "")
			if err != nil {
				t.Fatal(err)
			}
			if want := ref.Scan([]byte(text), ""); !slices.Equal(got, want) {
				t.Fatalf("%q\n got %s\nwant %s", text, show(text, got), show(text, want))
			}
		}
	})
}

// TestSameAddressAgain reads an address that is a whole site behind itself, in one text and in the next: what was
// found first must not take the second in.
func TestSameAddressAgain(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	c, _ := changeOf(0, "url", "https://wiki.example.org/")
	if err := e.Apply([]match.Change{c}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"https://wiki.example.org/", "wiki.example.org", "http://wiki.example.org", "https://wiki.example.org"} {
		got, err := scanAll(e, []byte(text), "")
		if err != nil || len(got) != 1 || got[0].End != int64(len(text)) {
			t.Errorf("%q: got %s, %v", text, show(text, got), err)
		}
		twice := text + " and " + text
		if got, err = scanAll(e, []byte(twice), ""); err != nil || len(got) != 2 || got[0].End != int64(len(text)) {
			t.Errorf("%q: got %s, %v", twice, show(twice, got), err)
		}
	}
}

// TestHarmlessAddressLiesBelow reads addresses whose host holds what ends others: they lie below a signal like any other.
func TestHarmlessAddressLiesBelow(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	var changes []match.Change
	for i, raw := range []string{"https://files.example.com/a", "http://[2001:db8::7]/a", "http://[2001:db8::7]/c/"} {
		c, _ := changeOf(i, "url", raw)
		changes = append(changes, c)
	}
	if err := e.Apply(changes); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"hxxps://files[.]example[.]com/a/x", "files[dot]example{.}com/a/x", "https://files.example[.com/a/x", `files\.example\.com/a/x`,
		"https://files.example.com[/]a/x", "https://files.example.com/a/x[.]jpg", "http://[2001:db8::7]/a/x", "http://[2001:db8::7]/c/x",
	} {
		got, err := scanAll(e, []byte(text), "")
		if err != nil || len(got) != 1 || got[0].End != int64(len(text)) || got[0].How != "url-prefix" {
			t.Errorf("%q: got %s, %v", text, show(text, got), err)
		}
	}
}
