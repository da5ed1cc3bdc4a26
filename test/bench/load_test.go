package bench

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/seal"
	"lantern/internal/web"
)

var loadSignals = flag.Int("load", 100_000, "how many signals BenchmarkLoad holds")

// BenchmarkLoad measures an agent that takes in a whole feed: how fast a snapshot goes into
// sealed replica and engine, until all of it is matchable and with closing the agent too, how long a start takes until the first answer, what the agent
// holds in memory then, and how many exact identifiers it looks up, in batches of 100, on
// one core. The snapshot is made by an exchange once and comes from memory after.
//
//	go test ./test/bench -run - -bench Load -benchtime 1x -load 1000000
func BenchmarkLoad(b *testing.B) {
	w := &world{World: exchangetest.New(b, "sqlite:"+filepath.Join(b.TempDir(), "exchange.db"))}
	red, blue := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	face, err := api.New(w.Exchange, api.Config{})
	if err != nil {
		b.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	shareMany(b, w.World, red, *loadSignals)
	tape := &snapshotTape{}
	b.ResetTimer()
	for b.Loop() {
		dir := b.TempDir()
		open := func() *agent.Agent {
			a, err := agent.New(b.Context(), agent.Config{Dir: dir, Clock: w.Clock.Now, Sealer: seal.New(seal.NewLocalKEK([32]byte{2})),
				Exchange: client.New(server.URL, blue.ServiceKey, client.Options{Transport: tape})})
			if err != nil {
				b.Fatal(err)
			}
			return a
		}
		if tape.body == nil {
			loadInto(b, open(), *loadSignals) // records the tape
			dir = b.TempDir()
		}
		a := open()
		cpu, began := cpuTime(), time.Now()
		held := loadInto(b, a, *loadSignals)
		b.ReportMetric(float64(*loadSignals)/held.Sub(began).Seconds(), "signals/s")
		b.ReportMetric(float64(*loadSignals)/time.Since(began).Seconds(), "closed-signals/s")
		b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(*loadSignals), "cpu-us/signal")

		began = time.Now()
		a = open()
		answer(b, a)
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "start-ms")
		for _, name := range []string{"first-status-ms", "status-ms"} {
			began = time.Now()
			if _, err := a.Status(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(began).Microseconds())/1000, name)
		}
		debug.FreeOSMemory()
		b.ReportMetric(float64(resident(b))/1e6, "resident-MB")
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/1e6, "heap-MB")
		b.ReportMetric(lookups(b, a), "exact-items/cpu-s")
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// loadInto has the agent read all there is, and closes it. It returns when the last signal was
// matchable, and as safe on the disk as it gets.
func loadInto(b *testing.B, a *agent.Agent, n int) (held time.Time) {
	for {
		if err := a.RunOnce(b.Context()); err != nil {
			b.Fatal(err)
		}
		s, err := a.Status(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if s.Answers == lantern.AnswerOK {
			if s.Signals < n {
				b.Fatalf("the agent holds %d signals, want %d", s.Signals, n)
			}
			break
		}
	}
	held = time.Now()
	if err := a.Close(); err != nil {
		b.Fatal(err)
	}
	return held
}

// answer asks for one value.
func answer(b *testing.B, a *agent.Agent) {
	got, err := a.Match(b.Context(), []lantern.Record{{Ref: "r", Values: []lantern.TypedValue{{Type: "md5", Value: strings.Repeat("ab", 16)}}}}, agent.MatchOptions{Dry: true})
	if err != nil || len(got) != 1 {
		b.Fatalf("%d answers, %v", len(got), err)
	}
}

// lookups returns how many exact identifiers of which one in a hundred is held are looked
// up in a second of processor time, in batches of 100.
func lookups(b *testing.B, a *agent.Agent) float64 {
	r := rand.New(rand.NewPCG(5, 5))
	const batches = 200
	records := make([][]lantern.Record, batches)
	for i := range records {
		for j := range 100 {
			value := manyOf(r.IntN(*loadSignals) / 6 * 6)
			if j > 0 {
				value = lantern.TypedValue{Type: "sha256", Value: hexOf(r, 32)}
			}
			records[i] = append(records[i], lantern.Record{Ref: fmt.Sprintf("r%d-%d", i, j), Values: []lantern.TypedValue{value}})
		}
	}
	began := cpuTime()
	for _, batch := range records {
		if _, err := a.Match(b.Context(), batch, agent.MatchOptions{Dry: true}); err != nil {
			b.Fatal(err)
		}
	}
	return 100 * batches / (cpuTime() - began).Seconds()
}

// manyOf is signal number i of the many: hashes, addresses, handles and phrases in turn.
func manyOf(i int) lantern.TypedValue {
	r := rand.New(rand.NewPCG(uint64(i), 77))
	switch i % 6 {
	case 0:
		return lantern.TypedValue{Type: "sha256", Value: hexOf(r, 32)}
	case 1:
		return lantern.TypedValue{Type: "url", Value: fmt.Sprintf("https://h%d.files.example/%s/%d", i%5000, hexOf(r, 4), i)}
	case 2:
		return lantern.TypedValue{Type: "email", Value: fmt.Sprintf("u%d.%s@mail.example.com", i, hexOf(r, 3))}
	case 3:
		return lantern.TypedValue{Type: "username", Value: fmt.Sprintf("chatter.test/%s%d", hexOf(r, 3), i)}
	case 4:
		return lantern.TypedValue{Type: "pdq", Value: hexOf(r, 32)}
	}
	return lantern.TypedValue{Type: "md5", Value: hexOf(r, 16)}
}

func hexOf(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}

// shareMany shares n signals.
func shareMany(b *testing.B, w *exchangetest.World, by exchangetest.Company, n int) {
	for from := 0; from < n; from += lantern.MaxBatch {
		drafts := make([]lantern.Draft, min(lantern.MaxBatch, n-from))
		for i := range drafts {
			v := manyOf(from + i)
			drafts[i] = w.Draft(0)
			drafts[i].Type, drafts[i].Value = v.Type, v.Value
		}
		results, err := w.ShareBatch(b.Context(), by.Submitter, drafts)
		if err != nil {
			b.Fatal(err)
		}
		if i := slices.IndexFunc(results, func(r lantern.ShareResult) bool { return r.Status == lantern.Refused }); i >= 0 {
			b.Fatalf("%s is refused: %+v", drafts[i].Type, results[i].Problem)
		}
	}
}

// snapshotTape keeps the first snapshot that comes by and gives it to whoever asks after.
type snapshotTape struct {
	head http.Header
	body []byte
}

func (t *snapshotTape) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/snapshot") || r.URL.RawQuery != "" {
		return http.DefaultTransport.RoundTrip(r)
	}
	if t.body == nil {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil || res.StatusCode != http.StatusOK {
			return res, err
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		t.head, t.body = res.Header, body
	}
	return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: t.head, Body: io.NopCloser(bytes.NewReader(t.body)), Request: r}, nil
}

// resident is how much memory of this process is in use, in bytes.
func resident(b *testing.B) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("the system does not say what is resident")
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		b.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// cpuTime is the processor time this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprint("reading the processor time: ", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
