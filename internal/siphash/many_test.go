package siphash

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// FuzzFirsts holds the kernel to one hash after the other, for messages of any lengths side by
// side.
func FuzzFirsts(f *testing.F) {
	f.Add(uint64(1), []byte{0, 1, 7, 8, 9, 31, 32, 33})
	f.Add(uint64(2), []byte{127, 128, 129, 135, 136, 137, 255, 0, 64})
	f.Add(uint64(3), []byte{32, 32, 32})
	f.Add(uint64(4), slices.Repeat([]byte{32, 24, 25}, 21))
	f.Fuzz(func(t *testing.T, seed uint64, lengths []byte) {
		r := rand.New(rand.NewPCG(seed, 0))
		lengths = lengths[:min(len(lengths), 70)]
		keys, texts := make([]*Key, len(lengths)), make([]string, len(lengths))
		for i, n := range lengths {
			keys[i] = &Key{r.Uint64(), r.Uint64()}
			b := make([]byte, n)
			for j := range b {
				b[j] = byte(r.Uint32())
			}
			texts[i] = string(b)
		}
		got, want := make([]uint64, len(lengths)), make([]uint64, len(lengths))
		Firsts(keys, texts, got)
		firsts(keys, texts, want)
		if !slices.Equal(got, want) {
			t.Fatal("a hash made beside others differs from one made alone")
		}
	})
}

// BenchmarkFirsts hashes 64 messages at a time, as digests in hexadecimal and mail addresses are long.
func BenchmarkFirsts(b *testing.B) {
	const n = 64
	for _, lengths := range [][2]int{{32, 32}, {40, 40}, {16, 40}} {
		r := rand.New(rand.NewPCG(1, 0))
		keys, texts, out := make([]*Key, n), make([]string, n), make([]uint64, n)
		for i := range texts {
			keys[i] = &Key{1, 2}
			texts[i] = fmt.Sprintf("%0*d", lengths[0]+r.IntN(lengths[1]-lengths[0]+1), i)
		}
		for _, way := range []struct {
			name string
			do   func([]*Key, []string, []uint64)
		}{{"together", Firsts}, {"alone", firsts}} {
			b.Run(fmt.Sprintf("%d-%d/%s", lengths[0], lengths[1], way.name), func(b *testing.B) {
				for b.Loop() {
					way.do(keys, texts, out)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/hash")
			})
		}
	}
}
