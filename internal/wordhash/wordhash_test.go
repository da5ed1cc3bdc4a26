package wordhash_test

import (
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
	}
}
