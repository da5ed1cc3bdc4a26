package text

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestBentEqualsEachWord holds looking for bent words eight bytes at a time to looking at each word.
func TestBentEqualsEachWord(t *testing.T) {
	t.Parallel()
	pieces := []string{"z0rb", "aaa", "Aa", "a", "l1", "111", "7", "9", "good", "GOOD", "ooo", " ", " ", "\n", "-", "---", "_", "[[[", "1a1", "x86", "\x00\x00\x00", "é", "ｚ", "\u200b", "今", "ооо", "０", "o\u200boo"}
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(t, "text") {
			b = append(b, p...)
		}
		var l Words
		l.Cut(b)
		var want []int
		wantWays := 0
		for i := range l.List {
			if _, ways, bent := straight(nil, l.appendWord(nil, i), 0); bent {
				want, wantWays = append(want, i), wantWays|ways
			}
		}
		if got, ways := l.Bent(nil); !slices.Equal(got, want) || ways != wantWays {
			t.Fatalf("%q: got %v %d, want %v %d", b, got, ways, want, wantWays)
		}
	})
}
