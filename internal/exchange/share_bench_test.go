package exchange_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// engines runs a benchmark on both engines.
func engines(b *testing.B, run func(*testing.B, string)) {
	b.Run("sqlite", func(b *testing.B) { run(b, sqldbtest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { run(b, sqldbtest.Postgres(b)) })
}

// A round is one batch of 1,000.
func BenchmarkShareBatch(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		red := w.AddCompany("Cloudbin")
		drafts := make([]lantern.Draft, lantern.MaxBatch)
		n := 0
		b.ResetTimer()
		for range b.N {
			for i := range drafts {
				n++
				drafts[i] = w.Draft(n)
			}
			if _, err := w.ShareBatch(b.Context(), red.Service, drafts); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "shares/s")
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/share")
	})
}

// A round is one share; 200 callers share at the same time.
func BenchmarkShareSingles(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		red := w.AddCompany("Cloudbin")
		var n atomic.Int64
		var group sync.WaitGroup
		b.ResetTimer()
		for range 200 {
			group.Go(func() {
				for {
					i := n.Add(1)
					if i > int64(b.N) {
						return
					}
					if _, err := w.Share(b.Context(), red.Service, w.Draft(int(i))); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "shares/s")
	})
}

// A round erases one of 100,000 signals and scrubs: what an operator pays for an erasure.
func BenchmarkScrub(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		red := w.AddCompany("Cloudbin")
		var ids []lantern.ID
		for range 100 {
			drafts := make([]lantern.Draft, lantern.MaxBatch)
			for i := range drafts {
				drafts[i] = w.Draft(len(ids) + i)
			}
			results, err := w.ShareBatch(b.Context(), red.Service, drafts)
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range results {
				ids = append(ids, r.Signal)
			}
		}
		for _, tables := range [][]string{{"secret"}, {"signal", "placement", "idempotency"}} {
			b.Run(tables[0], func(b *testing.B) {
				for range b.N {
					id := ids[0]
					ids = ids[1:]
					b.StopTimer()
					if _, err := w.Withdraw(b.Context(), red.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnRequest, Erase: true}); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					if err := w.Config.DB.Scrub(b.Context(), tables...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
