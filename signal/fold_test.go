package signal_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lantern/signal"
)

func fold(s string) string {
	var b []byte
	for _, r := range s {
		b = signal.AppendFold(b, r)
	}
	return string(b)
}

func TestFoldUndoesEvasions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, raw, want string }{
		{"case", "ZoRBLy", "zorbly"},
		{"full width", "ｚｏｒｂｌｙ７", "zorbly7"},
		{"mathematical bold", "𝐳𝐨𝐫𝐛𝐥𝐲", "zorbly"},
		{"mathematical script", "𝓏ℴ𝓇𝒷𝓁𝓎", "zorbly"},
		{"fraktur", "𝔷𝔬𝔯𝔟𝔩𝔶", "zorbly"},
		{"circled", "ⓩⓞⓡⓑⓛⓨ", "zorbly"},
		{"white on black", "🅩🅞🅡🅑🅛🅨", "zorbly"},
		{"Cyrillic", "zоrblу", "zorbly"},
		{"Greek", "zοrβly", "zorbly"},
		{"capital Cyrillic", "СОРЕ", "cope"},
		{"small capitals", "ᴢᴏʀʙʟʏ", "zorbly"},
		{"accents", "żórblÿ", "zorbly"},
		{"stacked marks", "z̷̡̛o͜͝r̸b̶l̵y̴", "zorbly"},
		{"zero width", "z\u200bo\u200cr\u200db\ufeffl\u2060y", "zorbly"},
		{"soft hyphen", "zor\u00adbly", "zorbly"},
		{"direction marks", "\u202ezor\u202cbly\u200f", "zorbly"},
		{"tags", "zor\U000e0062bly", "zorbly"},
		{"stroke", "zørbłÿ", "zorbly"},
		{"ligature", "ﬃx", "ffix"},
		{"sharp s", "straße STRASSE", "strasse strasse"},
		{"dotless and dotted i", "ıİIi", "iiii"},
		{"Arabic digits", "٠١٢ ۳۴۵ ६७८", "012 345 678"},
		{"Arabic points", "كِتَابـــ", "كتاب"},
		{"Hebrew points", "שָׁלוֹם", "שלום"},
		{"Devanagari signs stay", "कि की", "कि की"},
		{"Thai signs stay", "ที่นี่", "ที่นี่"},
		{"half-width kana", "ｶﾞ", "カ\u3099"},
		{"composed kana", "ガ", "カ\u3099"},
		{"Hangul", "한", "\u1112\u1161\u11ab"},
		{"final sigma", "ΟΔΟΣ οδος", "oδoo oδoo"},
		{"no-break space", "a\u00a0b", "a b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := fold(c.raw); got != c.want {
				t.Errorf("fold(%+q) = %+q, want %+q", c.raw, got, c.want)
			}
		})
	}
}

// TestFoldEveryRune walks all of Unicode.
func TestFoldEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(-1); r <= unicode.MaxRune+1; r++ {
		s := signal.FoldRune(r)
		if got := string(signal.AppendFold(nil, r)); got != s {
			t.Fatalf("%U: AppendFold gives %+q, FoldRune %+q", r, got, s)
		}
		if !utf8.ValidString(s) {
			t.Fatalf("%U folds to invalid UTF-8", r)
		}
		if again := fold(s); again != s {
			t.Fatalf("%U folds to %+q and that to %+q", r, s, again)
		}
		if !utf8.ValidRune(r) || r < 0x80 {
			continue
		}
		if slow := fold(norm.NFKD.String(string(r))); slow != s {
			t.Errorf("%U folds to %+q, its decomposition to %+q", r, s, slow)
		}
		if got, want := fold(string(unicode.ToUpper(r))), fold(string(unicode.ToLower(r))); got != want && unicode.ToLower(unicode.ToUpper(r)) == unicode.ToLower(r) {
			t.Errorf("%U: upper form folds to %+q, lower to %+q", r, got, want)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	for name, text := range map[string]string{
		"ascii":    "the quick brown fox jumps over the lazy dog, twice or thrice.",
		"cyrillic": "съешь ещё этих мягких французских булок, да выпей чаю",
		"han":      "天地玄黃宇宙洪荒日月盈昃辰宿列張",
		"hangul":   "다람쥐 헌 쳇바퀴에 타고파",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var dst []byte
			for b.Loop() {
				dst = dst[:0]
				for _, r := range text {
					dst = signal.AppendFold(dst, r)
				}
			}
		})
	}
}
