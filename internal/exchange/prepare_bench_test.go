package exchange

import (
	"crypto/rand"
	"fmt"
	"testing"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/seal"
)

// What sharing costs before the transaction: checks, normalization, sealing, marks.
func BenchmarkPrepare(b *testing.B) {
	x := &Exchange{Config: Config{Sealer: seal.New(seal.NewLocalKEK([32]byte{1})), Random: rand.Reader}}
	x.ids.renew(1 << 40)
	x.ids.end = 1 << 62 // no transaction for blocks
	for _, kind := range []struct {
		name lantern.SignalType
		form string
	}{{"url", "hxxps://files[.]example.com/f/%d?utm_source=x"}, {"email", "Night.Owl%d@Example.COM"}, {"sha256", "%064x"}, {"phrase", "zorbly plim trade %d"}} {
		b.Run(string(kind.name), func(b *testing.B) {
			n, desk := 0, x.newDesk(1000)
			for b.Loop() {
				n++
				d := lantern.Draft{Programs: []lantern.ID{1}, Type: kind.name, Value: fmt.Sprintf(kind.form, n), Tags: []lantern.Tag{"csam"},
					Note: "seen in a public album", Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman}}
				if _, err := x.prepare(b.Context(), policy.Actor{Member: 1}, d, desk); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/signal")
		})
	}
}
