// Package conformance holds the product to material this project did not write: text
// found on the machine, published vectors, other people's clients. What is missing on a
// machine is skipped with a loud line, and fails in continuous integration.
package conformance

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"lantern"
	"lantern/match"
	"lantern/match/matchtest"
	"lantern/signal"
)

var (
	realSize = flag.Int("realtext.bytes", 2<<20, "how much real text to read")
	realSeed = flag.Uint64("realtext.seed", 1, "which text to read and what to plant in it")
)

// shared is a value as somebody shared it.
type shared struct {
	typ *signal.Type
	raw string
	match.Entry
}

// TestRealText copies documentation and sources to a folder, plants synthetic identifiers in them,
// shares these and a sample of what stood there before, and holds [match.Engine.Scan] over
// the folder against the slow reference, and against a plain search.
func TestRealText(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(*realSeed, 7))
	files := realFiles(t, rng)
	values := append(plantedValues(rng), sample(files, rng)...)
	for i := range values {
		values[i].Signal = lantern.ID(i + 1)
	}
	dir := plant(t, files, values[:plantedCount], rng)
	engine, ref := match.New([32]byte{9}), matchtest.New()
	var changes []match.Change
	for _, v := range values {
		changes = append(changes, match.Change{Entry: v.Entry})
	}
	if err := engine.Apply(changes); err != nil {
		t.Fatal(err)
	}
	ref.Apply(changes)
	total := map[lantern.SignalType]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for typ, n := range checkFile(t, engine, ref, values, path) {
			total[typ] += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("found, by type: %v", total)
	for _, typ := range []lantern.SignalType{"email", "username", "phone", "phrase", "url"} {
		if total[typ] == 0 {
			t.Errorf("no %s was found at all", typ)
		}
	}
}

// checkFile scans one file in three ways and returns how much was found of each type.
func checkFile(t *testing.T, engine *match.Engine, ref *matchtest.Reference, values []shared, path string) map[lantern.SignalType]int {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []match.Spot
	err = engine.Scan(t.Context(), bytes.NewReader(text), match.ScanOptions{}, func(s match.Spot) error {
		got = append(got, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	order := func(a, b match.Spot) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Signal, b.Signal))
	}
	want := ref.Scan(text, "")
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if !slices.Equal(got, want) {
		t.Errorf("%s: the engine and the reference differ at %s", filepath.Base(path), difference(got, want))
	}
	spots := map[lantern.ID][]match.Spot{}
	found := map[lantern.SignalType]int{}
	for _, s := range got {
		spots[s.Signal] = append(spots[s.Signal], s)
		found[s.Type]++
	}
	for _, v := range values {
		for _, form := range []string{v.raw, v.Canonical} {
			if at := missed(text, form, spots[v.Signal]); at >= 0 {
				t.Errorf("%s: a plain search finds signal %d (%s) at %d, the engine does not", filepath.Base(path), v.Signal, v.Type, at)
			}
		}
	}
	return found
}

// difference says where two lists of spots part, without what stands there.
func difference(got, want []match.Spot) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("got %+v, want %+v", got[i], want[i])
		}
	}
	return fmt.Sprintf("the end: %d spots, want %d", len(got), len(want))
}

// missed returns an occurrence of form between token boundaries that no spot begins at or
// covers the beginning of, or -1.
func missed(text []byte, form string, spots []match.Spot) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(form))
		if i < 0 {
			return -1
		}
		start := from + i
		end := start + len(form)
		from = start + 1
		if !bounded(text, start, end) {
			continue
		}
		stands := func(s match.Spot) bool { return s.Start <= int64(start) && int64(start) < s.End }
		if !slices.ContainsFunc(spots, stands) {
			return start
		}
	}
}

// mayGoOn are the marks that can stand within some identifier. A token ends before
// them only if no letter or digit follows them.
const mayGoOn = `.-_~:/?#@&=+%$`

// bounded reports whether the text around start and end cannot belong to a token that
// stands there, whatever its type.
func bounded(text []byte, start, end int) bool {
	before := bytes.TrimRight(text[max(0, start-40):start], mayGoOn)
	after := bytes.TrimLeft(text[end:min(len(text), end+40)], mayGoOn)
	r, _ := utf8.DecodeLastRune(before)
	next, _ := utf8.DecodeRune(after)
	goesOn := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }
	return (len(before) == 0 || !goesOn(r)) && (len(after) == 0 || !goesOn(next))
}

// realFiles reads documentation and sources that are at hand, in an order the seed decides.
func realFiles(t *testing.T, rng *rand.Rand) map[string][]byte {
	roots := []string{"/usr/share/doc"}
	if out, err := exec.Command("go", "env", "GOMODCACHE").Output(); err == nil {
		roots = append(roots, strings.TrimSpace(string(out)))
	}
	files := map[string][]byte{}
	for i, root := range roots {
		var paths []string
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				paths = append(paths, path)
			}
			return nil // what cannot be read is left out
		})
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		size := 0
		for n, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil || len(text) == 0 || len(text) > *realSize/8 {
				continue
			}
			if size += len(text); size > *realSize/len(roots) {
				break
			}
			files[fmt.Sprintf("%d-%05d-%s", i, n, filepath.Base(path))] = text
		}
	}
	if len(files) < 20 {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no documentation or module cache to read")
		}
		t.Skip("SKIPPED: there is no documentation or module cache to read")
	}
	return files
}

// plantedCount is how many synthetic values are planted.
const plantedCount = 200

// plantedValues makes synthetic identifiers and phrases.
func plantedValues(rng *rand.Rand) []shared {
	word := func() string {
		var b strings.Builder
		for range 2 + rng.IntN(2) {
			b.WriteByte("bdfgklmprstvz"[rng.IntN(13)])
			b.WriteByte("aeiou"[rng.IntN(5)])
		}
		return b.String() + "zq"
	}
	makers := []func() (*signal.Type, string){
		func() (*signal.Type, string) {
			return signal.Email, fmt.Sprintf("%s.%s%d@%s.example.com", word(), word(), rng.IntN(100), word())
		},
		func() (*signal.Type, string) { return signal.Username, "chatter.test/" + word() + "_" + word() },
		func() (*signal.Type, string) {
			return signal.Account, fmt.Sprintf("game.test:%d", 1_000_000+rng.IntN(9_000_000))
		},
		func() (*signal.Type, string) { return signal.Phone, fmt.Sprintf("+1 202-555-01%02d", rng.IntN(100)) },
		func() (*signal.Type, string) { return signal.Phrase, word() + " " + word() + " " + word() },
		func() (*signal.Type, string) { return signal.Payment, "cashapp:$" + word() + word() },
		func() (*signal.Type, string) { return signal.Domain, word() + word() + ".example" },
		func() (*signal.Type, string) { return signal.IP, fmt.Sprintf("203.0.113.%d", rng.IntN(256)) },
		func() (*signal.Type, string) {
			return signal.SHA1, fmt.Sprintf("%016x%016x%08x", rng.Uint64(), rng.Uint64(), rng.Uint32())
		},
	}
	var values []shared
	for i := 0; len(values) < plantedCount; i++ {
		typ, raw := makers[i%len(makers)]()
		if v, ok := share(typ, raw); ok {
			values = append(values, v)
		}
	}
	return values
}

// share normalises a value as the exchange does.
func share(typ *signal.Type, raw string) (shared, bool) {
	v, err := typ.Normalize(raw)
	return shared{typ, raw, match.Entry{Type: typ.Name, Canonical: v.Canonical, Weak: v.Weak}}, err == nil
}

// looseURL takes addresses out of a text in the careless ways people do.
var looseURL = []*regexp.Regexp{
	regexp.MustCompile(`https?://[^\s"'<>]+`),
	regexp.MustCompile(`https?://[^\s)\]>"'` + "`" + `,;]+`),
	regexp.MustCompile(`https?://[\w./-]+\w`),
	regexp.MustCompile(`\b(?:www\.)?[a-z][\w-]+\.(?:com|org|net|io|dev)/[\w./-]+\w`),
	regexp.MustCompile(`https?://\S+`),
}

// sample takes addresses and domains that stand in the files.
func sample(files map[string][]byte, rng *rand.Rand) []shared {
	seen := map[string]bool{}
	var urls []string
	for _, text := range files {
		for _, re := range looseURL {
			for _, raw := range re.FindAllString(string(text), 200) {
				if !seen[raw] && utf8.ValidString(raw) {
					seen[raw] = true
					urls = append(urls, raw)
				}
			}
		}
	}
	slices.Sort(urls)
	rng.Shuffle(len(urls), func(i, j int) { urls[i], urls[j] = urls[j], urls[i] })
	var values []shared
	for _, raw := range urls[:min(len(urls), 400)] {
		if v, ok := share(signal.URL, raw); ok {
			values = append(values, v)
		}
		_, rest, _ := strings.Cut(raw, "://")
		host, _, _ := strings.Cut(rest, "/")
		if v, ok := share(signal.Domain, host); ok && rng.IntN(4) == 0 {
			values = append(values, v)
		}
	}
	return values
}

// plant writes the files to a temporary folder, each with some values between its words.
func plant(t *testing.T, files map[string][]byte, values []shared, rng *rand.Rand) string {
	dir := t.TempDir()
	around := [][2]string{{" ", " "}, {"\n", "\n"}, {` "`, `" `}, {" (", ") "}, {" <", "> "}, {"\t'", "',\n"}, {" ", ". "}, {" **", "** "}, {"\n> ", ","}, {"=", "&quot; "}}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		text := files[name]
		for range rng.IntN(6) {
			v := values[rng.IntN(len(values))]
			at := rng.IntN(len(text) + 1)
			for at < len(text) && text[at] != ' ' && text[at] != '\n' {
				at++
			}
			frame := around[rng.IntN(len(around))]
			text = slices.Concat(text[:at], []byte(frame[0]+v.raw+frame[1]), text[at:])
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
