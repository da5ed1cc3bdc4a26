package match_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lantern/match"
)

// hostile are units of which texts made to be slow consist, for whoever knows what is shared.
var hostile = []struct{ name, unit string }{
	{"ends of a shared address", "https://files.example.com/a?" + strings.Repeat(",", 3000) + " "},
	{"ends of a shared query", "https://files.example.com/?q=1&r=2" + strings.Repeat(",", 64) + strings.Repeat("x,", 1900) + " "},
	{"fragments", "https://files.example.com/a#"},
	{"queries in queries", "https://files.example.com/?q="},
	{"tracking in queries", "https://files.example.com/?utm_a=1,&fbclid=,&"},
	{"folders in folders", "https://files.example.com/a/"},
	{"folders of dots", "https://files.example.com/a/./../"},
	{"slashes", "https://files.example.com/a" + strings.Repeat("/", 2000) + " "},
	{"plain hosts in queries", "files.example.com?"},
	{"plain hosts in lists", "files.example.com,"},
	{"numbers for hosts", "tp://192.0.2.7/"},
	{"short numbers for hosts", "tp://1?"},
	{"parts of a number", "tp://1(.)1(.)1(.)1(.)1(.)1(.)1"},
	{"IPv6 for hosts", "tp://[2001:db8::7]/"},
	{"queries at IPv6 hosts", "tp://[::1]?"},
	{"credentials", "https://a:b,c@files.example.com/"},
	{"credentials without end", "https://files.example.com,x@"},
	{"backslashes", `https://files.example.com\a,`},
	{"markup", "https://files.example.com/a?b&amp;"},
	{"percent codes", "https://files.example.com/%41"},
	{"marks of other scripts", "https://bücher.example/ü"},
	{"escaped addresses in addresses", `https:\/\/files.example.com\/a?`},
	{"escaped names in names", `files.example.com\/`},
	{"escaped folders in folders", `https:\/\/files.example.com\/a\/`},
	{"at signs", "a@"},
	{"mail addresses", "a@b.c@"},
	{"shared mail addresses", "night.owl@example.com@"},
	{"mailbox marks", strings.Repeat("!", 250) + "@example.com "},
	{"mailboxes", strings.Repeat("n.", 128) + "@example.com "},
	{"fediverse", "@night_owl7@chatter.test"},
	{"dots", "a."},
	{"defanged dots", "a[.]"},
	{"dots with blanks", "a [.] "},
	{"shared hosts", "files.example.com."},
	{"no blanks", "ab"},
	{"joiners", "-_"},
	{"handles", "night_owl7-"},
	{"platforms", "chatter.test/night_owl7/"},
	{"accounts", "chatter.test:8812345:"},
	{"payments", "venmo:zorb_pay-"},
	{"cashtags", "$zorbly"},
	{"scripts", "a今"},
	{"scripts and dots", "a.今."},
	{"sentences", "今天天气很好。我们去公园吧。"},
	{"digits", "0012025550143 "},
	{"digits in groups", "00-1-202-555-0143-"},
	{"plus", "+1202555014"},
	{"short groups", "1 2 3 4 5 "},
	{"plus signs and dots", "+1."},
	{"hosts and at signs", "a.b@."},
	{"cashtags and dots", "$zé."},
	{"fragments at numbers", "tp://192.0.2.7/a#,"},
	{"hexadecimal", "0123456789abcdef:"},
	{"numbers with dots", "192.0.2.7."},
	{"invisible", "a\u200b"},
	{"full-width addresses", fullWidth("https://files.example.com/a?")},
	{"full-width folders", "https://files.example.com／a／"},
	{"full-width letters one by one", "ａ "},
	{"full-width letters between others", "ａ今"},
	{"coded addresses", "https%3A%2F%2Ffiles.example.com%2Fa%3F"},
	{"coded mail addresses", "night.owl%40example.com%40"},
	{"coded and full-width", "ｎight.owl%40example.com&#64;"},
	{"codes alone", "%20"},
	{"coded phrases", "zorbly%20plim "},
	{"coded phrases apart", "zorbly&nbsp;plim" + strings.Repeat(" zorbly", 40)},
	{"coded letters", "%7Aor%62ly%20"},
	{"coded joiners", "night_owl7" + strings.Repeat("%2E", 30) + " "},
	{"hidden joiners", "night_owl7" + strings.Repeat(".\u2060", 15) + " "},
	{"hidden letters", "n\u2060i\u2060.\ufe0f"},
	{"entities", "&period;owl"},
	{"phrases", "zorbly plim "},
	{"unspaced phrases", "交易密语甲"},
	{"NUL", "\x00"},
	{"broken", "\xff\xe4"},
	{"escapes", `\nzorbly`},
	{"IBAN", "GB33 BUKB 2020 1555 "},
	{"half an IBAN", "GB33-"},
}

// hostileEngine holds every planted value.
func hostileEngine(b *testing.B) *match.Engine {
	var changes []match.Change
	for i, p := range planted {
		if c, ok := changeOf(i, p.typ, p.raw); ok {
			changes = append(changes, c)
		}
	}
	return engineOf(b, changes)
}

// processorTime is what the process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for the process itself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// scanHostile reads a text of many units.
func scanHostile(b *testing.B, e *match.Engine, text []byte) {
	if err := e.Scan(b.Context(), bytes.NewReader(text), match.ScanOptions{Region: "US"}, func(match.Spot) error { return nil }); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkHostileText reads texts made to be slow, for every planted value, in MB for each second of processor time.
func BenchmarkHostileText(b *testing.B) {
	e := hostileEngine(b)
	for _, h := range hostile {
		text := []byte(strings.Repeat(h.unit, 1<<16/len(h.unit)))
		b.Run(h.name, func(b *testing.B) {
			from := processorTime()
			for range b.N {
				scanHostile(b, e, text)
			}
			b.ReportMetric(float64(len(text))*float64(b.N)/1e6/(processorTime()-from).Seconds(), "cpu-MB/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkHostileSearch looks for texts that are slower: of every way to begin a token and of what may stand between two. It tells
// the slowest.
func BenchmarkHostileSearch(b *testing.B) {
	e := hostileEngine(b)
	begins := []string{
		"https://files.example.com", "files.example.com", "tp://1", "tp://192.0.2.7", `https:\/\/files.example.com`, "tp://é.example", "tp://[::1]", "a", "a.b", "a今", "今", "1", "+1", "$z",
		"night.owl@example.com", "@a", "a@b.c", "chatter.test", "venmo:z", "GB33", "00", "é", "xn--", "\u200b", "zorbly", "plim", "tp://files.example.com/a", "files.example.com/?q=1",
	}
	between := []string{
		"", " ", ".", ",", ":", ";", "/", "//", `\`, "?", "#", "&", "&amp;", "=", "@", "-", "_", "~", "+", "%", "%41", "(", "[", "[.]", "[at]", " [dot] ", "(.)", "。", "!", "'", `"`, "<", "|", "$",
		"/.", "/../", "/a/", "?q=", "?q=1&r=2", "&utm_x=", "#,", "/a#", ":8443/", ":x@", ",@", "\u200b", "今", "é", "/%C3", "[/]",
	}
	type result struct {
		unit  string
		speed float64
	}
	var all []result
	for range b.N {
		all = all[:0]
		for _, x := range begins {
			for _, y := range between {
				for _, z := range []string{"", ",", "/", "."} {
					unit := x + y + z
					text := []byte(strings.Repeat(unit, 1<<13/len(unit)))
					from := processorTime()
					scanHostile(b, e, text)
					all = append(all, result{unit, float64(len(text)) / 1e6 / (processorTime() - from).Seconds()})
				}
			}
		}
	}
	slices.SortFunc(all, func(x, y result) int { return cmp.Compare(x.speed, y.speed) })
	for _, r := range all[:40] {
		b.Logf("%.2f MB for each second of processor time: %q", r.speed, r.unit)
	}
	b.ReportMetric(all[0].speed, "cpu-MB/s")
}
