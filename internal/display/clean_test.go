package display

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"plain text stays", "night_owl7 naïve 日本語 🙂", "night_owl7 naïve 日本語 🙂"},
		{"escape sequence", "a\x1b[31mred", `a\u001b[31mred`},
		{"C1 control", "a\u009b31m", `a\u009b31m`},
		{"line breaks stay in their line", "a\r\n\tb", `a\r\n\tb`},
		{"delete and bell", "\x7f\a", `\u007f\u0007`},
		{"right-to-left override", "exe.\u202egpj", `exe.\u202egpj`},
		{"isolates", "\u2066x\u2069", `\u2066x\u2069`},
		{"zero width", "ad\u200bmin\ufeff", `ad\u200bmin\ufeff`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"tag characters", "a\U000e0041", `a\U000e0041`},
		{"invalid UTF-8", "a\xffb", `a\xffb`},
	} {
		if got := Clean(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCleanJSONKeepsTheData(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"plain", "a\x1b[2Jb", "\u009b", "\u202egpj.exe", "\u2066\u2069\u200b", "\U000e0041", "\x7f", "é\u2028\n\t\"\\",
	} {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		safe := cleanJSON(b)
		for _, r := range string(safe) {
			if unsafeRune(r) {
				t.Errorf("%q: the output holds %U", in, r)
			}
		}
		var back string
		if err := json.Unmarshal(safe, &back); err != nil || back != in {
			t.Errorf("%q: reads back as %q, %v", in, back, err)
		}
	}
}

func TestCSVCell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                "",
		"plain":           "plain",
		"a=b":             "a=b",
		"=1+1":            "'=1+1",
		"+15550100":       "'+15550100",
		"-2":              "'-2",
		"@owl":            "'@owl",
		"\t=1":            `'\t=1`,
		"\r=1":            `'\r=1`,
		"\x1b[31m":        `\u001b[31m`,
		"safe\u202egpj":   `safe\u202egpj`,
		"=cmd|'/c calc'!": "'=cmd|'/c calc'!",
	} {
		if got := csvCell(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// Whatever stands in front of a formula, no cell of a table starts one: not in a column, not
// in a cell that is spread over lines, not behind what a reader trims.
func TestNoFormulaInCSV(t *testing.T) {
	t.Parallel()
	var payloads []string
	for _, start := range []string{"=", "+", "-", "@", "\t=", "\r=", "\n=", "\r\n=", "＝", "＋", "－", "＠", "==", "=-", "\x00=", "\ufeff=", "\u200b=", "\u202e="} {
		for _, rest := range []string{"1+1", "cmd|'/c calc'!A0", `HYPERLINK("x","y")`, `"x",=1+1`} {
			payloads = append(payloads, start+rest)
		}
	}
	payloads = append(payloads, "'", "''=1+1", "'=1+1", "a\n=1+1", "a,=1+1", `a",=1+1`, `",=1+1`)
	if len(payloads) < 50 {
		t.Fatalf("only %d payloads", len(payloads))
	}
	for _, payload := range payloads {
		var b bytes.Buffer
		col := func(s string) string { return s }
		if err := All(&Printer{w: &b, Format: CSV}, []string{payload}, Col("one", col), Col("two", col)); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != 2 {
			t.Errorf("%q: got %v, %v", payload, rows, err)
			continue
		}
		for _, cell := range rows[1] {
			if first, _ := utf8.DecodeRuneInString(strings.TrimSpace(cell)); strings.ContainsRune("=+-@\t\r\n＝＋－＠\x00\ufeff\u200b\u202e", first) {
				t.Errorf("%q: a cell starts with %q", payload, first)
			}
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b]0;title\a")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		for _, r := range got {
			if unsafeRune(r) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if again := Clean(got); again != got {
			t.Errorf("cleaning twice changed %q to %q", got, again)
		}
	})
}
