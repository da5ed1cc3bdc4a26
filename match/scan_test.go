package match_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lantern"
	"lantern/match"
	"lantern/match/matchtest"
	"lantern/signal"
)

// planted are raw values that random texts are made of, and that random engines hold.
var planted = []struct{ typ, raw string }{
	{"email", "night.owl@example.com"}, {"email", "Night.Owl+tag@example.com"}, {"email", "zz_top@mail.example.org"},
	{"email", "b'ob@example.com"}, {"email", "nіght@bücher.example"},
	{"username", "chatter.test/night_owl7"}, {"username", "chatter.test/_zorb_"}, {"username", "zorb#1234"},
	{"username", "chatter.test/日本zorb"}, {"username", "videos.test/u.zorb"},
	{"account", "chatter.test:8812345"}, {"account", "game.test:STEAM_0:1:123"}, {"account", "game.test:ab/cd"},
	{"phone", "+1 202 555 0143"}, {"phone", "+44 20 7946 0018"}, {"phone", "0012025550177"},
	{"url", "https://files.example.com/a/b"}, {"url", "https://files.example.com/a"}, {"url", "http://files.example.com/a/"},
	{"url", "https://files.example.com/?q=1&r=2"}, {"url", "https://files.example.com/x_(y)"}, {"url", "https://wiki.example.org"},
	{"url", "https://example.org/a,b"}, {"url", "http://192.0.2.7/a"}, {"url", `https://files.example.com/{id}">x`},
	{"url", "https://files.example.com:8443/p"}, {"url", "https://bücher.example/ü"}, {"url", "https://files.example.com/%7Eme"},
	{"domain", "bad-files.example"}, {"domain", "files.example.com"}, {"domain", "例え.テスト"}, {"domain", "com-x.example"},
	{"payment", "cashapp:$zorbly"}, {"payment", "venmo:zorb_pay"}, {"payment", "iban:GB33 BUKB 2020 1555 5555 55"},
	{"payment", "0x52908400098527886e0f7030069857d2e4169ee7"}, {"payment", "upi:zorb@okbank"},
	{"ip", "192.0.2.7"}, {"ip", "2001:db8::7"}, {"ip", "203.0.113.9"},
	{"md5", "0123456789abcdef0123456789abcdef"}, {"sha1", "0123456789abcdef0123456789abcdef01234567"},
	{"sha256", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee"},
	{"pdq", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
	{"phrase", "zorbly plim trade"}, {"phrase", "plim zorbly"}, {"phrase", "交易密语甲"}, {"phrase", "zorbly 密语"}, {"phrase", "zoorb pilly 密语甲交易"},
}

// glue are what stands between planted values in random texts.
var glue = []string{
	"", "", " ", " ", "\n", "\r\n", "\t", ".", ",", ";", ":", "!", "?", "'", `"`, "(", ")", "[", "]", "](", "{", "}", "<", ">", "</a>",
	"/", "//", `\`, `\n`, `\t`, `\u003c`, "|", "*", "**", "_", "__", "-", "--", "~", "#", "@", "@@", "&", "&amp;", "&quot;", "&lt;", "=", "+", "%", "%20",
	"$", "^", "`", "...", "x", "a1", "7", "0", "00", "é", "日", "。", "．", "“", "’", "–", "😀", " at ", "\u200b", "\u00a0", "\ufeff", "\xff", "\x00", "www.", "mailto:", "tel:", "http:", "://", "https://",
	"hxxp://", `https:\/\/`, `\/`, `http:\/\/files.example.com\/a\/`, `https:\/\/chatter.test\/u\/`, `\u002f`, `https:\u002f\u002F`, `chatter.test\/`, `files.example.com\u002fa\/`, `\/\/`, "[.]", " [dot] ", "[at]", "(", " (0)", ".html", "/c", "/../b", "/./", "?utm_source=z", "?q=1&r=2", "#frag", "com", ".com", "and", "zorbly", "plim", "u/", "@chatter.test", "$", "$zorbly", "https://venmo.com/u/", "btc:",
	"%40", "%3A%2F%2F", "%2f", "&#64;", "&#x2F;", "&#58", "：", "／", "ｘ", "７", "＿", "\u00ad", "\u061c",
	"\u2060", "\u200d", "\u200e", "\u2060\u200e", "\ufe0f", "❤\ufe0f", "\u180e", "\u034f", "\u3164", "\u2800", "\U000e0061", "1．", "－", "＋", "é\u2060", "日\u2060",
	"%78", "%37", "%2E", "%2C", "%5f", "%0A", "&#120;", "&#46;", "&#x2e", "&#44;", "&#32;", "&#", ";", "&commat;", "&period;", "&sol;", "&nbsp;", "&lowbar;", "&colon", "&#46", "&#x2f", "&#465", "&#00046;", "&#0046", "%2", "%日", "日%2E", "%41日",
}

// unseens are characters that cannot be seen.
var unseens = []string{"\u200b", "\u200b", "\u2060", "\u200d", "\u00ad", "\u2060\u200e", "\ufe0f", "\u180e", "\u034f", "\u115f", "\u2800", "\u3164", "\uffa0", "\U000e0061", "\U000e0101"}

// fullWidth writes ASCII in full-width forms.
func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7F {
			return r - '!' + '！'
		}
		return r
	}, s)
}

// dressed returns a value as somebody might write it.
func dressed(t *rapid.T, raw string) string {
	switch rapid.IntRange(0, 20).Draw(t, "dress") {
	case 0:
		return strings.ToUpper(raw)
	case 1:
		return strings.ReplaceAll(raw, ".", "[.]")
	case 2:
		return strings.Replace(raw, "http", "hxxp", 1)
	case 3:
		return strings.ReplaceAll(raw, " ", rapid.SampledFrom([]string{"\n- ", "%20", "&#32;", "&nbsp;", "%0A", "&#32"}).Draw(t, "blank"))
	case 4:
		return strings.TrimPrefix(strings.TrimPrefix(raw, "https://"), "http://")
	case 5:
		return strings.ReplaceAll(raw, "&", "&amp;")
	case 6:
		if i := strings.Index(raw, "://"); i >= 0 && rapid.Bool().Draw(t, "bare") {
			raw = raw[i+3:]
		}
		return strings.ReplaceAll(raw, "/", rapid.SampledFrom([]string{`\/`, `\u002f`, `\u002F`}).Draw(t, "slash"))
	case 7:
		return raw[strings.IndexAny(raw, "/:")+1:]
	case 8:
		return strings.ReplaceAll(raw, " ", rapid.SampledFrom([]string{"（", "）\u2060", "－", "．", "／", "\u3000", "\u200b", "\u202c \u202a", "\u2066"}).Draw(t, "gap"))
	case 9:
		return strings.NewReplacer("o", "0", "l", "1", "a", "4", "e", "3").Replace(raw)
	case 10:
		return strings.NewReplacer("r", "rrr", "l", "llll", "易", "易易易").Replace(raw)
	case 11:
		return fullWidth(raw)
	case 12:
		return url.QueryEscape(raw)
	case 13:
		if rapid.Bool().Draw(t, "named") {
			return strings.NewReplacer("@", "&commat;", ":", "&colon;", "/", "&sol;", ".", "&period;", "_", "&lowbar;", " ", "&nbsp;", "+", "&plus;", "?", "&quest;").Replace(raw)
		}
		return strings.NewReplacer("@", "&#64;", ":", "&#x3a;", "/", "&#x2F;", ".", "&#46;").Replace(raw)
	case 14:
		i := rapid.IntRange(0, len(raw)).Draw(t, "unseen")
		return raw[:i] + rapid.SampledFrom(unseens).Draw(t, "which") + raw[i:]
	case 15: // one character as a code
		i := rapid.IntRange(0, len(raw)-1).Draw(t, "coded")
		return raw[:i] + fmt.Sprintf(rapid.SampledFrom([]string{"%%%02x", "%%%02X", "&#%d;", "&#x%x;", "&#%d"}).Draw(t, "as"), raw[i]) + raw[i+1:]
	case 16:
		return strings.NewReplacer(".", "%2E", "_", "%5F", "-", "%2d", "@", "%40").Replace(raw)
	}
	return raw
}

// changeOf holds a raw value. ok is false if its type refuses it.
func changeOf(i int, name, raw string) (c match.Change, ok bool) {
	typ, _ := signal.Lookup(lantern.SignalType(name))
	v, err := typ.Normalize(raw)
	return match.Change{Entry: match.Entry{Signal: lantern.ID(10*i + 1), Type: typ.Name, Canonical: v.Canonical, Weak: v.Weak}}, err == nil
}

// world draws what an engine and the reference hold.
func world(t *rapid.T) (*match.Engine, *matchtest.Reference) {
	var changes []match.Change
	for i, p := range planted {
		c, ok := changeOf(i, p.typ, p.raw)
		if !ok || rapid.IntRange(0, 2).Draw(t, "hold") == 0 {
			continue
		}
		for range rapid.IntRange(1, 2).Draw(t, "signals") {
			changes = append(changes, c)
			c.Signal++
		}
	}
	e, ref := match.New(key), matchtest.New()
	if err := e.Apply(changes); err != nil {
		t.Fatal(err)
	}
	ref.Apply(changes)
	return e, ref
}

// drawText draws a short text of planted values and glue.
func drawText(t *rapid.T) string {
	var b strings.Builder
	for range rapid.IntRange(1, 10).Draw(t, "pieces") {
		if rapid.IntRange(0, 2).Draw(t, "kind") == 0 {
			b.WriteString(dressed(t, rapid.SampledFrom(planted).Draw(t, "value").raw))
		} else {
			b.WriteString(rapid.SampledFrom(glue).Draw(t, "glue"))
		}
	}
	return b.String()
}

// scanAll collects what Scan emits.
func scanAll(e *match.Engine, text []byte, region string) ([]match.Spot, error) {
	var spots []match.Spot
	err := e.Scan(context.Background(), bytes.NewReader(text), match.ScanOptions{Region: region}, func(s match.Spot) error {
		spots = append(spots, s)
		return nil
	})
	return spots, err
}

// TestScanEqualsReference holds Scan against the slow reference on random texts.
func TestScanEqualsReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, ref := world(t)
		for range 5 {
			text, region := drawText(t), rapid.SampledFrom([]string{"", "US"}).Draw(t, "region")
			got, err := scanAll(e, []byte(text), region)
			if err != nil {
				t.Fatal(err)
			}
			if want := ref.Scan([]byte(text), region); !slices.Equal(got, want) {
				t.Fatalf("%q\n got %s\nwant %s", text, show(text, got), show(text, want))
			}
		}
	})
}

// show lists spots with the text they cover; all of it is synthetic.
func show(text string, spots []match.Spot) string {
	var b strings.Builder
	for _, s := range spots {
		fmt.Fprintf(&b, "\n  %d %s %s weak=%t %d:%d %d-%d %q", s.Signal, s.Type, s.How, s.Weak, s.Line, s.Column, s.Start, s.End, text[min(len(text), int(s.Start)):min(len(text), int(s.End))])
	}
	return b.String()
}

// TestPhonesWrittenOtherwise finds numbers whose separators are full-width or cannot be seen.
func TestPhonesWrittenOtherwise(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	c, _ := changeOf(0, "phone", "+1 202 555 0143")
	if err := e.Apply([]match.Change{c}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"＋１（２０２）５５５－０１４３", "+1（202）555－0143", "+1\u3000202\u3000555\u30000143", "+1\u200b202\u2060555\u00ad0143", "001／202．5550143", "+1 \u206620255\u2069\u202a50143"} {
		text = "tel " + text + " now"
		if got, err := scanAll(e, []byte(text), ""); err != nil || len(got) != 1 {
			t.Errorf("%q: got %s, %v", text, show(text, got), err)
		}
	}
}
