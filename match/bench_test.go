package match_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// fakeWord makes a word that means nothing.
func fakeWord(rng *rand.Rand) string {
	var b strings.Builder
	for range 2 + rng.IntN(3) {
		b.WriteByte("bdfgklmnprstvz"[rng.IntN(14)])
		b.WriteByte("aeiou"[rng.IntN(5)])
	}
	return b.String()
}

// hexOf makes a hash.
func hexOf(rng *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%016x", rng.Uint64())
	}
	return b.String()[:n]
}

// mixed makes n identifiers of many types.
func mixed(rng *rand.Rand, n int) []match.Change {
	var changes []match.Change
	for i := 0; len(changes) < n; i++ {
		raw, name := "", ""
		switch i % 8 {
		case 0:
			name, raw = "email", fakeWord(rng)+"."+fakeWord(rng)+"@"+fakeWord(rng)+".example.com"
		case 1:
			name, raw = "username", "chatter.test/"+fakeWord(rng)+"_"+fakeWord(rng)
		case 2:
			name, raw = "phone", fmt.Sprintf("+1202%07d", rng.IntN(1e7))
		case 3:
			name, raw = "url", "https://"+fakeWord(rng)+".example.com/"+fakeWord(rng)+"/"+fakeWord(rng)
		case 4:
			name, raw = "domain", fakeWord(rng)+fakeWord(rng)+".example"
		case 5:
			name, raw = "account", fmt.Sprintf("game.test:%d", rng.IntN(1e9))
		case 6:
			name, raw = "sha1", hexOf(rng, 40)
		case 7:
			name, raw = "phrase", fakeWord(rng)+" "+fakeWord(rng)+" "+fakeWord(rng)
		}
		if c, ok := changeOf(0, name, raw); ok {
			c.Signal = lantern.ID(len(changes) + 1)
			changes = append(changes, c)
		}
	}
	return changes
}

// prose makes text of n bytes: words, addresses that nobody shared, code and markup.
func prose(rng *rand.Rand, n int) []byte {
	vocabulary := make([]string, 5000)
	for i := range vocabulary {
		vocabulary[i] = fakeWord(rng)
	}
	var b bytes.Buffer
	for b.Len() < n {
		// Common words are more common.
		w := vocabulary[int(float64(len(vocabulary))*rng.Float64()*rng.Float64()*rng.Float64())]
		switch rng.IntN(60) {
		case 0:
			fmt.Fprintf(&b, "https://%s.example.com/%s?q=%s ", w, fakeWord(rng), w)
		case 1:
			fmt.Fprintf(&b, "%s@%s.example.org, ", w, fakeWord(rng))
		case 2:
			fmt.Fprintf(&b, "%s.%s(%d, \"%s\")\n", w, fakeWord(rng), rng.IntN(10000), w)
		case 3:
			fmt.Fprintf(&b, "<a href=\"/%s/%s.html\">%s</a>\n", w, w, w)
		case 4:
			fmt.Fprintf(&b, "2026-01-%02d 12:%02d:%02d ", rng.IntN(28), rng.IntN(60), rng.IntN(60))
		default:
			b.WriteString(w)
			b.WriteByte(" \n"[rng.IntN(12)/11])
		}
	}
	return b.Bytes()
}

// engineOf holds changes.
func engineOf(b *testing.B, changes []match.Change) *match.Engine {
	e := match.New(key)
	for len(changes) > 0 {
		n := min(len(changes), 10000)
		if err := e.Apply(changes[:n]); err != nil {
			b.Fatal(err)
		}
		changes = changes[n:]
	}
	return e
}

// BenchmarkMatchExact looks values up of which one in a hundred is held.
func BenchmarkMatchExact(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var held []match.Change
	for i := range 1_000_000 {
		held = append(held, match.Change{Entry: match.Entry{Signal: lantern.ID(i + 1), Type: "account", Canonical: fmt.Sprintf("game.test:%d", i*100)}})
	}
	e := engineOf(b, held)
	queries := make([]match.Query, 1<<16)
	for i := range queries {
		queries[i] = match.Query{Type: "account", Canonical: fmt.Sprintf("game.test:%d", rng.IntN(100_000_000))}
	}
	var found []match.Found
	b.ResetTimer()
	for i := range b.N {
		found = e.Match(queries[i%len(queries)], found[:0])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}

// BenchmarkMatchNear looks perceptual hashes up among a million.
func BenchmarkMatchNear(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var held []match.Change
	for i := range 1_000_000 {
		held = append(held, match.Change{Entry: match.Entry{Signal: lantern.ID(i + 1), Type: "pdq", Canonical: hexOf(rng, 64)}})
	}
	e := engineOf(b, held)
	q := match.Query{Type: "pdq", Canonical: hexOf(rng, 64)}
	var found []match.Found
	b.ResetTimer()
	for range b.N {
		found = e.Match(q, found[:0])
	}
}

// BenchmarkPhrases looks for ten thousand phrases.
func BenchmarkPhrases(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var held []match.Change
	for len(held) < 10_000 {
		if c, ok := changeOf(0, "phrase", fakeWord(rng)+" "+fakeWord(rng)); ok {
			c.Signal = lantern.ID(len(held) + 1)
			held = append(held, c)
		}
	}
	e := engineOf(b, held)
	text := prose(rng, 1<<20)
	var spans []match.Span
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	for range b.N {
		spans = e.Phrases(text, spans[:0])
	}
}

// BenchmarkPhrasesUnspaced looks for ten thousand phrases of Han characters in short messages.
func BenchmarkPhrasesUnspaced(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(rng, 1.3, 30, 2999)
	han := func(n int) (s []rune) {
		for range n {
			s = append(s, '\u4e00'+rune(z.Uint64()*7%3000))
		}
		return s
	}
	var held []match.Change
	for len(held) < 10_000 {
		if c, ok := changeOf(0, "phrase", string(han(2+rng.IntN(5)))); ok {
			c.Signal = lantern.ID(len(held) + 1)
			held = append(held, c)
		}
	}
	e := engineOf(b, held)
	var messages [][]byte
	size := 0
	for size < 1<<20 {
		m := []byte(string(han(10+rng.IntN(40))) + "。ok " + string(han(5+rng.IntN(20))))
		messages, size = append(messages, m), size+len(m)
	}
	var spans []match.Span
	b.SetBytes(int64(size))
	b.ResetTimer()
	for range b.N {
		for _, m := range messages {
			spans = e.Phrases(m, spans[:0])
		}
	}
}

// BenchmarkScan reads mixed text for ten thousand mixed identifiers.
func BenchmarkScan(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	e := engineOf(b, mixed(rng, 10_000))
	text := prose(rng, 8<<20)
	n := 0
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	for range b.N {
		err := e.Scan(context.Background(), bytes.NewReader(text), match.ScanOptions{Region: "US"}, func(match.Spot) error { n++; return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApply takes changes in one by one, beside a hundred thousand that are held.
func BenchmarkApply(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	e := engineOf(b, mixed(rng, 100_000))
	more := mixed(rng, 10_000)
	b.ResetTimer()
	for i := range b.N {
		c := more[i%len(more)]
		c.Signal = lantern.ID(1_000_000 + i)
		if err := e.Apply([]match.Change{c}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNormalize is here to compare: the normalising that a lookup begins with.
func BenchmarkNormalize(b *testing.B) {
	for _, t := range []*signal.Type{signal.Email, signal.Username, signal.URL, signal.Phone} {
		b.Run(string(t.Name), func(b *testing.B) {
			for range b.N {
				if _, err := t.Normalize(t.Example); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
