package threatexchange_test

import (
	"flag"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/sqldb/sqldbtest"
)

var large = flag.Int("updates.large", 100_000, "values of the large collection")

// fuzzWorld is newWorld for whatever is no plain test.
func fuzzWorld(t testing.TB) *world {
	return newWorld(t, sqldbtest.SQLite(t))
}

// BenchmarkUpdatesPage reads the first and the last page of 100 values of a small and a large
// collection: the cost of a page must not grow with what lies beside it. The whole is walked
// through once before, so that nothing is told for the first time.
func BenchmarkUpdatesPage(b *testing.B) {
	for _, size := range []int{10_000, *large} {
		w := fuzzWorld(b)
		w.fillWith(size)
		base := w.url + "/" + w.Program.ID.String() + "/threat_updates?fields=id,indicator,type,last_updated,should_delete,descriptors{reactions,owner{id},tags,status}&limit=100&access_token=" +
			url.QueryEscape(token(w.green.ServiceKey))
		last := w.walk(strings.Replace(base, "limit=100", "limit=1000", 1))
		last = strings.Replace(last, "limit=1000", "limit=100", 1)
		for name, address := range map[string]string{"first": base, "last": last} {
			b.Run(fmt.Sprintf("%s page of %d", name, size), func(b *testing.B) {
				for b.Loop() {
					if status, _, _ := w.send("GET", address, ""); status != 200 {
						b.Fatal(status)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
			})
		}
	}
}

// fillWith shares so many hashes.
func (w *world) fillWith(size int) {
	for start := 0; start < size; start += lantern.MaxBatch {
		drafts := make([]lantern.Draft, min(lantern.MaxBatch, size-start))
		for i := range drafts {
			drafts[i] = w.hash(start + i)
		}
		if _, err := w.ShareBatch(w.T.Context(), w.red.Service, drafts); err != nil {
			w.T.Fatal(err)
		}
	}
}

// walk follows the links to the last page and returns its address.
func (w *world) walk(address string) string {
	for {
		status, v := w.raw("GET", address, "")
		if status != 200 {
			w.T.Fatal(status, v)
		}
		next, ok := v["paging"].(object)["next"].(string)
		if !ok {
			return address
		}
		address = next
	}
}
