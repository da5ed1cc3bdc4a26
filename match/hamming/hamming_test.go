package hamming

import (
	"bytes"
	"cmp"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// world makes hashes of one kind and questions about them, half of which are planted at
// every distance from 0 to 40 of some hash.
type world struct {
	name string
	make func(r *rand.Rand, n int) []Hash
}

var worlds = []world{
	{"uniform", uniform},
	{"clustered", clustered},
	{"dull bits", dull},
	{"all equal but few bits", func(r *rand.Rand, n int) []Hash {
		hashes := make([]Hash, n)
		for i := range hashes {
			hashes[i] = near(r, Hash{1, 2, 3, 4}, r.IntN(6))
		}
		return hashes
	}},
}

func random(r *rand.Rand) Hash { return Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()} }

func uniform(r *rand.Rand, n int) []Hash {
	hashes := make([]Hash, n)
	for i := range hashes {
		hashes[i] = random(r)
	}
	return hashes
}

// clustered has a fifth of its hashes in clusters of up to 200 that lie a few bits apart,
// and some that are equal, as copies of one picture are.
func clustered(r *rand.Rand, n int) []Hash {
	hashes := uniform(r, n)
	for i := 0; i < n/5; {
		center := random(r)
		for range min(200, n/5-i) {
			hashes[i] = near(r, center, r.IntN(12))
			i++
		}
	}
	r.Shuffle(n, func(i, j int) { hashes[i], hashes[j] = hashes[j], hashes[i] })
	return hashes
}

// dull is clustered and has a tenth of its hashes nearly all zero in one half, as pictures
// with little in them are.
func dull(r *rand.Rand, n int) []Hash {
	hashes := clustered(r, n)
	for i := 0; i < n; i += 10 {
		hashes[i][2] = r.Uint64() & r.Uint64() & r.Uint64() & r.Uint64()
		hashes[i][3] = r.Uint64() & r.Uint64() & r.Uint64() & r.Uint64()
	}
	return hashes
}

// near returns h with d bits changed.
func near(r *rand.Rand, h Hash, d int) Hash {
	for _, b := range r.Perm(256)[:d] {
		h[b/64] ^= 1 << (b % 64)
	}
	return h
}

// questions returns n questions about hashes.
func questions(r *rand.Rand, hashes []Hash, n int) []Hash {
	qs := make([]Hash, n)
	for i := range qs {
		if i%2 == 0 && len(hashes) > 0 {
			qs[i] = near(r, hashes[r.IntN(len(hashes))], r.IntN(41))
		} else {
			qs[i] = random(r)
		}
	}
	return qs
}

// answer is what a search must find: number and distance of each hash, by number.
type answer struct{ number, distance int }

func compared(hashes []Hash, q Hash, radius int) (found []answer) {
	for i := range hashes {
		d := 0
		for w := range q {
			d += bits.OnesCount64(hashes[i][w] ^ q[w])
		}
		if d <= radius {
			found = append(found, answer{i, d})
		}
	}
	return found
}

func searched(x *Index, numbers []uint32, q Hash, radius int) (found []answer) {
	for _, h := range x.Search(q, radius, nil) {
		for _, n := range numbers[h.From:h.To] {
			found = append(found, answer{int(n), h.Distance})
		}
	}
	slices.SortFunc(found, func(a, b answer) int { return a.number - b.number })
	return found
}

// splits are every form of split, whatever the number of rows.
var splits = map[string][]chunk{"none": nil, "16 narrow": splitFor(fromChunks, Wide), "16": splitFor(1<<20, Wide), "14": splitFor(fromSmall, Compact), "11": splitFor(fromWide, Wide)}

func TestSearchFindsAllAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		for split, chunks := range splits {
			for _, form := range []Form{Wide, Compact} {
				t.Run(fmt.Sprintf("%s, %s chunks, form %d", w.name, split, form), func(t *testing.T) {
					t.Parallel()
					r := rand.New(rand.NewPCG(1, uint64(len(w.name)+len(split))))
					hashes := w.make(r, 3000)
					x, numbers := build(hashes, form, chunks)
					checkNumbers(t, numbers, len(hashes))
					checkAll(t, x, numbers, hashes)
					for i, q := range questions(r, hashes, 120) {
						for _, radius := range []int{0, 1, i % 32, 30, 31, 32, 60, 256} {
							got, want := searched(x, numbers, q, radius), compared(hashes, q, radius)
							if !slices.Equal(got, want) {
								t.Fatalf("question %d, radius %d: found %d, want %d", i, radius, len(got), len(want))
							}
						}
					}
				})
			}
		}
	}
}

// checkAll fails unless x yields every hash as it was given.
func checkAll(t *testing.T, x *Index, numbers []uint32, hashes []Hash) {
	t.Helper()
	seen := 0
	x.All(func(h Hash, from, to uint32) {
		for _, n := range numbers[from:to] {
			if seen++; hashes[n] != h {
				t.Fatalf("hash %d is yielded as another", n)
			}
		}
	})
	if seen != len(hashes) {
		t.Fatalf("%d hashes are yielded, want %d", seen, len(hashes))
	}
}

// checkNumbers fails unless numbers holds 0 to n-1, each once.
func checkNumbers(t *testing.T, numbers []uint32, n int) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(numbers))
	for i, v := range sorted {
		if int(v) != i {
			t.Fatalf("the order does not hold %d once", i)
		}
	}
	if len(sorted) != n {
		t.Fatalf("the order holds %d numbers, want %d", len(sorted), n)
	}
}

func TestSearchOfFew(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 100} {
		for _, form := range []Form{Wide, Compact} {
			hashes := uniform(r, n)
			x, numbers := Build(hashes, form)
			if x.Len() != n {
				t.Errorf("%d hashes: Len() = %d", n, x.Len())
			}
			for _, q := range questions(r, hashes, 20) {
				if got, want := searched(x, numbers, q, 31), compared(hashes, q, 31); !slices.Equal(got, want) {
					t.Errorf("%d hashes: found %d, want %d", n, len(got), len(want))
				}
			}
		}
	}
	x, _ := Build(uniform(r, 10), Wide)
	if hits := x.Search(Hash{}, -1, nil); len(hits) != 0 {
		t.Errorf("a negative radius found %d", len(hits))
	}
}

// The pigeonhole principle holds for a split only if the distances add up.
func TestSplitsMissNothing(t *testing.T) {
	t.Parallel()
	for name, split := range splits {
		if split == nil {
			continue
		}
		for radius := range maxRadius + 1 {
			sum, near := 0, nearFor(split, radius)
			for i, c := range split {
				if sum += near[i] + 1; near[i] > c.near || near[i] < -1 || c.width > maxWidth {
					t.Errorf("%s: chunk %d is searched to %d", name, i, near[i])
				}
			}
			if sum < radius+1 {
				t.Errorf("%s: radius %d: the distances add up to %d", name, radius, sum)
			}
		}
		var used [256]bool
		for _, c := range split {
			for b := c.at; b < c.at+c.width; b++ {
				if used[b] {
					t.Errorf("%s: bit %d belongs to two chunks", name, b)
				}
				used[b] = true
			}
		}
	}
}

func TestOrderIsAPermutation(t *testing.T) {
	t.Parallel()
	for name, split := range splits {
		o := orderOf(dull(rand.New(rand.NewPCG(2, 2)), 500), split)
		var seen [256]bool
		for _, b := range o.bits {
			seen[b] = true
		}
		if slices.Contains(seen[:], false) {
			t.Errorf("%s: a bit is lost", name)
		}
	}
}

// TestDealTogether holds dealing many hashes at a time, in Go and in assembly, to dealing one bit
// after the other, and one hash.
func TestDealTogether(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	for name, split := range splits {
		for _, n := range []int{0, 1, 63, 64, 65, 200} {
			hashes := dull(r, n)
			o := orderOf(hashes, split)
			d, got, fast := newDealer(&o), make([]dealt, n), make([]dealt, n)
			o.deal(hashes, got)
			dealFast(&o)(hashes, fast)
			for i, h := range hashes {
				var want, one dealt
				for at, b := range o.bits {
					want.Hash[at/64] |= h[b/64] >> (b % 64) & 1 << (at % 64)
				}
				for at, b := range o.filter {
					want.filter[at/64] |= h[b/64] >> (b % 64) & 1 << (at % 64)
				}
				if d.deal(&hashes[i], &one); got[i] != want || fast[i] != want || one != want {
					t.Fatalf("%s chunks, %d hashes: hash %d is dealt otherwise", name, n, i)
				}
			}
		}
	}
}

// FuzzKernels holds the kernel in assembly to the one in Go, on any buckets.
func FuzzKernels(f *testing.F) {
	f.Add(uint64(1), uint16(100), uint8(31), uint8(8))
	f.Add(uint64(2), uint16(3), uint8(96), uint8(4))
	f.Add(uint64(3), uint16(700), uint8(44), uint8(255))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, limit, room uint8) {
		if n == 0 || room < 4 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 0))
		entries := make([]entry, n)
		for i := range entries {
			entries[i] = entry{r.Uint64(), r.Uint32(), r.Uint32()}
		}
		starts := make([]uint32, 257)
		for i := range starts {
			starts[i] = uint32(r.IntN(int(n) + 3)) // also beyond the end, and falling: damaged
		}
		fl := flips(8, 2)
		value := uint32(r.IntN(256))
		a, b := make([]span, len(fl)), make([]span, len(fl))
		na := gather(a, starts, fl, value, uint32(n))
		nb := gatherFast(b, starts, fl, value, uint32(n), unsafe.Pointer(&entries[0]), 4)
		if na != nb || !slices.Equal(a, b) {
			t.Fatalf("gather: %d and %d entries", na, nb)
		}
		q := filter{r.Uint64(), r.Uint64() >> 32}
		drain := func(spans []span, scan func([]span, []entry, filter, int, []uint32) (int, int)) (all []uint32) {
			out := make([]uint32, room)
			for len(spans) > 0 {
				done, found := scan(spans, entries, q, int(limit), out)
				all = append(all, out[:found]...)
				spans = spans[done:]
			}
			return all
		}
		if !slices.Equal(drain(a, scan), drain(b, scanFast)) {
			t.Fatal("scan: the kernels disagree")
		}
	})
}

// FuzzValues holds the kernel that cuts chunks out of rows to the one in Go.
func FuzzValues(f *testing.F) {
	f.Add(uint64(1), uint16(1000), uint8(43), uint8(21))
	f.Add(uint64(2), uint16(8), uint8(64), uint8(24))
	f.Add(uint64(3), uint16(9), uint8(232), uint8(24))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, at, width uint8) {
		c := chunk{width: int(width)%maxWidth + 1}
		c.at = int(at) % (256 - c.width + 1)
		rows, got, want := uniform(rand.New(rand.NewPCG(seed, 0)), int(n)), make([]uint32, n), make([]uint32, n)
		c.values(rows, want)
		c.valuesFast(rows, got)
		if !slices.Equal(got, want) {
			t.Fatal("the kernels disagree")
		}
	})
}

// An index is the same on any number of cores.
func TestBuildOnManyCores(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		for split, chunks := range splits {
			for _, form := range []Form{Wide, Compact} {
				n := 3000
				if split == "16" && w.name == worlds[1].name {
					n = 3<<halfBits + n // cores sort no less than one upper half of numbers each
				}
				hashes := w.make(rand.New(rand.NewPCG(8, 8)), n)
				var want []byte
				var wantNumbers []uint32
				for _, cores := range []int{1, 2, 3, 7, 40} {
					b := newBuilder(hashes, form, chunks)
					b.cores = cores
					x, numbers := b.build()
					got := flatOf(t, x)
					if cores == 1 {
						want, wantNumbers = got, numbers
					}
					if !bytes.Equal(got, want) || !slices.Equal(numbers, wantNumbers) {
						t.Errorf("%s, %s chunks, form %d: %d cores make another index", w.name, split, form, cores)
					}
				}
			}
		}
	}
}

// FuzzParting holds the kernels that go to places by lines to going there one by one, and both to
// sorting by value, however uneven the values.
func FuzzParting(f *testing.F) {
	f.Add(uint64(1), uint32(20_000), uint8(16), uint8(0), uint16(1024))
	f.Add(uint64(2), uint32(9), uint8(21), uint8(3), uint16(1))
	f.Add(uint64(3), uint32(70_000), uint8(6), uint8(2), uint16(77))
	f.Add(uint64(4), uint32(40_000), uint8(24), uint8(20), uint16(8))
	f.Add(uint64(5), uint32(200_000), uint8(18), uint8(1), uint16(5000))
	f.Fuzz(func(t *testing.T, seed uint64, n uint32, width, dull uint8, block uint16) {
		n %= 1 << 18
		width = width%maxWidth + 1
		values := make([]uint32, n)
		numbers, entries := make([]uint32, n), make([]entry, n)
		r := rand.New(rand.NewPCG(seed, 0))
		for i := range values {
			values[i] = r.Uint32() >> (32 - width) >> (r.Uint32N(uint32(dull)%25 + 1))
			numbers[i], entries[i] = uint32(i), entry{r.Uint64(), r.Uint32(), uint32(i)}
		}
		checkParting(t, int(width), values, numbers, int(block)+1)
		checkParting(t, int(width), values, entries, int(block)+1)
	})
}

func checkParting[T member](t *testing.T, width int, values []uint32, list []T, block int) {
	t.Helper()
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	for _, lines := range []bool{false, true} {
		p := newParting[T](new(pages), chunk{width: width}, len(list))
		p.count(values)
		p.ends = p.place()
		if lines {
			p.byLine()
		}
		for from := 0; from < len(list); from += block {
			to := min(from+block, len(list))
			p.put(values[from:to], list[from:])
		}
		p.flush()
		starts := make([]uint32, 1<<width+1)
		p.finish(0, len(p.starts)-1, starts)
		at := 0
		for v, s := range starts[:1<<width] {
			for at < len(order) && values[order[at]] < uint32(v) {
				at++
			}
			if int(s) != at {
				t.Fatalf("by lines %v: a bucket begins at %d, want %d", lines, s, at)
			}
		}
		for i, from := range order {
			if p.placed[i] != list[from] {
				t.Fatalf("by lines %v: place %d holds another", lines, i)
			}
		}
	}
}
