//go:build linux

package bench

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lantern/match/hamming"
)

var nearHashes = flag.Int("hashes", 1_000_000, "how many hashes BenchmarkNear holds")

// BenchmarkNear measures searches within 31 bits beside FAISS (IndexBinaryMultiHash, 16
// tables of 16 bits, one flip), on the same hashes and questions in the same run. Times
// are of one core's processor time, those of single searches also by the clock; "x-faiss" says how
// many times as fast we are. It fails if the two do not find the same number of hashes.
//
//	go test ./test/bench -run - -bench Near -benchtime 5x -hashes 1000000
//
// With GODEBUG=cpu.avx512f=off it measures what processors without vector instructions do.
func BenchmarkNear(b *testing.B) {
	for _, kind := range []struct {
		name string
		dull bool
	}{{"uniform", false}, {"skewed", true}} {
		b.Run(kind.name, func(b *testing.B) {
			hashes, questions := nearWorld(*nearHashes, kind.dull)
			faiss := runFAISS(b, hashes, questions[:min(len(questions), 2000, 2_000_000_000/len(hashes))])
			for _, form := range []struct {
				name string
				form hamming.Form
			}{{"wide", hamming.Wide}, {"compact", hamming.Compact}} {
				b.Run(form.name, func(b *testing.B) { benchNear(b, hashes, questions, form.form, faiss) })
			}
		})
	}
}

func benchNear(b *testing.B, hashes, questions []hamming.Hash, form hamming.Form, faiss *peerTimes) {
	var x *hamming.Index
	var built, builtWall []time.Duration
	build := func() {
		began, at := cpuTime(), time.Now()
		x, _ = hamming.Build(hashes, form)
		built, builtWall = append(built, cpuTime()-began), append(builtWall, time.Since(at))
	}
	peak := peakOf(b, build)
	for range 4 {
		x = nil
		debug.FreeOSMemory() // as in a process that begins
		build()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var hits []hamming.Hit
	var rounds, each, wall []time.Duration
	found := 0
	for b.Loop() {
		began := cpuTime()
		found = 0
		for i := range questions {
			at, spent := time.Now(), threadTime()
			hits = x.Search(questions[i], 31, hits[:0])
			each, wall = append(each, threadTime()-spent), append(wall, time.Since(at))
			if faiss != nil && i == faiss.questions-1 {
				rounds = append(rounds, (cpuTime()-began)/time.Duration(i+1))
			}
			if faiss != nil && i < faiss.questions {
				for _, h := range hits {
					found += int(h.To - h.From)
				}
			}
		}
		if faiss == nil {
			rounds = append(rounds, (cpuTime()-began)/time.Duration(len(questions)))
		}
	}
	for _, times := range [][]time.Duration{built, builtWall, rounds, each, wall} {
		slices.Sort(times)
	}
	mean := rounds[len(rounds)/2]
	b.ReportMetric(float64(mean.Nanoseconds())/1e3, "cpu-us/search")
	b.ReportMetric(float64(each[len(each)/2].Nanoseconds())/1e3, "p50-cpu-us")
	b.ReportMetric(float64(each[len(each)*99/100].Nanoseconds())/1e3, "p99-cpu-us")
	b.ReportMetric(float64(each[len(each)*999/1000].Nanoseconds())/1e3, "p999-cpu-us")
	b.ReportMetric(float64(wall[len(wall)/2].Nanoseconds())/1e3, "p50-us")
	b.ReportMetric(float64(wall[len(wall)*99/100].Nanoseconds())/1e3, "p99-us")
	b.ReportMetric(float64(x.Size())/float64(len(hashes)), "B/hash")
	b.ReportMetric(peak/float64(len(hashes)), "peak-B/hash")
	cpu, clock := built[len(built)/2].Seconds(), builtWall[len(builtWall)/2].Seconds()
	b.ReportMetric(cpu, "build-cpu-s")
	b.ReportMetric(clock, "build-s")
	if faiss == nil {
		return
	}
	if found != faiss.Found {
		b.Errorf("found %d, FAISS %d", found, faiss.Found)
	}
	b.ReportMetric(faiss.Search/mean.Seconds(), "x-faiss")
	b.ReportMetric(faiss.Build/cpu, "x-faiss-build-cpu")
	b.ReportMetric(faiss.Build/clock, "x-faiss-build")
	b.ReportMetric(float64(x.Size())/float64(len(hashes))/faiss.Bytes, "of-faiss-bytes")
}

// peakOf returns how many bytes of memory the process took at most while it did something,
// beyond what it had before.
func peakOf(b *testing.B, do func()) float64 {
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Logf("THE PEAK IS NOT MEASURED: it holds for the whole process: %v", err)
	}
	before := memory(b, "VmRSS")
	do()
	return memory(b, "VmHWM") - before
}

// memory reads one line of what the kernel says about the process's memory, in bytes.
func memory(b *testing.B, line string) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), line+":")
	var kb float64
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		b.Fatal(err)
	}
	return kb * 1024
}

// peerTimes is what near.py printed.
type peerTimes struct {
	Build     float64 `json:"build_s"`
	Bytes     float64 `json:"bytes_per_hash"`
	Peak      float64 `json:"peak_bytes_per_hash"`
	Search    float64 `json:"search_s"`
	Found     int     `json:"found"`
	questions int
}

// runFAISS measures the peer; nil, with a loud line, if it is not installed.
func runFAISS(b *testing.B, hashes, questions []hamming.Hash) *peerTimes {
	dir := b.TempDir()
	args := []string{filepath.Join("testdata", "near.py"), filepath.Join(dir, "hashes"), filepath.Join(dir, "questions"), "5"}
	for i, list := range [][]hamming.Hash{hashes, questions} {
		if err := os.WriteFile(args[i+1], nearBytes(list), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	out, err := exec.Command("/usr/bin/python3", args...).Output()
	if err != nil {
		b.Logf("THE PEER IS MISSING: FAISS was not measured (apt-get install python3-faiss): %v", err)
		return nil
	}
	p := &peerTimes{questions: len(questions)}
	if err := json.Unmarshal(out, p); err != nil {
		b.Fatal(err)
	}
	b.Logf("FAISS: %.0f us a search, built in %.1f s, %.0f bytes a hash, %.0f at peak", p.Search*1e6, p.Build, p.Bytes, p.Peak)
	return p
}

func nearBytes(hashes []hamming.Hash) []byte {
	buf := make([]byte, 0, 32*len(hashes))
	for _, h := range hashes {
		for _, w := range h {
			buf = binary.BigEndian.AppendUint64(buf, w)
		}
	}
	return buf
}

// nearWorld makes hashes, and questions of which half are planted up to 31 bits from one.
// A skewed world has a tenth of its hashes nearly all zero in one half and a fifth in
// clusters of 200, as near-blank pictures and copies of one picture are.
func nearWorld(n int, skewed bool) (hashes, questions []hamming.Hash) {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	random := func() hamming.Hash { return hamming.Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()} }
	flip := func(h hamming.Hash, d int) hamming.Hash {
		for range d {
			bit := r.IntN(256)
			h[bit/64] ^= 1 << (bit % 64)
		}
		return h
	}
	hashes = make([]hamming.Hash, n)
	var center hamming.Hash
	for i := range hashes {
		hashes[i] = random()
		if !skewed {
			continue
		}
		if i%200 == 0 {
			center = random()
		}
		switch i / 200 % 10 {
		case 0, 1:
			hashes[i] = flip(center, r.IntN(12))
		case 2:
			hashes[i][2] &= r.Uint64() & r.Uint64() & r.Uint64()
			hashes[i][3] &= r.Uint64() & r.Uint64() & r.Uint64()
		}
	}
	questions = make([]hamming.Hash, min(20_000, max(5_000, 20_000_000_000/n)))
	for i := range questions {
		if questions[i] = random(); i%2 == 0 {
			questions[i] = flip(hashes[r.IntN(n)], r.IntN(32))
		}
	}
	return hashes, questions
}

// threadTime is the processor time this thread has used: what others on the machine take
// does not count.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(fmt.Sprint("reading the processor time: ", err))
	}
	return time.Duration(t.Nano())
}
