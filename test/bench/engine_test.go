//go:build linux

package bench

import (
	"context"
	"crypto/md5" // a type of signal, not a protection
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lantern"
	"lantern/match"
)

// engineSignals is how many signals the large engine holds.
var engineSignals = flag.Int("engine-signals", 10_000_000, "signals of the larger engine")

// hashOf makes the MD5 of number i in the form in which engines take it.
func hashOf(i int) string {
	sum := md5.Sum(binary.LittleEndian.AppendUint64(nil, uint64(i)))
	return hex.EncodeToString(sum[:])
}

// idOf makes an id like those an exchange draws.
func idOf(i int) lantern.ID {
	return lantern.ID(uint64(i+1) * 0x9e3779b97f4a7c15 >> 1)
}

// processor returns the processor time of the process, or of this thread alone.
func processor(b *testing.B, who int) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timed returns the processor time of this thread in five runs: the middle one, for each of n
// things.
func timed(b *testing.B, n int, run func()) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var runs []time.Duration
	for range 5 {
		from := processor(b, unix.RUSAGE_THREAD)
		run()
		runs = append(runs, processor(b, unix.RUSAGE_THREAD)-from)
	}
	slices.Sort(runs)
	return float64(runs[2].Nanoseconds()) / float64(n)
}

// heap is what is in use after a collection.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkEngine holds an engine in a folder against a Go map of the same values, in turn in
// one run: filling, opening, looking up values of which one in a hundred is held.
func BenchmarkEngine(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"small", *engineSignals / 10}, {"large", *engineSignals}} {
		b.Run(size.name, func(b *testing.B) {
			for range b.N {
				benchEngine(b, size.n)
			}
		})
	}
}

// BenchmarkEngineOpen fills an engine and opens it, with its files in memory and without, and
// nothing else, so that it can be larger than a Go map of the same values could.
func BenchmarkEngineOpen(b *testing.B) {
	for range b.N {
		dir := b.TempDir()
		e, err := match.Open(dir, [32]byte{1})
		if err != nil {
			b.Fatal(err)
		}
		from := processor(b, unix.RUSAGE_SELF)
		err = e.Refill(func(yield func(match.Entry, error) bool) {
			for i := 0; i < *engineSignals && yield(match.Entry{Signal: idOf(i), Type: "md5", Canonical: hashOf(i)}, nil); i++ {
			}
		}, []byte("filled"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64((processor(b, unix.RUSAGE_SELF)-from).Nanoseconds())/float64(*engineSignals), "fill-ns/signal")
		b.ReportMetric(float64(e.Status().Bytes)/float64(*engineSignals), "engine-B/signal")
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(opened(b, dir, true), "open-cold-ms")
		b.ReportMetric(opened(b, dir, false), "open-ms")
		b.ReportMetric(memory(b, "VmHWM")/float64(*engineSignals), "peak-B/signal")
	}
	b.ReportMetric(0, "ns/op")
}

// opened opens an engine five times and looks one value up, and returns the milliseconds it
// took in the middle. cold: none of its files is in memory when it begins.
func opened(b *testing.B, dir string, cold bool) float64 {
	var runs []time.Duration
	for range 5 {
		if cold {
			evict(b, dir)
		}
		wall := time.Now()
		e, err := match.Open(dir, [32]byte{1})
		if err != nil {
			b.Fatal(err)
		}
		found := e.Match(match.Query{Type: "md5", Canonical: hashOf(1)}, nil)
		runs = append(runs, time.Since(wall))
		if len(found) != 1 {
			b.Fatal("the opened engine does not find what it holds")
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(runs)
	return float64(runs[2].Microseconds()) / 1000
}

// evict asks the kernel to forget what it holds of the files in a folder.
func evict(b *testing.B, dir string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, entry := range files {
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		if err == nil {
			err = errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchEngine(b *testing.B, n int) {
	dir := b.TempDir()
	e, err := match.Open(dir, [32]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	from, wall := processor(b, unix.RUSAGE_SELF), time.Now()
	err = e.Refill(func(yield func(match.Entry, error) bool) {
		for i := 0; i < n && yield(match.Entry{Signal: idOf(i), Type: "md5", Canonical: hashOf(i)}, nil); i++ {
		}
	}, []byte("filled"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((processor(b, unix.RUSAGE_SELF)-from).Nanoseconds())/float64(n), "fill-ns/signal")
	b.ReportMetric(time.Since(wall).Seconds(), "fill-s")
	bytes := float64(e.Status().Bytes) / float64(n)
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(opened(b, dir, true), "open-cold-ms")
	b.ReportMetric(opened(b, dir, false), "open-ms")
	if e, err = match.Open(dir, [32]byte{1}); err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	var found []match.Found
	wall = time.Now()
	if err := e.Check(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(wall).Seconds(), "check-s")

	before := heap()
	held := map[string]uint64{}
	mapFill := processor(b, unix.RUSAGE_SELF)
	for i := range n {
		held[hashOf(i)] = uint64(idOf(i))
	}
	b.ReportMetric(float64((processor(b, unix.RUSAGE_SELF)-mapFill).Nanoseconds())/float64(n), "map-fill-ns/signal")
	mapBytes := (heap() - before) / float64(n)
	b.ReportMetric(bytes, "engine-B/signal")
	b.ReportMetric(mapBytes, "map-B/signal")
	b.ReportMetric(bytes/mapBytes, "bytes-ratio")

	rng := rand.New(rand.NewPCG(1, 2))
	queries := make([]match.Query, 1<<20)
	want := 0
	for i := range queries {
		v := n + rng.IntN(100*n)
		if i%100 == 0 {
			v = rng.IntN(n)
			want++
		}
		queries[i] = match.Query{Type: "md5", Canonical: hashOf(v)}
	}
	check := func(got int) {
		if got != want {
			b.Fatalf("found %d, want %d", got, want)
		}
	}
	ofMap := timed(b, len(queries), func() {
		got := 0
		for i := range queries {
			if _, ok := held[queries[i].Canonical]; ok {
				got++
			}
		}
		check(got)
	})
	single := timed(b, len(queries), func() {
		got := 0
		for i := range queries {
			if found = e.Match(queries[i], found[:0]); len(found) > 0 {
				got++
			}
		}
		check(got)
	})
	batch := timed(b, len(queries), func() {
		got := 0
		e.MatchBatch(queries, func(int, match.Found) { got++ })
		check(got)
	})
	b.ReportMetric(ofMap, "map-ns")
	b.ReportMetric(single, "match-ns")
	b.ReportMetric(batch, "batch-ns")
	b.ReportMetric(ofMap/single, "match-times")
	b.ReportMetric(ofMap/batch, "batch-times")
	runtime.KeepAlive(held)
}

// BenchmarkEngineApply holds applying changes, a thousand at a time beside what is held,
// merges included, against putting the same values into a Go map; and measures from Apply to a
// match while files are merged.
func BenchmarkEngineApply(b *testing.B) {
	const held, more, batch = 1_000_000, 1_000_000, 1000
	for range b.N {
		e, err := match.Open(b.TempDir(), [32]byte{1})
		if err != nil {
			b.Fatal(err)
		}
		err = e.Refill(func(yield func(match.Entry, error) bool) {
			for i := 0; i < held && yield(match.Entry{Signal: idOf(i), Type: "md5", Canonical: hashOf(i)}, nil); i++ {
			}
		}, nil)
		if err != nil {
			b.Fatal(err)
		}
		m := map[string]uint64{}
		for i := range held {
			m[hashOf(i)] = uint64(idOf(i))
		}
		changes := make([]match.Change, more)
		for i := range changes {
			changes[i].Entry = match.Entry{Signal: idOf(held + i), Type: "md5", Canonical: hashOf(held + i)}
		}
		runtime.GC()
		from := processor(b, unix.RUSAGE_SELF)
		for i := range changes {
			m[changes[i].Canonical] = uint64(changes[i].Signal)
		}
		ofMap := processor(b, unix.RUSAGE_SELF) - from
		clear(m)
		m = nil // or each collection during Apply would go through it
		runtime.GC()
		from = processor(b, unix.RUSAGE_SELF)
		for part := range slices.Chunk(changes, batch) {
			if err := e.Apply(part); err != nil {
				b.Fatal(err)
			}
		}
		e.Position() // waits for merges
		ofEngine := processor(b, unix.RUSAGE_SELF) - from
		b.ReportMetric(float64(ofMap.Nanoseconds())/more, "map-ns/change")
		b.ReportMetric(float64(ofEngine.Nanoseconds())/more, "apply-ns/change")
		b.ReportMetric(float64(ofMap)/float64(ofEngine), "times")
		reportVisible(b, e, held+more)
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// reportVisible applies single changes while a purge rewrites everything, and reports the time
// from Apply to a match: by the clock, and of the processor, which leaves out what others on
// the machine took.
func reportVisible(b *testing.B, e *match.Engine, next int) {
	if err := e.Apply([]match.Change{{Entry: match.Entry{Signal: idOf(1)}, Remove: true}}); err != nil {
		b.Fatal(err)
	}
	if err := e.Save(nil); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Purge(context.Background()) }()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var clock, cpu []time.Duration
	for running := true; running; next++ {
		select {
		case err := <-done:
			if err != nil {
				b.Fatal(err)
			}
			running = false
		default:
		}
		en := match.Entry{Signal: idOf(next), Type: "md5", Canonical: hashOf(next)}
		from, spent := time.Now(), processor(b, unix.RUSAGE_THREAD)
		if err := e.Apply([]match.Change{{Entry: en}}); err != nil {
			b.Fatal(err)
		}
		if got := e.Match(match.Query{Type: en.Type, Canonical: en.Canonical}, nil); len(got) != 1 {
			b.Fatal("a change is not seen")
		}
		clock = append(clock, time.Since(from))
		cpu = append(cpu, processor(b, unix.RUSAGE_THREAD)-spent)
	}
	slices.Sort(clock)
	slices.Sort(cpu)
	us := func(took []time.Duration, part float64) float64 {
		return float64(took[int(part*float64(len(took)-1))].Nanoseconds()) / 1000
	}
	b.ReportMetric(us(clock, 0.5), "visible-half-us")
	b.ReportMetric(us(clock, 0.99), "visible-99-us")
	b.ReportMetric(us(clock, 1), "visible-all-us")
	b.ReportMetric(us(cpu, 1), "visible-all-cpu-us")
	b.ReportMetric(float64(len(clock)), "changes-seen")
}
