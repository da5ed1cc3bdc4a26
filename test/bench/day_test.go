package bench

import (
	"flag"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"runtime/debug"
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

var (
	daySignals = flag.Int("day-signals", 100_000, "how many signals BenchmarkDay begins with")
	dayChanges = flag.Int("day-changes", 100_000, "how many changes its day brings")
)

// dayParts is in how many parts the day comes; the agent reads each to its end.
const dayParts = 10

// BenchmarkDay measures whether an agent stays what it was over a day of changes: values that
// are shared, opinions that change, renewals, reactions, suspensions and restores, withdrawals
// with their acknowledgements and the overwriting of what fell. It reports the processor time a
// change, the heap, what is resident, the agent's folder and the files of its engine after the
// first tenth of the day and after the last. The exchange lives in the same process and counts
// with it; its page cache is small.
//
//	go test ./test/bench -run - -bench Day -benchtime 1x -day-signals 100000 -day-changes 100000
func BenchmarkDay(b *testing.B) {
	w := &world{World: exchangetest.New(b, "sqlite:"+filepath.Join(b.TempDir(), "exchange.db")+"?cache_size=-4096")}
	red, blue, green := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	face, err := api.New(w.Exchange, api.Config{})
	if err != nil {
		b.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	d := &day{b: b, w: w, red: red, blue: blue, green: green, r: rand.New(rand.NewPCG(7, 7))}
	d.share(*daySignals)
	w.dir = b.TempDir()
	w.agent, err = agent.New(b.Context(), agent.Config{Dir: w.dir, Clock: w.Clock.Now, Sealer: seal.New(seal.NewLocalKEK([32]byte{2})),
		Exchange: client.New(server.URL, blue.ServiceKey, client.Options{})})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { w.agent.Close() }) //nolint:errcheck // the benchmark is over
	if d.read(); b.Failed() {
		return
	}
	b.ResetTimer()
	for b.Loop() {
		for part := range dayParts {
			w.Clock.Add(24 * time.Hour / dayParts)
			n := d.changes(*dayChanges / dayParts)
			cpu := cpuTime()
			d.read()
			cpu = cpuTime() - cpu
			switch part {
			case 0:
				d.report("first", cpu, n)
			case dayParts - 1:
				d.report("last", cpu, n)
			}
		}
	}
}

// day is the exchange's side of a day.
type day struct {
	b                *testing.B
	w                *world
	red, blue, green exchangetest.Company
	r                *rand.Rand
	shared           int          // values so far
	standing         []lantern.ID // signals that may be changed
	suspended        []lantern.ID // challenges that are open
}

// must ends the benchmark on an error.
func (d *day) must(err error) {
	if err != nil {
		d.b.Fatal(err)
	}
}

// share shares n further values.
func (d *day) share(n int) {
	for n > 0 {
		drafts := make([]lantern.Draft, min(lantern.MaxBatch, n))
		for i := range drafts {
			v := manyOf(d.shared + i)
			drafts[i] = d.w.Draft(0)
			drafts[i].Type, drafts[i].Value = v.Type, v.Value
		}
		d.shared += len(drafts)
		n -= len(drafts)
		results, err := d.w.ShareBatch(d.b.Context(), d.red.Submitter, drafts)
		d.must(err)
		for _, r := range results {
			if r.Status == lantern.Refused {
				d.b.Fatalf("a share is refused: %+v", r.Problem)
			}
			d.standing = append(d.standing, r.Signal)
		}
	}
}

// amend says something else of n values that were shared.
func (d *day) amend(n int) {
	drafts := make([]lantern.Draft, n)
	for i, at := range d.r.Perm(d.shared)[:n] {
		v := manyOf(at)
		drafts[i] = d.w.Draft(0)
		drafts[i].Type, drafts[i].Value, drafts[i].Confidence = v.Type, v.Value, 1+d.r.IntN(89)
	}
	_, err := d.w.ShareBatch(d.b.Context(), d.red.Submitter, drafts) // one whose signal fell is shared anew
	d.must(err)
}

// take takes a signal out of those that may be changed.
func (d *day) take() lantern.ID {
	i := d.r.IntN(len(d.standing))
	id := d.standing[i]
	d.standing[i] = d.standing[len(d.standing)-1]
	d.standing = d.standing[:len(d.standing)-1]
	return id
}

// changes makes about n changes and returns how many.
func (d *day) changes(n int) (made int) {
	ctx := d.b.Context()
	for _, id := range d.suspended { // those of the part before are restored
		_, err := d.w.Decide(ctx, d.red.Submitter, id, lantern.Decision{Verdict: lantern.Dispute, Reason: "it is right"})
		if err == nil {
			_, err = d.w.Decide(ctx, d.blue.Officer, id, lantern.Decision{Verdict: lantern.Reject, Reason: "looked again"})
		}
		d.must(err)
		made++
	}
	d.suspended = d.suspended[:0]
	for range n / 50 {
		c, err := d.w.OpenChallenge(ctx, d.green.Investigator, lantern.Challenge{Signal: d.take(), Reason: lantern.WrongValue})
		d.must(err)
		d.suspended = append(d.suspended, c.ID)
		_, err = d.w.Withdraw(ctx, d.red.Submitter, d.take(), lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		d.must(err)
		id := d.take()
		_, err = d.w.Renew(ctx, d.red.Submitter, id, lantern.Renewal{Expires: d.w.Clock.Now().AddDate(0, 0, 29),
			Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, At: d.w.Clock.Now()}})
		d.must(err)
		_, err = d.w.React(ctx, d.green.Service, lantern.Feedback{Signal: id, Reaction: lantern.Seen})
		d.must(err)
		made += 4
	}
	amended := (n - made) / 2
	for left := amended; left > 0; left -= lantern.MaxBatch {
		d.amend(min(left, lantern.MaxBatch))
	}
	d.share(n - made - amended)
	return n
}

// read has the agent read all there is.
func (d *day) read() {
	d.must(d.w.agent.RunOnce(d.b.Context()))
	s, err := d.w.agent.Status(d.b.Context())
	d.must(err)
	if s.Answers != lantern.AnswerOK || s.Acks > 0 {
		d.b.Fatalf("the agent says %s, %v, and owes %d acknowledgements", s.Answers, s.Reasons, s.Acks)
	}
}

// report reports how the agent stands.
func (d *day) report(when string, cpu time.Duration, changes int) {
	s, err := d.w.agent.Status(d.b.Context())
	d.must(err)
	debug.FreeOSMemory()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	var bytes, files int64
	d.must(filepath.WalkDir(d.w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		bytes += info.Size()
		if filepath.Base(filepath.Dir(path)) == "engine" {
			files++
		}
		return nil
	}))
	for unit, v := range map[string]float64{
		"cpu-us/change": float64(cpu.Microseconds()) / float64(changes), "heap-MB": float64(mem.HeapAlloc) / 1e6, "resident-MB": float64(resident(d.b)) / 1e6,
		"folder-MB": float64(bytes) / 1e6, "engine-files": float64(files), "signals": float64(s.Signals),
	} {
		d.b.ReportMetric(v, when+"-"+unit)
	}
}
