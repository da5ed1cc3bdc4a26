package text

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lantern/internal/wordhash"
)

// TestBends holds the kernel to each byte.
func TestBends(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 7))
	const bytes = "aaAAbz@[`{_0077/89 $%&' \x00\x7f\x80\xc0\xe1\xff"
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
			want := letter(b[i]) && b[i]|foldBit == at(i+1)|foldBit && b[i]|foldBit == at(i+2)|foldBit || b[i] >= '0' && b[i] <= '7' && letter(at(i+1)) || b[i] == '%' || b[i] == '&'
			if is := got[i/64]>>(i%64)&1 == 1; is != want {
				t.Fatalf("byte %d of %x: got %t", i, b, is)
			}
		}
	}
}

// TestBentEqualsEachWord holds looking for bent words to looking at each word.
func TestBentEqualsEachWord(t *testing.T) {
	t.Parallel()
	pieces := []string{"z0rb", "aaa", "Aa", "a", "l1", "111", "7", "9", "good", "GOOD", "ooo", " ", " ", "\n", "-", "---", "_", "[[[", "1a1", "x86", "\x00\x00\x00", "é", "ｚ", "\u200b", "今", "ооо", "０", "o\u200boo", "www", "ⅲ", "Ⅷ", "éé", "яя", "0o", "xi1i", "l1l0", "%20", "%", "&#46;", "&nbsp;", "&", "%zz"}
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(t, "text") {
			b = append(b, p...)
		}
		var l Words
		l.Cut(b)
		holds := func(hash uint64) bool { return hash%3 == 0 }
		got, gotWays, gotHeld := l.Bent(nil, holds)
		wantWays, wantHeld := 0, false
		for i := range l.List {
			_, ways, bent := straight(nil, l.appendWord(nil, i), 0)
			if !bent {
				continue
			}
			if len(got) == 0 || got[0].Word != i {
				t.Fatalf("%q: word %d is not found", b, i)
			}
			_, more, _ := straight(nil, l.appendWord(nil, i), oneAsI)
			some := false
			for way := range Ways {
				w, _, _ := straight(nil, l.appendWord(nil, i), way)
				hash, held := got[0].holds(way)
				if hash != wordhash.Folded(w) || held != holds(hash) {
					t.Fatalf("%q: word %d, way %d: held %v", b, i, way, held)
				}
				some = some || held
			}
			if some {
				wantWays, wantHeld = wantWays|ways|more, true
			}
			got = got[1:]
		}
		if len(got) > 0 || gotWays != wantWays || gotHeld != wantHeld {
			t.Fatalf("%q: %d too many; ways %d, held %v, want %d, %v", b, len(got), gotWays, gotHeld, wantWays, wantHeld)
		}
		var codes []Code
		for i := range b {
			if char, size := CodeAt(b, i); size > 0 {
				codes = append(codes, Code{i, i + size, char})
			}
		}
		if !slices.Equal(l.Codes, codes) {
			t.Fatalf("%q: got codes %v, want %v", b, l.Codes, codes)
		}
	})
}
