package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// BenchmarkPhrases looks for phrases in messages made of real prose (the documentation
// that comes with Go's own sources), beside Vectorscan on the same phrases and messages
// in the same run: one call a message, whole words, whatever their case. "x-vectorscan" is
// the ratio of the speeds; Vectorscan's hits must all be among ours. "x-go-module" is the
// ratio to the fastest Go module for this job. Then the same text dressed up in full-width letters.
//
//	go test ./test/bench -run - -bench Phrases -benchtime 5x
func BenchmarkPhrases(b *testing.B) {
	messages := prose(b, 16<<20)
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("phrases=%d", n), func(b *testing.B) {
			phrases := phrasesOf(messages, n)
			list, text := phraseFiles(b, phrases, messages)
			peer := runVectorscan(b, list, text)
			modules := runGoModules(b, list, text)
			e := match.New([32]byte{1})
			var changes []match.Change
			for i, p := range phrases {
				changes = append(changes, match.Change{Entry: match.Entry{Signal: lantern.ID(i + 1), Type: signal.Phrase.Name, Canonical: p}})
			}
			began := cpuTime()
			if err := e.Apply(changes); err != nil {
				b.Fatal(err)
			}
			built := cpuTime() - began
			plain, found := scanMessages(b, e, messages)
			dressed, foundDressed := scanMessages(b, e, dressUp(messages))
			b.ReportMetric(plain, "MB/s")
			b.ReportMetric(dressed, "dressed-MB/s")
			b.ReportMetric(plain/dressed*3, "dressed-times-slower") // of three times the bytes
			b.ReportMetric(float64(found), "hits")
			b.ReportMetric(built.Seconds(), "build-cpu-s")
			if foundDressed < found {
				b.Errorf("found %d in full-width text, %d in plain", foundDressed, found)
			}
			for name, p := range map[string]*phrasePeer{"vectorscan": peer, "go-module": modules} {
				if p == nil {
					continue
				}
				if found < p.Found {
					b.Errorf("found %d, %s %d", found, name, p.Found)
				}
				b.ReportMetric(float64(p.Found), name+"-hits")
				b.ReportMetric(plain/p.speed, "x-"+name)
			}
		})
	}
}

// scanMessages returns the speed in MB of processor time's seconds, the best of b.N
// rounds, and how many phrases were found.
func scanMessages(b *testing.B, e *match.Engine, messages [][]byte) (speed float64, found int) {
	var spans []match.Span
	size := 0
	for _, m := range messages {
		size += len(m) + 1
	}
	best := time.Duration(1 << 62)
	for range max(b.N, 3) {
		began := cpuTime()
		found = 0
		for _, m := range messages {
			spans = e.Phrases(m, spans[:0])
			found += len(spans)
		}
		best = min(best, cpuTime()-began)
	}
	return float64(size) / 1e6 / best.Seconds(), found
}

// prose returns about size bytes of messages, each a line or two of real documentation.
func prose(b *testing.B, size int) (messages [][]byte) {
	r := rand.New(rand.NewPCG(3, 3))
	total := 0
	err := filepath.WalkDir(source(b), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var message []byte
		for line := range bytes.Lines(file) {
			text, isComment := bytes.CutPrefix(bytes.TrimSpace(line), []byte("// "))
			if !isComment || !utf8.Valid(text) || len(text) < 20 {
				continue
			}
			message = append(append(message, bytes.Join(bytes.Fields(text), []byte(" "))...), ' ')
			if r.IntN(2) == 0 {
				messages = append(messages, bytes.TrimSpace(message))
				total += len(message)
				message = nil
			}
		}
		if total >= size {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return messages
}

// phrasesOf makes n phrases of one to four of the words of messages, common words more
// often than rare ones, but one of them drawn from all words alike, as phrases that tell
// something hold a word that is not common. One in fifty stands in some message as it is.
// Single words are rare or invented ones.
func phrasesOf(messages [][]byte, n int) []string {
	r := rand.New(rand.NewPCG(4, uint64(n)))
	count := map[string]int{}
	var words []string
	letters := func(w string) bool {
		return strings.TrimFunc(w, func(c rune) bool { return c >= 'a' && c <= 'z' }) == ""
	}
	for _, m := range messages {
		for _, w := range strings.Fields(strings.ToLower(string(m))) {
			if letters(w) {
				if count[w]++; count[w] == 1 {
					words = append(words, w)
				}
			}
		}
	}
	seen := map[string]bool{}
	var phrases []string
	for len(phrases) < n {
		var p string
		k := 1 + r.IntN(4)
		switch {
		case k == 1:
			w := words[r.IntN(len(words))]
			if count[w] > 5 {
				w += words[r.IntN(len(words))] // an invented one
			}
			p = w
		case r.IntN(50) == 0:
			m := strings.Fields(strings.ToLower(string(messages[r.IntN(len(messages))])))
			if len(m) < k {
				continue
			}
			from := r.IntN(len(m) - k + 1)
			if !slices.ContainsFunc(m[from:from+k], func(w string) bool { return count[w] < 50 }) {
				continue
			}
			p = strings.Join(m[from:from+k], " ")
		default:
			var parts []string
			for range k {
				m := bytes.Fields(bytes.ToLower(messages[r.IntN(len(messages))]))
				parts = append(parts, string(m[r.IntN(len(m))]))
			}
			parts[r.IntN(k)] = words[r.IntN(len(words))]
			p = strings.Join(parts, " ")
		}
		if len(p) < 5 || seen[p] || !letters(strings.ReplaceAll(p, " ", "")) {
			continue
		}
		seen[p] = true
		phrases = append(phrases, p)
	}
	return phrases
}

// dressUp writes messages in full-width letters, three bytes each.
func dressUp(messages [][]byte) (dressed [][]byte) {
	for _, m := range messages {
		dressed = append(dressed, bytes.Map(func(c rune) rune {
			if c > ' ' && c <= '~' {
				return c - '!' + '！'
			}
			return c
		}, m))
	}
	return dressed
}

// phrasePeer is what phrases.c and gopeer print.
type phrasePeer struct {
	Build float64 `json:"build_s"`
	Bytes int     `json:"bytes"`
	Scan  float64 `json:"scan_s"`
	Found int     `json:"found"`
	speed float64
}

// phraseFiles writes phrases and messages into files, one a line.
func phraseFiles(b *testing.B, phrases []string, messages [][]byte) (list, text string) {
	dir := b.TempDir()
	list, text = filepath.Join(dir, "list"), filepath.Join(dir, "text")
	joined := append(bytes.Join(messages, []byte("\n")), '\n')
	for path, content := range map[string][]byte{list: []byte(strings.Join(phrases, "\n") + "\n"), text: joined} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return list, text
}

// runVectorscan measures the peer; nil, with a loud line, if it cannot be built.
func runVectorscan(b *testing.B, list, text string) *phrasePeer {
	program := filepath.Join(b.TempDir(), "phrases")
	if out, err := exec.Command("gcc", "-O3", "-march=native", "-o", program, filepath.Join("testdata", "phrases.c"), "-lhs").CombinedOutput(); err != nil {
		b.Logf("THE PEER IS MISSING: Vectorscan was not measured (apt-get install gcc libvectorscan-dev): %v: %s", err, out)
		return nil
	}
	return runPeer(b, "Vectorscan", text, program, list, text, "5")
}

// runGoModules measures the Go modules for this job and returns the fastest; nil, with a loud
// line, if they cannot be had. They are modules of a program of its own, not of this one.
func runGoModules(b *testing.B, list, text string) (best *phrasePeer) {
	dir := b.TempDir()
	for from, to := range map[string]string{"main.go": "main.go", "go.mod.txt": "go.mod", "go.sum.txt": "go.sum"} {
		content, err := os.ReadFile(filepath.Join("testdata", "gopeer", from))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), content, 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", "gopeer", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		b.Logf("THE PEERS ARE MISSING: Go modules were not measured (the module proxy must be in reach): %v: %s", err, out)
		return nil
	}
	for _, module := range []string{"petar", "coregx"} {
		if p := runPeer(b, module, text, filepath.Join(dir, "gopeer"), module, list, text, "3"); best == nil || p.speed > best.speed {
			best = p
		}
	}
	return best
}

// runPeer runs a program that prints what it measured.
func runPeer(b *testing.B, name, text, program string, args ...string) *phrasePeer {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	p := &phrasePeer{}
	if err := json.Unmarshal(out, p); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(text)
	if err != nil {
		b.Fatal(err)
	}
	p.speed = float64(info.Size()) / 1e6 / p.Scan
	b.Logf("%s: %.0f MB/s, %d hits, built in %.1f s, %d bytes", name, p.speed, p.Found, p.Build, p.Bytes)
	return p
}

// BenchmarkUnspaced looks for phrases of scripts that are written without spaces, in which
// each character is a word: 2 to 6 of 3,000 Han characters, common ones more often than rare
// ones. Vectorscan finds the same as strings without borders.
//
//	go test ./test/bench -run - -bench Unspaced -benchtime 5x
func BenchmarkUnspaced(b *testing.B) {
	r := rand.New(rand.NewPCG(8, 8))
	z := rand.NewZipf(r, 1.3, 30, 2999)
	han := func(n int) (s []rune) {
		for range n {
			s = append(s, '\u4e00'+rune(z.Uint64()*7%3000))
		}
		return s
	}
	var messages [][]byte
	for size := 0; size < 16<<20; {
		m := append([]byte(string(han(10+r.IntN(40)))), "。ok "...)
		m = append(m, string(han(5+r.IntN(20)))...)
		messages, size = append(messages, m), size+len(m)
	}
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("phrases=%d", n), func(b *testing.B) {
			seen := map[string]bool{}
			var phrases []string
			var changes []match.Change
			for len(phrases) < n {
				p := string(han(2 + r.IntN(5)))
				v, err := signal.Phrase.Normalize(p)
				if seen[p] || err != nil || v.Canonical != p {
					continue
				}
				seen[p] = true
				phrases = append(phrases, p)
				changes = append(changes, match.Change{Entry: match.Entry{Signal: lantern.ID(len(phrases)), Type: signal.Phrase.Name, Canonical: p}})
			}
			list, text := phraseFiles(b, phrases, messages)
			peer := runVectorscan(b, list, text)
			e := match.New([32]byte{1})
			if err := e.Apply(changes); err != nil {
				b.Fatal(err)
			}
			speed, found := scanMessages(b, e, messages)
			b.ReportMetric(speed, "MB/s")
			b.ReportMetric(float64(found), "hits")
			if peer != nil {
				if found < peer.Found {
					b.Errorf("found %d, Vectorscan %d", found, peer.Found)
				}
				b.ReportMetric(float64(peer.Found), "vectorscan-hits")
				b.ReportMetric(speed/peer.speed, "x-vectorscan")
			}
		})
	}
}
