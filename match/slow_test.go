package match_test

import (
	"bytes"
	"strings"
	"testing"

	"lantern/match"
)

// BenchmarkHostileText reads texts made to be slow, for every planted value.
func BenchmarkHostileText(b *testing.B) {
	var changes []match.Change
	for i, p := range planted {
		if c, ok := changeOf(i, p.typ, p.raw); ok {
			changes = append(changes, c)
		}
	}
	e := engineOf(b, changes)
	for name, unit := range map[string]string{
		"ends of a shared address":       "https://files.example.com/a?" + strings.Repeat(",", 3000) + " ",
		"addresses in addresses":         "https://files.example.com/a?",
		"escaped addresses in addresses": `https:\/\/files.example.com\/a?`,
		"escaped names in names":         `files.example.com\/`,
		"at signs":                       "a@",
		"mailbox marks":                  strings.Repeat("!", 250) + "@example.com ",
		"dots":                           "a.",
		"defanged dots":                  "a[.]",
		"no blanks":                      "ab",
		"joiners":                        "-_",
		"scripts":                        "a今",
		"sentences":                      "今天天气很好。我们去公园吧。",
		"digits":                         "0012025550143 ",
		"plus":                           "+1202555014",
		"hexadecimal":                    "0123456789abcdef:",
		"invisible":                      "a\u200b",
		"phrases":                        "zorbly plim ",
		"NUL":                            "\x00",
		"broken":                         "\xff\xe4",
		"IBAN":                           "GB33 BUKB 2020 1555 ",
	} {
		text := []byte(strings.Repeat(unit, 1<<18/len(unit)))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for range b.N {
				if err := e.Scan(b.Context(), bytes.NewReader(text), match.ScanOptions{Region: "US"}, func(match.Spot) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
