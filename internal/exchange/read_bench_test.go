package exchange_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
)

// The size of a large feed. A million takes minutes to share.
var feedSize = flag.Int("signals", 100_000, "how many signals the feeds of benchmarks hold")

// fill shares n signals of one member, one of them in a thousand imminent.
func fill(b *testing.B, w *exchangetest.World, c exchangetest.Company, n int) {
	b.Helper()
	drafts := make([]lantern.Draft, lantern.MaxBatch)
	for i := 0; i < n; i += len(drafts) {
		for j := range drafts {
			drafts[j] = w.Draft(i + j)
			drafts[j].Imminent = j == 500
		}
		if _, err := w.ShareBatch(b.Context(), c.Service, drafts[:min(len(drafts), n-i)]); err != nil {
			b.Fatal(err)
		}
	}
}

// A round is one snapshot of the whole feed.
func BenchmarkSnapshot(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		red := w.AddCompany("Cloudbin")
		fill(b, w, red, *feedSize)
		blue := w.AddCompany("Facegram")
		var size, most int64
		before := exchange.ProcessorTime()
		b.ResetTimer()
		for range b.N {
			err := w.Snapshot(b.Context(), blue.Service, w.Program.ID, lantern.FeedFilter{}, func(block []byte) error {
				if size += int64(len(block)); size%7 == 0 {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most = max(most, int64(m.HeapInuse))
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
		b.ReportMetric(float64(size)/float64(b.N**feedSize), "B/signal")
		b.ReportMetric(float64((exchange.ProcessorTime()-before).Microseconds())/float64(b.N**feedSize), "cpu-µs/signal")
		b.ReportMetric(float64(most)/1e6, "MB-heap")
	})
}

// A round is one page of 1,000 somewhere in a feed of the size.
func BenchmarkFeedPage(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		red := w.AddCompany("Cloudbin")
		have := 0
		for _, size := range []int{10_000, *feedSize} {
			fill(b, w, red, size-have)
			have = size
			blue := w.AddCompany(fmt.Sprintf("Facegram%d", size))
			for name, f := range map[string]lantern.FeedFilter{"all": {}, "imminent": {Imminent: true}, "type": {Types: []lantern.SignalType{"email"}}} {
				b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
					cursor := lantern.Cursor("")
					for range b.N {
						page, err := w.FilteredFeed(b.Context(), blue.Service, w.Program.ID, f, cursor, 0, 0)
						if err != nil {
							b.Fatal(err)
						}
						if cursor = page.Next; !page.More {
							cursor = ""
						}
					}
				})
			}
		}
	})
}

// A round is one share that 50 members wait for.
func BenchmarkTail(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		red := w.AddCompany("Cloudbin")
		const readers = 50
		arrived := make(chan time.Time, readers*4)
		ctx, stop := context.WithCancel(b.Context())
		defer stop()
		var group sync.WaitGroup
		for i := range readers {
			c := w.AddCompany(fmt.Sprintf("Reader%d", i))
			_, cursor := w.Drain(c.Service, "")
			group.Go(func() {
				for ctx.Err() == nil {
					page, err := w.Feed(ctx, c.Service, w.Program.ID, cursor, 0, lantern.MaxWait)
					if err != nil {
						return
					}
					cursor = page.Next
					for range page.Changes {
						arrived <- time.Now()
					}
				}
			})
		}
		var took []time.Duration
		b.ResetTimer()
		for n := range b.N {
			start := time.Now()
			w.MustShare(red.Service, w.Draft(n))
			for range readers {
				took = append(took, (<-arrived).Sub(start))
			}
		}
		b.StopTimer()
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "ms-p50")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1e3, "ms-p99")
		stop()
		group.Wait()
	})
}
