package lookup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/match"
	"lantern/internal/lookup"
)

// desk is an agent behind HTTP, and a folder of files.
type desk struct {
	t     *testing.T
	w     *agenttest.World
	host  exchangetest.Company // which shares
	r     *agenttest.Running
	agent *client.Agent
	dir   string
	calls atomic.Int64 // requests to the agent
}

func newDesk(t *testing.T) *desk {
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	for n := range 10 {
		w.MustShare(host.Submitter, w.Draft(n))
	}
	home := t.TempDir()
	d := &desk{t: t, w: w, host: host, r: w.Run(t, social, home), dir: t.TempDir()}
	h := match.Handler(d.r.Agent, slog.New(slog.NewTextHandler(t.Output(), nil)))
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		d.calls.Add(1)
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(s.Close)
	token, err := os.ReadFile(filepath.Join(home, agent.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	d.agent = client.NewAgent(s.URL, strings.TrimSpace(string(token)), client.Options{Retries: -1})
	return d
}

func (d *desk) write(name string, b []byte) {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
		d.t.Fatal(err)
	}
}

// run looks at the folder and returns everything it was told, a line each.
func (d *desk) run(ctx context.Context, change func(*lookup.Config)) ([]string, lookup.Tally, error) {
	var told []string
	short := func(ref string) string { return strings.TrimPrefix(ref, d.dir+"/") }
	c := lookup.Config{
		Agent: d.agent, Dry: true,
		Open: func(_ context.Context, path string) (io.ReadCloser, error) { return os.Open(path) },
		Found: func(f lookup.Found) error {
			told = append(told, fmt.Sprintf("%s %s %d:%d", short(f.File), f.Record, f.Match.Line, f.Match.Column))
			return nil
		},
		Failed: func(ref, why string) { told = append(told, short(ref)+": "+why) },
		Note:   func(ref, what string) { told = append(told, short(ref)+"; "+what) },
		Stale:  func([]string) { told = append(told, "stale") },
		Passed: func(int64) {},
	}
	change(&c)
	tally, err := lookup.Run(ctx, c, []string{d.dir})
	return told, tally, err
}

// What is told comes in the order of the files and of what stands in them, however many look
// at once, and is the same each time.
func TestOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var want []string
	for f := range 60 {
		var b bytes.Buffer
		name := fmt.Sprintf("%02d.txt", f)
		lines := 1 + f%7*2000 // small and large ones in turn
		for n := 1; n <= lines; n++ {
			if n%200 == 1 {
				fmt.Fprintf(&b, "%s\n", d.w.Draft(n/200%10).Value)
				want = append(want, fmt.Sprintf("%s  %d:1", name, n))
			} else {
				b.WriteString("a quiet day at the lake\n")
			}
		}
		d.write(name, b.Bytes())
		if f%10 == 0 {
			d.write(fmt.Sprintf("%02d.zip", f), []byte("PK\x03\x04"))
			want = append(want, fmt.Sprintf("%02d.zip: it could not be read to its end: zip: not a valid zip file", f))
		}
	}
	long := strings.Repeat(strings.Repeat("a quiet day at the lake\n", 40_000)+d.w.Draft(1).Value+"\n", 12) // three pieces
	d.write("99.txt", []byte(long))
	for n := range 12 {
		want = append(want, fmt.Sprintf("99.txt  %d:1", 40_001*(n+1)))
	}
	slices.SortStableFunc(want, func(a, b string) int { return strings.Compare(a[:3], b[:3]) })
	for i, s := range want { // a zip comes behind the text of its number
		if strings.Contains(s, ".zip") {
			for j := i; j+1 < len(want) && want[j+1][:2] == s[:2]; j++ {
				want[j], want[j+1] = want[j+1], want[j]
			}
		}
	}
	for range 3 {
		got, tally, err := d.run(t.Context(), func(*lookup.Config) {})
		if err != nil || tally.Files != 67 || tally.Troubled != 6 {
			t.Fatalf("%+v, %v", tally, err)
		}
		slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:2], b[:2]) })
		if !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(a[:2], b[:2]) }) || len(got) != len(want) {
			t.Fatalf("told %d things, want %d", len(got), len(want))
		}
		matches := func(all []string) []string {
			return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.Contains(s, ".zip") })
		}
		if !slices.Equal(matches(got), matches(want)) {
			t.Error("the matches do not come in order")
		}
	}
}

// Memory is bounded whatever the size of a file, and whatever it unpacks to.
func TestMemoryIsBounded(t *testing.T) {
	d := newDesk(t)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 600 {
		if _, err := z.Write(bytes.Repeat([]byte("it was a quiet day at the lake, and nobody asked. "), 2000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	d.write("export.txt.gz", b.Bytes()) // 60 MB of text, all one line
	var most uint64
	look := func(int64) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
	}
	_, tally, err := d.run(t.Context(), func(c *lookup.Config) { c.Passed = look })
	if err != nil || tally.Files != 1 {
		t.Fatalf("%+v, %v", tally, err)
	}
	const bound = 200 << 20 // agent, exchange and garbage are in it
	if t.Logf("%d MB at most", most>>20); most > bound {
		t.Errorf("%d MB in use, want at most %d", most>>20, bound>>20)
	}
}

// A run that is called off, or whose reader has had enough, ends at once and says why.
func TestEndsEarly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for n := range 300 {
		d.write(fmt.Sprintf("%03d.txt", n), []byte(strings.Repeat(d.w.Draft(1).Value+"\n", 100)))
	}
	enough := errors.New("enough")
	_, tally, err := d.run(t.Context(), func(c *lookup.Config) { c.Found = func(lookup.Found) error { return enough } })
	if !errors.Is(err, enough) || tally.Found != 1 {
		t.Errorf("got %+v, %v", tally, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	found := 0
	_, tally, err = d.run(ctx, func(c *lookup.Config) {
		c.Found = func(lookup.Found) error {
			if found++; found == 150 {
				cancel()
			}
			return nil
		}
	})
	if !errors.Is(err, context.Canceled) || tally.Files > 250 {
		t.Errorf("got %+v, %v", tally, err)
	}
	d.r.Stop()
	if _, tally, err := d.run(t.Context(), func(*lookup.Config) {}); err == nil && tally.Troubled == 0 {
		t.Error("without its agent a run ends well")
	}
}

// An idle hunt asks for verdicts, and sends nothing.
func TestIdleHunt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const files = 450
	for n := range files {
		d.write(fmt.Sprintf("%03d.txt", n), []byte(d.w.Draft(n%20).Value+"\n"))
	}
	hunt := func(c *lookup.Config) { c.Hunt, c.Dry = lantern.DefaultHunt, false }
	_, tally, err := d.run(t.Context(), hunt)
	if err != nil || tally.Files != files || tally.Found != 230 || tally.Unchanged != 0 {
		t.Fatalf("the first hunt: %+v, %v", tally, err)
	}
	before := d.calls.Load()
	_, tally, err = d.run(t.Context(), hunt)
	if err != nil || tally.Files != 0 || tally.Found != 0 || tally.Unchanged != files || tally.Bytes != 0 {
		t.Errorf("the second hunt: %+v, %v", tally, err)
	}
	if calls := d.calls.Load() - before; calls > files+10 {
		t.Errorf("%d requests for %d files", calls, files)
	}
}
