package text

import (
	"go/build"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"lantern/internal/wordhash"
	"lantern/signal"
)

// plainWord is a word as the slow reference cuts it.
type plainWord struct {
	start, end int
	fold       string
	alone      bool
}

// cutSlowly is the definition of words: character by character.
func cutSlowly(text []byte) (words []plainWord) {
	open := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		for _, f := range signal.FoldRune(r) {
			if !signal.IsWord(f) || f == utf8.RuneError {
				open = false
				continue
			}
			alone := signal.Unspaced(f)
			if !open || alone {
				words = append(words, plainWord{start: i, alone: alone})
			}
			w := &words[len(words)-1]
			w.end = i + size
			w.fold += string(f)
			open = !alone
		}
		i += size
	}
	return words
}

// checkCut holds the words of a text to the slow reference.
func checkCut(t *testing.T, text []byte) {
	t.Helper()
	want := cutSlowly(text)
	for without := range 3 {
		checkCutBy(t, text, want, without)
	}
}

// checkCutBy cuts by the kernels there are, or without some.
func checkCutBy(t *testing.T, text []byte, want []plainWord, without int) {
	t.Helper()
	l := Words{without: without}
	for range 2 { // again knows more of the characters
		l.Cut(text)
		checkWords(t, &l, want)
	}
}

// checkWords holds words to those of the slow reference.
func checkWords(t *testing.T, l *Words, want []plainWord) {
	t.Helper()
	if len(l.List) != len(want) || len(l.Hashes) != len(want) {
		t.Fatalf("%d words, %d hashes, want %d words", len(l.List), len(l.Hashes), len(want))
	}
	is := func(w *Word, fold string) bool {
		rest, ok := l.after(w, []byte(fold))
		return ok && len(rest) == 0
	}
	for i, w := range want {
		if got := &l.List[i]; got.Start != w.start || got.End != w.end || !is(got, w.fold) || is(got, w.fold+"x") || is(got, w.fold[1:]) {
			t.Fatalf("word %d is %+v, want %d to %d", i, *got, w.start, w.end)
		}
		if l.Hashes[i] != wordhash.Folded([]byte(w.fold)) {
			t.Fatalf("the hash of word %d, which has %d bytes, is not that of its folded form", i, len(w.fold))
		}
	}
	folds := make([]string, len(want))
	var runs []Run
	for i, w := range want {
		folds[i] = w.fold
		if w.alone && i > 0 && want[i-1].alone {
			runs[len(runs)-1].Behind++
		} else if w.alone {
			runs = append(runs, Run{i, i + 1})
		}
	}
	if !slices.Equal(l.Runs, runs) {
		t.Fatalf("runs %v, want %v", l.Runs, runs)
	}
	if got, want := string(l.AppendFolded(nil)), strings.Join(folds, " "); got != want {
		t.Fatalf("folded to %q, want %q", got, want)
	}
}

// FuzzCut holds the words of any text to the slow reference.
func FuzzCut(f *testing.F) {
	for _, s := range []string{
		"", "word", "two Words", "caf\u00e9 cafe\u0301 ca\u200bfe", "ｆｕｌｌ ｗｉｄｔｈ, plain", "日本語 text日本", "\xffbad\xc3", "a ㏂ b ﷺ",
		"ไทย ก็ ab\u0301c", "한국어 ﬁne ①②", strings.Repeat("long", 30) + " " + strings.Repeat("x", 64), "Привет мир \U0001d538\U0001d539 \U000e0041x",
	} {
		f.Add([]byte(s))
		f.Add([]byte(strings.Repeat("pad ", 15) + s))
	}
	f.Fuzz(checkCut)
}

// TestCutMixed cuts texts mixed of all kinds of characters, of all lengths around those of the
// blocks and words that are read at once.
func TestCutMixed(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	parts := []string{"a", "B", "7", " ", ", ", "word", "Sixteen_letters_", "sixteenletters16", "seventeenletters1", "thirtyThreeLettersWithoutAnyDoubt1", "é", "e\u0301", "\u200b", "ｗ", "ＡＺｗ７＿～", "ﾊﾞｱ", "日", "\u0e01", "한", "ﬁ", "㏂", "\xff", "\xe3\x81", "я", "\U0001d538", "\U000e0041", "—", "’"}
	for round := range 20_000 {
		var b strings.Builder
		kinds, most := 1+r.IntN(len(parts)), 40
		if round%100 == 0 {
			most = 4000 // more than is cut at once, of any kind
			r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		}
		for n := r.IntN(most); n > 0; n-- {
			b.WriteString(parts[r.IntN(kinds)])
		}
		checkCut(t, []byte(b.String()))
	}
}

// TestCutProse cuts real texts: the sources of the Go distribution.
func TestCutProse(t *testing.T) {
	t.Parallel()
	var files []string
	for _, dir := range []string{"unicode/utf8", "net/http", "html", "strconv", "time", "golang.org/x/text/unicode/norm"} {
		all, err := filepath.Glob(filepath.Join(build.Default.GOROOT, "src", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, all...)
	}
	if len(files) < 50 {
		t.Skipf("the sources of the Go distribution are not installed")
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkCut(t, text)
	}
}
