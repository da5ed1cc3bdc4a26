package sqltext_test

import (
	"strings"
	"testing"

	"lantern/internal/sqltext"
)

func FuzzScan(f *testing.F) {
	f.Add("SELECT $1, 'a''b' -- c\n/* d */ FROM \"e\";")
	f.Add("'\"--/*$9")
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		for _, tok := range sqltext.Scan(s) {
			b.WriteString(tok.Text)
		}
		if b.String() != s {
			t.Errorf("the tokens of %q are not the text", s)
		}
		sqltext.CheckPortable(s)
	})
}
