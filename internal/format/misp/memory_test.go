package misp_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"lantern/internal/format/misp"
)

// endless is an event of so many attributes, made as it is read.
func endless(n int) io.Reader {
	parts := []io.Reader{strings.NewReader(`{"Event":{"Attribute":[`)}
	one := strings.Repeat(attribute("url", "https://files.example.com/a", `,"Tag":[{"name":"csam"}]`)+",", 1000)
	for range n / 1000 {
		parts = append(parts, strings.NewReader(one))
	}
	return io.MultiReader(append(parts, strings.NewReader(attribute("url", "https://files.example.com/a", "")+`],"Tag":[{"name":"tlp:red"}]}}`))...)
}

// Memory does not grow with the event. Not parallel, so that nothing else allocates.
func TestMemory(t *testing.T) {
	const n = 100_000
	r := misp.NewReader(endless(n), endless(n))
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	for i := range n {
		if rec, err := r.Read(); err != nil || rec.Signal.Handling != "RED" {
			t.Fatalf("attribute %d: %+v, %v", i, rec, err)
		}
	}
	if grown := live() - before; grown > 1<<20 {
		t.Errorf("%d bytes more are held after %d attributes", grown, n)
	}
	runtime.KeepAlive(r)
}
