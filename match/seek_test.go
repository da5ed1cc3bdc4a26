package match_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/match"
)

// disguises are ways to write an identifier of ASCII, some of which leave it another one.
var disguises = []func(rng *rand.Rand, raw string) string{
	func(_ *rand.Rand, raw string) string { return raw },
	func(_ *rand.Rand, raw string) string { return strings.ToUpper(raw) },
	func(_ *rand.Rand, raw string) string { return strings.ReplaceAll(raw, ".", " [dot] ") },
	func(_ *rand.Rand, raw string) string { return strings.ReplaceAll(raw, ".", `\.`) },
	func(_ *rand.Rand, raw string) string { return strings.Replace(raw, ".", "(Punkt)", 1) },
	func(_ *rand.Rand, raw string) string { return `\t` + raw[strings.IndexByte(raw, '/')+1:] },
	func(_ *rand.Rand, raw string) string {
		return strings.Replace(strings.ReplaceAll(raw, ".", "(.)"), "://", "[:]//", 1)
	},
	func(_ *rand.Rand, raw string) string { return strings.Replace(raw, "@", " (at) ", 1) },
	func(_ *rand.Rand, raw string) string { return strings.Replace(raw, "https", "hxxp", 1) },
	func(_ *rand.Rand, raw string) string { return strings.Replace(raw, "https://", "", 1) },
	func(rng *rand.Rand, raw string) string {
		return strings.ReplaceAll(raw, "/", []string{`\/`, `\u002f`, `\u002F`}[rng.IntN(3)])
	},
	func(_ *rand.Rand, raw string) string {
		return strings.ReplaceAll(strings.Replace(raw, "https://", "", 1), "/", `\/`)
	},
	func(_ *rand.Rand, raw string) string { return `"a\n` + raw + `\u003c/a"` },
	func(_ *rand.Rand, raw string) string { return `\u0022` + raw },
	func(_ *rand.Rand, raw string) string { return "http://" + raw[strings.IndexByte(raw, '/')+1:] + "/in/" },
	func(_ *rand.Rand, raw string) string {
		return "@" + raw[strings.IndexByte(raw, '/')+1:] + "@chatter.test"
	},
	func(_ *rand.Rand, raw string) string { return raw[strings.IndexByte(raw, '/')+1:] },
	func(_ *rand.Rand, raw string) string {
		return "https://chatter.test/u/" + raw[strings.IndexByte(raw, '/')+1:]
	},
	func(rng *rand.Rand, raw string) string { // a percent code in the host, or nowhere
		if i := strings.Index(raw, "://") + 3; i > 2 {
			return fmt.Sprintf("%s%%%02x%s", raw[:i], raw[i], raw[i+1:])
		}
		return raw
	},
	func(rng *rand.Rand, raw string) string { // anywhere
		i := rng.IntN(len(raw))
		return fmt.Sprintf("%s%%%02x%s", raw[:i], raw[i], raw[i+1:])
	},
	func(rng *rand.Rand, raw string) string { // a full-width sign
		i := rng.IntN(len(raw))
		if raw[i] <= ' ' {
			return raw
		}
		return raw[:i] + string(rune(raw[i])-'!'+'！') + raw[i+1:]
	},
	func(rng *rand.Rand, raw string) string { // a quote, a dash, a picture
		i := rng.IntN(len(raw))
		return raw[:i] + []string{"’", "—", "😀", "→", "“", "…", "😀\ufe0f"}[rng.IntN(7)] + raw[i:]
	},
	func(_ *rand.Rand, raw string) string { return "“" + raw + "”" },
	func(_ *rand.Rand, raw string) string { return strings.Replace(raw, "@", "[AT]", 1) },
	func(rng *rand.Rand, raw string) string { // one that cannot be seen
		i := rng.IntN(len(raw))
		return raw[:i] + "\u200b" + raw[i:]
	},
}

// namedHosts and numberedHosts are hosts that can be written in other words, and hostSpellings addresses
// with such words.
var (
	namedHosts    = []string{"bücher.example", "例え.テスト"}
	numberedHosts = []string{"192.0.2.7", "[2001:db8::7]"}
)

var hostSpellings = []string{
	"http://0xC0000207/a", "http://3221225991/a", "https://0300.0.2.7/a", "http[:]//192.0.2.7/a", "192.0.2.7/a", "http://[2001:DB8:0::7]/a",
	"https://xn--bcher-kva.example/a", "http://XN--BCHER-KVA.example/a", "bu\u0308cher.example/a", "xn--r8jz45g.xn--zckzah/a", "http://例え。テスト/a",
}

// words draws words for identifiers and texts: even ones of their own, or, in real text and real
// lists, mostly the same few.
func words(rng *rand.Rand, skewed bool) func() string {
	common := make([]string, 200)
	for i := range common {
		common[i] = fakeWord(rng)
	}
	return func() string {
		if !skewed {
			return fakeWord(rng)
		}
		return common[int(float64(len(common))*rng.Float64()*rng.Float64())]
	}
}

// The kinds of identifiers that a test holds. What makes more places worth a look would hide that
// others are not looked at.
const (
	namesOnly   = iota
	withHosts   // which are numbers: every address is looked at
	withNumbers // every digit is
	heldKinds
)

// identifier makes a value of a type that texts are sought for.
func identifier(rng *rand.Rand, word func() string, kind int) (name, raw string) {
	kinds, hosts := 7, namedHosts
	switch kind {
	case withHosts:
		hosts = numberedHosts
	case withNumbers:
		kinds = 9
	}
	switch rng.IntN(kinds) {
	case 0:
		return "email", word() + "." + word() + "@" + word() + ".example"
	case 1:
		return "username", "chatter.test/" + word() + []string{"_", ".", "-", ".x-"}[rng.IntN(4)] + word()
	case 2:
		return "username", "chatter.test/" + word()
	case 3:
		return "account", "game.test:" + word() + "-" + fmt.Sprint(rng.IntN(1e6))
	case 4:
		return "url", "https://" + word() + "." + word() + ".example/" + word()
	case 5:
		return "domain", word() + []string{"-", ".", ".dot.", "-dot-"}[rng.IntN(4)] + word() + ".example"
	case 6:
		return "url", "https://" + hosts[rng.IntN(len(hosts))] + "/a"
	case 7:
		return "payment", "venmo:" + word() + "_" + word()
	}
	return "phone", fmt.Sprintf("%s202555%04d", []string{"+1", "001"}[rng.IntN(2)], rng.IntN(200))
}

// TestSeekingMissesNothing holds Scan to the slow reference on long texts of even and of skewed words, with
// identifiers written in many ways, while signals come and go, files are merged and purged,
// and the folder is opened again.
func TestSeekingMissesNothing(t *testing.T) {
	t.Parallel()
	for i := range 2 * heldKinds {
		skewed, kind := i%2 == 1, i/2
		t.Run(fmt.Sprintf("skewed=%t,kind=%d", skewed, kind), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(11, 12))
			word := words(rng, skewed)
			l := newLedger(t, t.TempDir(), nil)
			var raws []string
			found := 0
			rounds := 24
			if raced {
				rounds = 6 // each of what is done between them
			}
			for round := range rounds {
				changeSome(l, rng, word, kind, &raws)
				switch round % 6 {
				case 1, 4:
					l.must(l.e.Save(l.here()))
				case 3:
					l.must(l.e.Purge(t.Context()))
				case 5:
					l.close()
					l.open(nil)
				}
				text := seekText(rng, word, raws)
				var got []match.Spot
				err := l.e.ScanWindows(bytes.NewReader(text), match.ScanOptions{}, []int{2000, windowOfAll}[round%2], func(s match.Spot) error { got = append(got, s); return nil })
				l.must(err)
				if want := l.ref.Scan(text, ""); !slices.Equal(got, want) {
					for _, s := range want {
						if !slices.Contains(got, s) {
							t.Errorf("round %d: missed%s", round, show(string(text), []match.Spot{s}))
						}
					}
					t.Fatalf("round %d: found %d, want %d", round, len(got), len(want))
				}
				found += len(got)
			}
			if found < 20*rounds {
				t.Errorf("only %d were found at all", found)
			}
			l.close()
		})
	}
}

const windowOfAll = 256 << 10

// changeSome applies some new signals one by one and takes some out again.
func changeSome(l *ledger, rng *rand.Rand, word func() string, kind int, raws *[]string) {
	for range 12 {
		name, raw := identifier(rng, word, kind)
		c, ok := changeOf(0, name, raw)
		if !ok {
			continue
		}
		*raws = append(*raws, raw)
		c.Signal = lantern.ID(1 + rng.IntN(200)) // may replace another
		l.apply(c)
		if rng.IntN(4) == 0 {
			l.apply(match.Change{Entry: match.Entry{Signal: lantern.ID(1 + rng.IntN(200))}, Remove: true})
		}
	}
}

// seekText makes a text of prose in which identifiers that are, or were, held stand.
func seekText(rng *rand.Rand, word func() string, raws []string) []byte {
	var b bytes.Buffer
	for b.Len() < 6000 {
		switch rng.IntN(12) {
		case 0:
			raw := raws[rng.IntN(len(raws))]
			b.WriteString(disguises[rng.IntN(len(disguises))](rng, raw))
		case 1:
			b.WriteString(hostSpellings[rng.IntN(len(hostSpellings))])
		case 2:
			b.WriteString(glue[rng.IntN(len(glue))])
			continue
		default:
			b.WriteString(word())
		}
		b.WriteString([]string{" ", " ", " ", "\n", ", ", ".", "(", ")", "\"", "\t", "::", "’", " at ", "”", "😀"}[rng.IntN(15)])
	}
	return b.Bytes()
}

// A word that only tells of one signal is forgotten with what the engine held: a signal that comes
// is found in the words that told nothing before.
func TestSeekingFollowsTheEngine(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	text := []byte("ask night_owl7 about it\n")
	count := func() (n int) {
		if err := e.Scan(context.Background(), bytes.NewReader(text), match.ScanOptions{}, func(match.Spot) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	other, _ := changeOf(0, "username", "chatter.test/plim_zorb")
	if err := e.Apply([]match.Change{other}); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		if n := count(); n != 0 {
			t.Fatalf("round %d: %d found before it is held", round, n)
		}
		owl, _ := changeOf(1, "username", "chatter.test/night_owl7")
		if err := e.Apply([]match.Change{owl}); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 1 {
			t.Fatalf("round %d: %d found, want 1", round, n)
		}
		if err := e.Apply([]match.Change{{Entry: owl.Entry, Remove: true}}); err != nil {
			t.Fatal(err)
		}
	}
}
