package bench

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/taxii"
	"lantern/internal/face/threatexchange"
	"lantern/internal/format/stix"
	"lantern/internal/web"
)

var pagesLarge = flag.Int("pages", 100_000, "how many signals the large collection of BenchmarkPages holds")

// pagesSmall is how many signals the small one holds.
const pagesSmall = 10_000

// BenchmarkPages reads pages of 100 through the doors of foreign clients, the first and the last of
// a small and of a large collection, on one core: the cost must grow neither with a page's place
// nor with the collection. It is processor time of server and client together; what a reader
// is told for the first time is entered by the first reading, which is not measured.
//
//	go test ./test/bench -run - -bench Pages -pages 1000000
func BenchmarkPages(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, n := range []int{pagesSmall, *pagesLarge} {
		w := newPages(b, n)
		program, late := w.Program.ID.String(), w.late
		graph := "/" + program + "/threat_updates?limit=100&fields=" + url.QueryEscape("id,indicator,type,last_updated,should_delete,descriptors{reactions,owner{id},tags,status}") + "&access_token=" + url.QueryEscape(w.token)
		signals := "/taxii2/" + program + "/collections/signals/"
		for _, p := range []struct{ name, path string }{
			{"taxii/objects/first", signals + "objects/?limit=100"},
			{"taxii/objects/last", signals + "objects/?limit=100&added_after=" + stix.Stamp(late)},
			{"taxii/manifest/first", signals + "manifest/?limit=100"},
			{"taxii/manifest/last", signals + "manifest/?limit=100&added_after=" + stix.Stamp(late)},
			{"threatexchange/first", graph},
			{"threatexchange/last", graph + fmt.Sprintf("&start_time=%d", late.Unix())},
		} {
			b.Run(fmt.Sprintf("%s/%d", p.name, n), func(b *testing.B) {
				if size := w.read(b, p.path); size < 100*100 {
					b.Fatalf("a page of %d bytes", size)
				}
				cpu := cpuTime()
				for b.Loop() {
					w.read(b, p.path)
				}
				spent := (cpuTime() - cpu).Seconds()
				b.ReportMetric(spent/float64(b.N)*1e3, "cpu-ms/page")
				b.ReportMetric(float64(b.N)/spent, "pages/cpu-s")
			})
		}
	}
}

// pages is a collection behind the two doors.
type pages struct {
	*exchangetest.World
	url, key, token string
	late            time.Time // before the last batch was shared
}

// newPages fills a collection of n hashes, a second of its clock a batch.
func newPages(b *testing.B, n int) *pages {
	w := &pages{World: exchangetest.New(b, "sqlite:"+filepath.Join(b.TempDir(), "exchange.db"))}
	red, blue := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	began, cpu := time.Now(), cpuTime()
	for from := 0; from < n; from += lantern.MaxBatch {
		w.Clock.Add(time.Second)
		w.late = w.Clock.Now()
		drafts := make([]lantern.Draft, min(lantern.MaxBatch, n-from))
		for i := range drafts {
			v := manyOf((from + i) * 6)
			drafts[i] = w.Draft(0)
			drafts[i].Type, drafts[i].Value = v.Type, v.Value
		}
		if _, err := w.ShareBatch(b.Context(), red.Submitter, drafts); err != nil {
			b.Fatal(err)
		}
	}
	w.late = w.late.Add(-time.Second)
	b.Logf("%d signals shared in %.0f s, %.0f s of processor time", n, time.Since(began).Seconds(), (cpuTime() - cpu).Seconds())
	graph := threatexchange.New(w.Exchange, threatexchange.Config{}).Handler(web.Options{})
	collections := taxii.New(w.Exchange).Handler(web.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if taxii.Takes(r) {
			collections.ServeHTTP(out, r)
		} else {
			graph.ServeHTTP(out, r)
		}
	}))
	b.Cleanup(server.Close)
	w.url, w.key = server.URL, blue.ServiceKey
	id, secret, _ := strings.Cut(strings.TrimPrefix(w.key, "lk_"), "_")
	w.token = id + "|" + secret
	return w
}

// read reads a page and returns how long it is, in bytes.
func (w *pages) read(b *testing.B, path string) int64 {
	r, err := http.NewRequestWithContext(b.Context(), "GET", w.url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	if strings.HasPrefix(path, taxii.Prefix) {
		r.SetBasicAuth("lantern", w.key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("a page is %d: %v", res.StatusCode, err)
	}
	if err := res.Body.Close(); err != nil {
		b.Fatal(err)
	}
	return n
}
