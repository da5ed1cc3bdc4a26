package match_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/text"
	"lantern/match"
	"lantern/match/matchtest"
)

// phraseWorld makes phrases and texts of a few words, in which all of them meet.
type phraseWorld struct {
	r      *rand.Rand
	words  []string
	skewed bool // some words are much more common than others
}

func (w *phraseWorld) word() string {
	n := len(w.words)
	if w.skewed {
		n = 1 + w.r.IntN(n)
	}
	return w.words[w.r.IntN(n)]
}

// line puts words together, those of scripts without spaces mostly without one.
func (w *phraseWorld) line(n int, between ...string) string {
	var b strings.Builder
	for i := range n {
		word := w.word()
		if i > 0 && (word[0] < 0x80 || w.r.IntN(8) == 0) {
			b.WriteString(between[w.r.IntN(len(between))])
		}
		b.WriteString(word)
	}
	return b.String()
}

// heldPhrase is a phrase cut into words.
type heldPhrase struct {
	signal lantern.ID
	words  []string
}

func cutFolded(s string) (l *text.Words, folds []string) {
	l = &text.Words{}
	l.Cut([]byte(s))
	if len(l.List) > 0 {
		folds = strings.Split(string(l.AppendFolded(nil)), " ")
	}
	return l, folds
}

// phrasesSlowly compares every phrase at every word.
func phrasesSlowly(held []heldPhrase, s string) (spans []match.Span) {
	l, folds := cutFolded(s)
	for i := range folds {
	phrases:
		for _, p := range held {
			last := i + len(p.words) - 1
			if last >= len(folds) || !slices.Equal(folds[i:last+1], p.words) || l.List[last].End-l.List[i].Start > text.MaxPhrase {
				continue
			}
			for j := i; j < last; j++ {
				if l.List[j+1].Start-l.List[j].End > 64 {
					continue phrases
				}
			}
			spans = append(spans, match.Span{Signal: p.signal, Start: l.List[i].Start, End: l.List[last].End, Weak: true})
		}
	}
	slices.SortFunc(spans, func(a, b match.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Signal, b.Signal))
	})
	return spans
}

// TestPhrasesEqualReference holds Phrases to comparing every phrase at every word: lists applied
// at once and in parts, with and without removals, of words that are spread evenly and not.
func TestPhrasesEqualReference(t *testing.T) {
	t.Parallel()
	latin := strings.Fields("a b of the zorbly plim Trade é ｗide straße naïve seventeenletters1 Sixteen-letters_ 日本 7 x2 longerthanthirtytwobyteswithoutanydoubt")
	han := strings.Split("日 本 語 交 易 密 ひ カ ー ไ ท ย", " ")
	found := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(9, seed))
		w := phraseWorld{r: r, words: slices.Clone([][]string{latin, han, append(slices.Clone(latin), han...)}[seed%3]), skewed: seed%2 == 1}
		r.Shuffle(len(w.words), func(i, j int) { w.words[i], w.words[j] = w.words[j], w.words[i] })
		w.words = w.words[:2+r.IntN(len(w.words)-1)]
		e, total := match.New(key), 1+r.IntN(120)
		var changes []match.Change
		var held []heldPhrase
		for i := range total {
			s := w.line(1+r.IntN(6), " ")
			c := match.Change{Entry: match.Entry{Signal: lantern.ID(i + 1), Type: "phrase", Canonical: s}}
			changes = append(changes, c)
			if r.IntN(10) == 0 {
				c.Remove = true
				changes = append(changes, c)
			} else if _, folds := cutFolded(s); len(folds) > 0 {
				held = append(held, heldPhrase{c.Signal, folds})
			}
		}
		for rest := changes; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			if err := e.Apply(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		for range 5 {
			s := w.line(r.IntN(200), " ", ", ", "\n-- ", "。", "\u200b", "", strings.Repeat(".", 64), strings.Repeat(".", 65))
			got, want := e.Phrases([]byte(s), nil), phrasesSlowly(held, s)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %q\n got %v\nwant %v", seed, s, got, want)
			}
			found += len(got)
		}
	}
	if found < 10_000 {
		t.Fatalf("%d phrases were found, too few to say anything", found)
	}
}

// TestTruncatedUnderPhrases cuts a mapped file short while it is asked for phrases, by whatever kernel
// the processor has. That must end in a part that is missing, and not the process.
func TestTruncatedUnderPhrases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := match.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := rand.New(rand.NewPCG(2, 2))
	phrase := func(i int, s string) []match.Change {
		return []match.Change{{Entry: match.Entry{Signal: lantern.ID(i), Type: "phrase", Canonical: s}}}
	}
	var changes []match.Change
	var body strings.Builder
	for i := range 5000 {
		s := fakeWord(r) + " " + fakeWord(r)
		changes = append(changes, phrase(i+1, s)...)
		body.WriteString(s + ", ")
	}
	if err := errors.Join(e.Apply(changes), e.Save(nil)); err != nil {
		t.Fatal(err)
	}
	if found := e.Phrases([]byte(body.String()), nil); len(found) < len(changes) {
		t.Fatalf("%d of %d are found", len(found), len(changes))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.segment"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	if err := os.Truncate(files[0], 4096); err != nil {
		t.Fatal(err)
	}
	body.WriteString("zorbly plim")
	had := []match.Span{{Signal: 9}}
	if found := e.Phrases([]byte(body.String()), had); len(found) != 1 || found[0] != had[0] || e.Missing() == 0 {
		t.Errorf("%d are found, %d parts are missing", len(found)-1, e.Missing())
	}
	if err := e.Apply(phrase(9000, "zorbly plim")); err != nil {
		t.Fatal(err)
	}
	if found := e.Phrases([]byte(body.String()), nil); len(found) != 1 {
		t.Errorf("a phrase applied after the damage: %d are found", len(found))
	}
}

// TestBentWords finds phrases whose words have digits for letters, or letters that are repeated, and only these.
func TestBentWords(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	var changes []match.Change
	for i, raw := range []string{"zorbly plim trade", "plii fnord", "zoorbly good 9 deal", "zorbly 密语 now", "продам зорбли"} {
		c, _ := changeOf(i, "phrase", raw)
		changes = append(changes, c)
	}
	if err := e.Apply(changes); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"zorbly plim trade":                                "zorbly plim trade",
		"so: z0rb1y PL1M tr4de!":                           "", // 1 is l here and i there
		"so: z0rbly PL1M tr4de!":                           "z0rbly PL1M tr4de",
		"z0rb1y plim tr4de":                                "z0rb1y plim tr4de",
		"ZORRRRBLY pliiiim tradeeee":                       "ZORRRRBLY pliiiim tradeeee",
		"pliiiii fnord":                                    "pliiiii fnord",
		"zooooorbly goood 9 deal":                          "zooooorbly goood 9 deal",
		"zooooorbly goood 999 deal":                        "",
		"é ｚ0rbly ｐｌｉｉｉｍ trade":                            "ｚ0rbly ｐｌｉｉｉｍ trade",
		"又z000rbly密语now":                                   "z000rbly密语now",
		"ПРОООДАМ зорбли":                                  "ПРОООДАМ зорбли",
		"zorbly plim trad3":                                "", // a digit at an end may be anything
		"zzz zorbly x x x x plim trade":                    "",
		strings.Repeat("n00b ", 3000) + "plim":             "",
		strings.Repeat("w4y ", 9000) + "z0rbly plim trade": "z0rbly plim trade",
	} {
		got, err := scanAll(e, []byte(text), "")
		found := ""
		if len(got) > 0 {
			found = text[got[0].Start:got[0].End]
		}
		if err != nil || len(got) > 1 || found != want {
			t.Errorf("%.60q: got %q of %d, want %q, %v", text, found, len(got), want, err)
		}
	}
}

// TestCodesInLongPhrases writes one blank or letter of the longest phrases as a code, at each place: what is read around a code must
// be all that may belong to one phrase with it.
func TestCodesInLongPhrases(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(21, 22))
	spaced := make([]string, 20)
	for i := range spaced {
		spaced[i] = fakeWord(rng)[:4]
	}
	unspaced := make([]string, 200)
	for i := range unspaced {
		unspaced[i] = string(rune('\u4e00' + rng.IntN(3000)))
	}
	e, ref := match.New(key), matchtest.New()
	for i, raw := range []string{strings.Join(spaced, " "), strings.Join(unspaced, "")} {
		c, ok := changeOf(i, "phrase", raw)
		if !ok {
			t.Fatalf("phrase %d is refused", i)
		}
		ref.Apply([]match.Change{c})
		if err := e.Apply([]match.Change{c}); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range [][]string{spaced, unspaced} {
		blank := " "
		if len(words) > 20 {
			blank = ""
		}
		for i := range len(words) {
			for _, code := range []string{"%20", "&#32;", "&nbsp;", "%0A%20"} {
				before, after := strings.Join(words[:i], blank), strings.Join(words[i:], blank)
				texts := []string{before + code + after}
				if letter := after[:1]; blank != "" {
					texts = append(texts, fmt.Sprintf("%s%s%%%x%s", before, blank, letter, after[1:]), fmt.Sprintf("%s%s%c&#%d;%s", before, blank, after[0], after[1], after[2:]))
				}
				for _, text := range texts {
					text = "plim & zorb " + text + " zorb"
					got, err := scanAll(e, []byte(text), "")
					if want := ref.Scan([]byte(text), ""); err != nil || len(got) != 1 || !slices.Equal(got, want) {
						t.Fatalf("%q\n got %s, %v\nwant %s", text, show(text, got), err, show(text, want))
					}
				}
			}
		}
	}
}
