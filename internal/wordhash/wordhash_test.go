package wordhash_test

import (
	"strings"
	"testing"

	"lantern/internal/wordhash"
)

// TestFolded holds the hash to answers of another program, written after docs/formats/segments.md.
func TestFolded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word string
		want uint64
	}{
		{"zorbly", 0x8a2c0d25b45528e3},
		{"今", 0x85cbaf8a4420a0b7},
		{"exactlysixteenby", 0x6af104fa48c709d},
		{"seventeen-letters", 0x367596e57ae451e2},
		{"thirtytwobytesthirtytwobytesmore", 0x6b19d522af361c86},
		{"thirtythreebytesthirtythreebytes!", 0xa80afbba9f535e9f},
	} {
		if got := wordhash.Folded([]byte(c.word)); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.word, got, c.want)
		}
		for pad := range 40 { // ASCII loads what stands around a word
			before, behind := strings.Repeat("x", pad%7), strings.Repeat("y", pad/2)
			b := []byte(before + strings.ToUpper(c.word) + behind)
			if got := wordhash.ASCII(b, len(before), len(b)-len(behind)); got != c.want && letters(c.word) {
				t.Errorf("%s, %d bytes before and %d behind: %#x, want %#x", c.word, len(before), len(behind), got, c.want)
			}
		}
	}
}

// letters reports whether a word is of letters of ASCII.
func letters(w string) bool {
	return strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == ""
}
