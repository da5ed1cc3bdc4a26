package text_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"lantern/internal/text"
	"lantern/signal"
)

// TestKinds holds the tables of characters to what they are made of, and what the functions say to their comments.
func TestKinds(t *testing.T) {
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if r == 0x21000 {
			r = 0xE0000 // nothing stands between but Han, and what is not assigned
		}
		script := text.NoScript
		hidden := signal.IsHidden(r)
		if signal.IsWord(r) && !hidden && r != utf8.RuneError {
			if script = text.Spaced; signal.Unspaced(r) {
				script = text.Unspaced
			}
		}
		if text.ScriptOf(r) != script || text.IsHidden(r) != hidden || text.RunRune(r) != (script != text.NoScript || hidden) || text.Combines(r) != unicode.Is(unicode.Mn, r) {
			t.Fatalf("%U: script %d, unseen %t, in runs %t", r, text.ScriptOf(r), text.IsHidden(r), text.RunRune(r))
		}
		if hidden && !unicode.Is(unicode.Cf, r) && r != '\u2800' && signal.FoldRune(r) != "" {
			t.Fatalf("%U is hidden in names, and not in phrases", r)
		}
	}
}
