package draft_test

import (
	"fmt"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/draft"
)

// BenchmarkCheck reads and checks a file as a dry run does, in either format.
func BenchmarkCheck(b *testing.B) {
	const n = 5000
	var table, lines strings.Builder
	table.WriteString("type,value,programs,tags,severity,policy,reviewed_by,note\n")
	for i := range n {
		value := fmt.Sprintf("https://files.example.com/f/%d", i)
		fmt.Fprintf(&table, "url,%s,12,csam,high,\"Child safety 4.2, b\",human,seen in batch %d\n", value, i)
		fmt.Fprintf(&lines, `{"type":"url","value":"%s","programs":["12"],"tags":["csam"],"severity":"high",`+
			`"basis":{"policy":"Child safety 4.2, b","reviewed_by":"human"},"note":"seen in batch %d"}`+"\n", value, i)
	}
	for name, text := range map[string]string{"csv": table.String(), "ndjson": lines.String()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				from, err := draft.NewReader(strings.NewReader(text), draft.Options{})
				if err != nil {
					b.Fatal(err)
				}
				s := draft.Sharing{From: from, Rules: rules(), Flush: func() error { return nil },
					Done: func(row draft.Row, _ lantern.ShareResult) error { return row.Err }}
				if err := s.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
