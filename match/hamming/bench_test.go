package hamming

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var benchHashes = flag.Int("hashes", 1_000_000, "how many hashes the benchmarks hold")

// BenchmarkSearch reports the median and the 99th percentile of one search beside the
// mean; FAISS is measured beside it by test/bench.
func BenchmarkSearch(b *testing.B) {
	for _, w := range worlds[:3] {
		for _, form := range []Form{Wide, Compact} {
			b.Run(fmt.Sprintf("%s/form=%d", w.name, form), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				hashes := w.make(r, *benchHashes)
				began := time.Now()
				x, _ := Build(hashes, form)
				built := time.Since(began)
				qs := questions(r, hashes, 20_000)
				var hits []Hit
				var times []time.Duration
				for i := 0; b.Loop(); i++ {
					t := time.Now()
					hits = x.Search(qs[i%len(qs)], 31, hits[:0])
					times = append(times, time.Since(t))
				}
				reportTimes(b, times)
				b.ReportMetric(built.Seconds(), "build-s")
				b.ReportMetric(float64(x.Size())/float64(x.Len()), "B/hash")
			})
		}
	}
}

func reportTimes(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1e3, "p50-us")
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1e3, "p99-us")
}

// BenchmarkBuild makes one index each round.
func BenchmarkBuild(b *testing.B) {
	for _, form := range []Form{Wide, Compact} {
		b.Run(fmt.Sprintf("form=%d", form), func(b *testing.B) {
			hashes := uniform(rand.New(rand.NewPCG(1, 1)), *benchHashes)
			for b.Loop() {
				Build(hashes, form)
			}
		})
	}
}
