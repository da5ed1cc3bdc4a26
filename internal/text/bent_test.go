package text

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestBends holds the kernel to each byte.
func TestBends(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 7))
	const bytes = "aaAAbz@[`{_0077/89 \x00\x7f\x80\xc0\xe1\xff"
	for range 20_000 {
		b := make([]byte, r.IntN(300))
		for i := range b {
			b[i] = bytes[r.IntN(len(bytes))]
			if i > 0 && r.IntN(2) == 0 {
				b[i] = b[i-1] ^ byte(r.IntN(2))*foldBit
			}
		}
		at := func(i int) byte {
			if i < len(b) {
				return b[i]
			}
			return 0
		}
		got := bends(nil, b)
		for i := range b {
			letter := func(c byte) bool { return c >= 0x40 && c < 0x80 }
			want := letter(b[i]) && b[i]|foldBit == at(i+1)|foldBit && b[i]|foldBit == at(i+2)|foldBit || b[i] >= '0' && b[i] <= '7' && letter(at(i+1))
			if is := got[i/64]>>(i%64)&1 == 1; is != want {
				t.Fatalf("byte %d of %x: got %t", i, b, is)
			}
		}
	}
}

// TestBentEqualsEachWord holds looking for bent words to looking at each word.
func TestBentEqualsEachWord(t *testing.T) {
	t.Parallel()
	pieces := []string{"z0rb", "aaa", "Aa", "a", "l1", "111", "7", "9", "good", "GOOD", "ooo", " ", " ", "\n", "-", "---", "_", "[[[", "1a1", "x86", "\x00\x00\x00", "é", "ｚ", "\u200b", "今", "ооо", "０", "o\u200boo", "www", "ⅲ", "Ⅷ", "éé", "яя", "0o"}
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
