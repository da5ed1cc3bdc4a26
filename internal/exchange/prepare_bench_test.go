package exchange

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/seal"
	"lantern/internal/store"
)

// ProcessorTime is what this process used of all processors. On a machine that others use
// too it tells more than the clock.
func ProcessorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What sharing costs beside the database, in processor time, collection of garbage included:
// checks, normal form, sealing and marks; and the entry in the log. A round is a batch.
func BenchmarkPrepare(b *testing.B) {
	x := &Exchange{Config: Config{Sealer: seal.New(seal.NewLocalKEK([32]byte{1})), Random: rand.Reader}}
	x.ids.renew(1 << 40)
	x.ids.end = 1 << 62 // no transaction for blocks
	by := policy.Actor{Member: 1, Service: 2, Key: 3}
	for _, kind := range []struct{ name, form string }{{"sha256", "%064x"}, {"sha256/noted", "%064x"}, {"email", "night.owl%d@example.com"},
		{"url", "https://files.example.com/f/%d?p=2"}, {"url/defanged", "hxxps://files[.]example.com/f/%d?utm_source=x"}, {"phrase", "zorbly plim trade %d"}} {
		name, _, _ := strings.Cut(kind.name, "/")
		drafts := make([]lantern.Draft, lantern.MaxBatch)
		for i := range drafts {
			drafts[i] = lantern.Draft{Programs: []lantern.ID{1}, Type: lantern.SignalType(name), Value: fmt.Sprintf(kind.form, i+1), Status: lantern.Violating,
				Tags: []lantern.Tag{"csam"}, Confidence: 90, Role: lantern.Content,
				Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, Action: "removed", At: time.Unix(1.7e9, 0).UTC()}}
		}
		if strings.HasSuffix(kind.name, "noted") {
			for i := range drafts {
				drafts[i].Note = "seen in a public album"
			}
		}
		rules := []lantern.Program{{}}
		ready := make([]*prepared, len(drafts))
		prepare := func() {
			desk := x.newDesk(len(drafts))
			for i := range drafts {
				var err error
				if ready[i], err = x.prepare(b.Context(), by, &drafts[i], desk); err != nil {
					b.Fatal(err)
				}
				ready[i].rules = rules
			}
		}
		record := func() {
			t := &txn{x: x, ctx: b.Context(), random: bufio.NewReaderSize(x.Random, 512), now: time.Unix(1.8e9, 0), month: "2026-11",
				leaves: make([]store.LeafRow, 0, len(ready)), slab: slab{size: maxSlab}}
			for _, p := range ready {
				e := entry{kind: audit.Share, by: by, person: p.person, record: &p.record}
				p.tell(&e.facts)
				if _, err := t.enter(&e); err != nil {
					b.Fatal(err)
				}
			}
		}
		for _, part := range []struct {
			name string
			run  func()
		}{{"prepare", prepare}, {"leaf", record}, {"both", func() { prepare(); record() }}} {
			b.Run(kind.name+"/"+part.name, func(b *testing.B) {
				b.ReportAllocs()
				start := ProcessorTime()
				for b.Loop() {
					part.run()
				}
				b.ReportMetric(float64((ProcessorTime()-start).Nanoseconds())/float64(b.N*len(drafts)), "cpu-ns/signal")
			})
		}
	}
}
