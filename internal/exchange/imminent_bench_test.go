package exchange_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
)

// BenchmarkPage measures how soon somebody is paged: from the call that shares an imminent
// signal to the request at the receiver, while eight callers share batches and a thousand
// events wait for the same webhook, whose receiver takes 50 ms for each.
func BenchmarkPage(b *testing.B) {
	engines(b, func(b *testing.B, url string) {
		w := exchangetest.New(b, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		r, _ := w.AddReceiver(face.Admin)
		paged := make(chan time.Time, 1)
		seen := 0
		var mu sync.Mutex
		r.Answer(func(_ http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			got := r.Got()
			for _, e := range got[seen:] {
				if e.Type == lantern.SignalImminent {
					paged <- time.Now()
				}
			}
			seen = len(got)
			mu.Unlock()
			time.Sleep(50 * time.Millisecond)
		})
		for range 1000 {
			id := w.MustShare(face.Service, w.Draft(int(drawn.Add(1))))
			if _, err := w.React(b.Context(), cloud.Service, lantern.Feedback{Signal: id, Reaction: lantern.Seen}); err != nil {
				b.Fatal(err)
			}
		}
		c := exchangetest.Config(b, url, w.Clock)
		c.WebhookEvery = time.Second
		x := w.Open(c)
		ctx, stop := context.WithCancel(b.Context())
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for ctx.Err() == nil {
					drafts := make([]lantern.Draft, 200)
					for i := range drafts {
						drafts[i] = w.Draft(int(drawn.Add(1)))
					}
					if _, err := x.ShareBatch(ctx, cloud.Service, drafts); err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				}
			})
		}
		var times []time.Duration
		for b.Loop() {
			urgent := w.Draft(int(drawn.Add(1)))
			urgent.Imminent = true
			began := time.Now()
			if _, err := x.Share(ctx, cloud.Service, urgent); err != nil {
				b.Fatal(err)
			}
			times = append(times, (<-paged).Sub(began))
		}
		stop()
		group.Wait()
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Milliseconds()), "p50-ms")
		b.ReportMetric(float64(times[len(times)-1].Milliseconds()), "max-ms")
	})
}
