package bench

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// decorations are ways to write text so that readers still read it. Each says how it writes a character of ASCII.
var decorations = []struct {
	name  string
	write func(c rune) string
}{
	{"plain", func(c rune) string { return string(c) }},
	{"full-width", func(c rune) string {
		if c > ' ' && c <= '~' {
			return string(c - '!' + '！')
		}
		return string(c)
	}},
	{"math", func(c rune) string { return shifted(c, 0x1D400, 0x1D41A, 0x1D7CE) }},
	{"circled", func(c rune) string { return shifted(c, 'Ⓐ', 'ⓐ', '0') }},
	{"squared", func(c rune) string { return shifted(c, 0x1F130, 0x1F130, '0') }},
	{"marks", func(c rune) string { return behindLetters(c, "\u0336") }},
	{"marks-5", func(c rune) string { return behindLetters(c, "\u0301\u0316\u0334\u0350\u035C") }},
	{"zero-width", func(c rune) string { return behindLetters(c, "\u200B") }},
	{"soft-hyphens", func(c rune) string { return behindLetters(c, "\u00AD") }},
	{"tags", func(c rune) string { return behindLetters(c, "\U000E0041") }},
	{"look-alikes", func(c rune) string {
		return swapped(c, "aceiopxyABCEHIKMOPTX", "асеіорхуАВСЕНІКМОРТХ")
	}},
	{"accents", func(c rune) string { return swapped(c, "aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ") }},
	{"umlauts", func(c rune) string { return swapped(c, "uU", "üÜ") }},
	{"quotes", func(c rune) string { return swapped(c, "'\"", "’”") }},
	{"other-script", func(c rune) string { return shifted(c, 'А', 'а', '0') }},
}

// shifted writes letters and digits as others that stand in a row, from these on. Digits that begin at '0' stay.
func shifted(c, upper, lower, digit rune) string {
	switch {
	case c >= 'A' && c <= 'Z':
		c += upper - 'A'
	case c >= 'a' && c <= 'z':
		c += lower - 'a'
	case c >= '0' && c <= '9':
		c += digit - '0'
	}
	return string(c)
}

// behindLetters writes something behind each letter and digit.
func behindLetters(c rune, what string) string {
	if signal.IsWord(c) {
		return string(c) + what
	}
	return string(c)
}

// swapped writes characters of from as those of to.
func swapped(c rune, from, to string) string {
	if i := strings.IndexRune(from, c); i >= 0 {
		return string([]rune(to)[i])
	}
	return string(c)
}

// BenchmarkDecorated looks for phrases in messages made of real prose as they are and in the same messages decorated, all in turn.
// "x-math" is how many times as long they take in mathematical letters as they do plain, and "x-math-bytes" the same of as many
// bytes. All phrases of the plain text must be found, but in another script.
//
//	go test ./test/bench -run - -bench Decorated -benchtime 5x
func BenchmarkDecorated(b *testing.B) {
	messages := prose(b, 4<<20)
	texts := make([][][]byte, len(decorations))
	sizes := make([]int, len(decorations))
	for i, d := range decorations {
		for _, m := range messages {
			var text []byte
			for len(m) > 0 {
				c, size := utf8.DecodeRune(m)
				text, m = append(text, d.write(c)...), m[size:]
			}
			texts[i], sizes[i] = append(texts[i], bytes.Clone(text)), sizes[i]+len(text)
		}
	}
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("phrases=%d", n), func(b *testing.B) {
			e := match.New([32]byte{1})
			var changes []match.Change
			for i, p := range phrasesOf(messages, n) {
				changes = append(changes, match.Change{Entry: match.Entry{Signal: lantern.ID(i + 1), Type: signal.Phrase.Name, Canonical: p}})
			}
			if err := e.Apply(changes); err != nil {
				b.Fatal(err)
			}
			best, found := make([]time.Duration, len(texts)), make([]int, len(texts))
			for range max(b.N, 3) {
				for i, text := range texts {
					var took time.Duration
					if took, found[i] = findAll(e, text); best[i] == 0 || took < best[i] {
						best[i] = took
					}
				}
			}
			b.ReportMetric(float64(sizes[0])/1e6/best[0].Seconds(), "MB/s")
			for i, d := range decorations[1:] {
				times := float64(best[i+1]) / float64(best[0])
				b.ReportMetric(times, "x-"+d.name)
				b.ReportMetric(times*float64(sizes[0])/float64(sizes[i+1]), "x-"+d.name+"-bytes")
				if found[i+1] < found[0] && d.name != "other-script" {
					b.Errorf("found %d in %s text, %d in plain", found[i+1], d.name, found[0])
				}
			}
		})
	}
}

// findAll returns the processor time that looking for phrases in messages takes, and how many stand there.
func findAll(e *match.Engine, messages [][]byte) (took time.Duration, found int) {
	var spans []match.Span
	began := cpuTime()
	for _, m := range messages {
		spans = e.Phrases(m, spans[:0])
		found += len(spans)
	}
	return cpuTime() - began, found
}
