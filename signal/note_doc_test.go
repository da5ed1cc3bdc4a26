package signal

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestNotesLintIsDocumented holds docs/notes-lint.md to the lists, both ways.
func TestNotesLintIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/notes-lint.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, list := range [][]string{beforeAge, ageWords, afterAge, foreignAges, foreignYears, sayings, persons, handles, things} {
		for _, w := range list {
			listed[w] = true
		}
	}
	for _, rule := range noteRules {
		for _, w := range rule.words {
			listed[w] = true
			if skeleton(w) != w {
				t.Errorf("%q is not folded, so no note will ever hold it", w)
			}
		}
	}
	for w := range listed {
		if !strings.Contains(string(page), "`"+w+"`") {
			t.Errorf("docs/notes-lint.md lacks %q", w)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^(?:Words: )?`[^\n]*$").FindAllString(string(page), -1) {
		for _, w := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(m, -1) {
			if !listed[w[1]] && !strings.HasPrefix(m, "`[.]`") && !strings.HasPrefix(m, "`2026") {
				t.Errorf("docs/notes-lint.md names %q, which no list holds", w[1])
			}
		}
	}
}
