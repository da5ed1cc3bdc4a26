package hamming

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// flatOf returns the flat form of x at an address that Open takes.
func flatOf(t testing.TB, x *Index) []byte {
	t.Helper()
	var buf bytes.Buffer
	n, err := x.WriteTo(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(buf.Len()) || n != x.Size() {
		t.Fatalf("wrote %d bytes, said %d, Size() = %d", buf.Len(), n, x.Size())
	}
	return alignedCopy(buf.Bytes())
}

func alignedCopy(b []byte) []byte {
	words := make([]uint64, len(b)/8+1)
	to := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(b))
	copy(to, b)
	return to
}

func TestOpenedFindsTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for split, chunks := range splits {
		for _, form := range []Form{Wide, Compact} {
			hashes := clustered(r, 2000)
			built, numbers := build(hashes, form, chunks)
			x, err := Open(flatOf(t, built))
			if err != nil {
				t.Fatalf("%s chunks, form %d: %v", split, form, err)
			}
			for _, q := range questions(r, hashes, 60) {
				if got, want := searched(x, numbers, q, 31), compared(hashes, q, 31); !slices.Equal(got, want) {
					t.Fatalf("%s chunks, form %d: found %d, want %d", split, form, len(got), len(want))
				}
			}
		}
	}
	empty, _ := Build(nil, Wide)
	x, err := Open(flatOf(t, empty))
	if err != nil {
		t.Fatal(err)
	}
	if hits := x.Search(Hash{}, 256, nil); len(hits) != 0 {
		t.Errorf("an empty index found %d", len(hits))
	}
}

func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	built, _ := build(clustered(rand.New(rand.NewPCG(4, 4)), 500), Wide, splitFor(fromChunks, Wide))
	whole := flatOf(t, built)
	for _, n := range []int{0, 7, headerSize - 1, headerSize, headerSize + 64, len(whole) - 64, len(whole) - 1} {
		if _, err := Open(alignedCopy(whole[:n])); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: error %v", n, err)
		}
	}
	if _, err := Open(alignedCopy(append(slices.Clone(whole), make([]byte, 64)...))); !errors.Is(err, ErrDamaged) {
		t.Errorf("longer than it says: error %v", err)
	}
	for name, damage := range map[string]func(b []byte){
		"magic":                  func(b []byte) { b[0]++ },
		"form":                   func(b []byte) { b[headForm] = 7 },
		"more rows than hashes":  func(b []byte) { b[headRows+3] = 0xff },
		"chunks":                 func(b []byte) { b[headChunks] = 200 },
		"chunk without bits":     func(b []byte) { b[headSplit+2] = 0 },
		"chunk beyond the hash":  func(b []byte) { b[headSplit+1] = 1 },
		"a bit twice":            func(b []byte) { b[headBits] = b[headBits+1] },
		"a bit of filters twice": func(b []byte) { b[headFilter] = b[headFilter+1] },
	} {
		b := alignedCopy(whole)
		damage(b)
		if _, err := Open(b); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzOpen opens and searches damaged indexes: they may miss, and must not read elsewhere.
func FuzzOpen(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, form := range []Form{Wide, Compact} {
		x, _ := build(clustered(r, 40), form, []chunk{{at: 0, width: 6, near: 1}, {at: 6, width: 7, near: 2}})
		b := flatOf(f, x)
		f.Add(b, uint16(600), byte(0x80))
		f.Add(b, uint16(headRows), byte(1))
		f.Add(b[:len(b)-64], uint16(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, at uint16, flip byte) {
		if len(b) == 0 {
			return
		}
		b = alignedCopy(b)
		b[int(at)%len(b)] ^= flip
		x, err := Open(b)
		if err != nil {
			return
		}
		for _, radius := range []int{0, 31, 200} {
			x.Search(Hash{1, 2, 3, 4}, radius, nil)
			if x.Len() > 0 {
				x.Search(x.rows[0], radius, nil)
			}
		}
	})
}
