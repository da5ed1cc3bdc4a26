package exchange_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
)

// BenchmarkSaturation has seven members share single signals and follow the feed, once alone and
// once beside one that keeps 64 callers busy, with single signals and with batches. "kept" is
// how much of their throughput the seven keep: when each shares 20 a second, and when each shares
// as fast as one caller is answered. "followed" is how much of all that was shared each of
// the seven had read when the time was over.
func BenchmarkSaturation(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		bully := w.AddCompany("Loud")
		var others []exchangetest.Company
		for _, name := range []string{"Cloudbin", "Facegram", "Pixelplay", "Chatter", "Mailbox", "Gamer", "Shop"} {
			others = append(others, w.AddCompany(name))
		}
		for range b.N {
			for name, pause := range map[string]time.Duration{"paced": 50 * time.Millisecond, "unpaced": 0} {
				alone, _, _, followed := contend(b, w, others, pause, bully, 0, 0)
				b.ReportMetric(alone, name+"-alone/s")
				b.ReportMetric(followed, name+"-followed-alone")
				for load, size := range map[string]int{"singles": 1, "batches": 200} {
					beside, late, theirs, followed := contend(b, w, others, pause, bully, 64, size)
					b.ReportMetric(beside/alone, name+"-kept-of-"+load)
					b.ReportMetric(float64(late.Milliseconds()), name+"-p99-ms-"+load)
					b.ReportMetric(theirs, name+"-"+load+"/s")
					b.ReportMetric(followed, name+"-followed-"+load)
				}
			}
		}
	})
}

var drawn atomic.Int64 // makes every value a fresh one

// contend runs everybody for a while and returns the others' signals a second, their 99th
// percentile, the saturating member's signals a second, and how much of both the others had
// read at the end.
func contend(b *testing.B, w *exchangetest.World, others []exchangetest.Company, pause time.Duration, bully exchangetest.Company, callers, size int) (float64, time.Duration, float64, float64) {
	b.Helper()
	const span = 3 * time.Second
	ctx, stop := context.WithTimeout(b.Context(), span)
	defer stop()
	var group sync.WaitGroup
	var mu sync.Mutex
	var times []time.Duration
	var loud, read atomic.Int64
	for _, o := range others {
		group.Go(func() {
			for next := time.Now(); ctx.Err() == nil; next = next.Add(pause) {
				if wait := time.Until(next); pause > 0 && wait > 0 {
					time.Sleep(wait)
				}
				began := time.Now()
				if _, err := w.Share(ctx, o.Service, w.Draft(int(drawn.Add(1)))); err == nil {
					mu.Lock()
					times = append(times, time.Since(began))
					mu.Unlock()
				}
			}
		})
	}
	for _, o := range others { // each has an agent that follows from the present end
		_, cursor := w.Drain(o.Service, "")
		group.Go(func() {
			for ctx.Err() == nil {
				page, err := w.Feed(ctx, o.Service, w.Program.ID, cursor, 0, time.Second)
				if err != nil {
					continue // its time is over
				}
				cursor = page.Next
				read.Add(int64(len(page.Changes)))
			}
		})
	}
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				drafts := make([]lantern.Draft, size)
				for i := range drafts {
					drafts[i] = w.Draft(int(drawn.Add(1)))
				}
				if _, err := w.ShareBatch(ctx, bully.Service, drafts); err == nil {
					loud.Add(int64(size))
				}
			}
		})
	}
	group.Wait()
	slices.Sort(times)
	var p99 time.Duration
	if len(times) > 0 {
		p99 = times[len(times)*99/100]
	}
	all := float64(len(times)) + float64(loud.Load())
	return float64(len(times)) / span.Seconds(), p99, float64(loud.Load()) / span.Seconds(), float64(read.Load()) / float64(len(others)) / max(all, 1)
}
