package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lantern/internal/segment"
	"lantern/internal/wordhash"
)

var stamp = segment.Stamp{Rules: 7, Key: [8]byte{1, 2, 3}}

// sample makes the rows of n signals with the ids 3, 6, 9, …, of which every fifth is gone.
func sample(rng *rand.Rand, n int) *segment.Rows {
	r := &segment.Rows{Types: []string{"pdq", "email", "phrase"}}
	for i := range uint32(n) {
		r.IDs = append(r.IDs, 3*uint64(i+1))
		r.Gone = append(r.Gone, i%5 == 4)
		if i%5 == 4 {
			continue
		}
		r.Keys = append(r.Keys, segment.Key{Hash: rng.Uint64(), Tail: rng.Uint32(), Row: i, Flags: uint8(i % 4)})
		if i%3 == 0 {
			r.Marks = append(r.Marks, segment.Mark{Hash: rng.Uint64(), Row: i})
			r.Near = append(r.Near, segment.Near{Bits: [4]uint64{rng.Uint64(), uint64(i), 0, 1}, Row: i})
			r.Phrases = append(r.Phrases, segment.Phrase{Hash: rng.Uint64() % 64 << 58, Filed: uint8(i % 4), Words: 2, Row: i, Text: fmt.Appendf(nil, "zorbly %d", i)})
		}
	}
	rng.Shuffle(len(r.Keys), func(i, j int) { r.Keys[i], r.Keys[j] = r.Keys[j], r.Keys[i] })
	return r
}

// stored writes a segment into a folder and returns the bytes of its file.
func stored(t testing.TB, s *segment.Segment) []byte {
	t.Helper()
	f, err := segment.OpenFolder(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Write(9, s, stamp); err != nil {
		t.Fatal(err)
	}
	file, err := f.Open(9, int64(len(s.Image())), stamp)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return bytes.Clone(file.Image())
}

// same complains about a row of r that s does not give back.
func same(t *testing.T, s *segment.Segment, r *segment.Rows) {
	t.Helper()
	for i, id := range r.IDs {
		if about, held := s.Speaks(id); !about || held == r.Gone[i] {
			t.Fatalf("signal %d: speaks %v, held %v", i, about, held)
		}
		for _, no := range []uint64{id - 1, id + 1} {
			if about, _ := s.Speaks(no); about {
				t.Fatalf("speaks about %d", no)
			}
		}
	}
	for _, k := range r.Keys {
		from, behind := s.Find(k.Hash, k.Tail)
		found := false
		for j := from; j < behind; j++ {
			row, flags := s.Key(j)
			found = found || s.ID(row) == r.IDs[k.Row] && flags == k.Flags
		}
		if !found || behind-from != 1 || !s.May(k.Hash) {
			t.Fatalf("a key of row %d is not found", k.Row)
		}
	}
	for _, m := range r.Marks {
		if !s.May(m.Hash) {
			t.Fatalf("a mark of row %d is not there", m.Row)
		}
	}
	for _, n := range r.Near {
		found := false
		s.Near(&n.Bits, 0, func(row uint32, d int) { found = found || s.ID(row) == r.IDs[n.Row] && d == 0 })
		if !found {
			t.Fatalf("the hash of row %d is not found", n.Row)
		}
	}
	for _, p := range r.Phrases {
		found := false
		var got segment.Phrase
		for list := s.FindPhrases(p.Hash); s.NextPhrase(&list, &got); {
			found = found || bytes.Equal(got.Text, p.Text) && s.ID(got.Row) == r.IDs[p.Row] && got.Words == p.Words && got.Filed == p.Filed
		}
		may := s.May(p.Hash)
		if p.Filed > 0 {
			may = len(s.Sift(int(p.Filed), []uint64{p.Hash}, nil)) == 1
		}
		if !found || !may {
			t.Fatalf("the phrase of row %d is not found", p.Row)
		}
		for w := range bytes.FieldsSeq(p.Text) {
			if p.Filed > 0 && !s.MaySay(wordhash.Folded(w)) {
				t.Fatalf("a word of the phrase of row %d is not in the vocabulary", p.Row)
			}
		}
	}
}

// TestRowsComeBack builds segments of many sizes and looks for every row, in memory and
// from the bytes of a file.
func TestRowsComeBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 7, 8, 9, 63, 64, 65, 1000, 40_000} {
		r := sample(rand.New(rand.NewPCG(1, uint64(n))), n)
		s := segment.Build(r)
		same(t, s, r)
		s, err := segment.Parse(9, stored(t, s), stamp)
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, r)
		if err := s.Check(func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := s.Held(); got != n-n/5 {
			t.Errorf("holds %d of %d, want %d", got, n, n-n/5)
		}
		said := 0
		for i := range 1000 {
			if s.MaySay(wordhash.Folded(fmt.Appendf(nil, "other%d", i))) {
				said++
			}
		}
		if said > 50 {
			t.Errorf("%d of 1000 words of no phrase may be said", said)
		}
		if n > 0 && !slices.Equal(s.Types(), []string{"email", "pdq", "phrase"}) {
			t.Errorf("types %q", s.Types())
		}
	}
}

// TestKeysOfEveryWidth builds segments of as many keys as leave out no byte of their hashes, one and
// two, merges each with another, and looks for every key, and for hashes that differ from one in
// what a row keeps or leaves out.
func TestKeysOfEveryWidth(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 500, 1023, 1024, 3000, 262_143, 262_144} {
		r := &segment.Rows{}
		for i := range n {
			r.IDs, r.Gone = append(r.IDs, rng.Uint64()>>1), append(r.Gone, false)
			r.Keys = append(r.Keys, segment.Key{Hash: rng.Uint64(), Tail: rng.Uint32(), Row: uint32(i), Flags: uint8(i % 4)})
		}
		r.Keys[0].Hash = 0
		r.Keys[n-1].Hash = 1<<64 - 1
		slices.Sort(r.IDs)
		s := segment.Build(r)
		same(t, s, r)
		more := segment.Build(&segment.Rows{IDs: []uint64{1 << 63}, Gone: []bool{false}, Keys: []segment.Key{{Hash: 77}}})
		merged := segment.Merge([]*segment.Segment{s, more}, func(uint64) bool { return false })
		same(t, merged, r)
		for _, k := range r.Keys[:min(n, 1000)] {
			for bit := range 64 {
				if from, behind := s.Find(k.Hash^1<<bit, k.Tail); from != behind {
					t.Fatalf("%d keys: one is found under a hash with bit %d changed", n, bit)
				}
			}
			for bit := range 32 {
				if from, behind := s.Find(k.Hash, k.Tail^1<<bit); from != behind {
					t.Fatalf("%d keys: one is found under a tail with bit %d changed", n, bit)
				}
			}
		}
	}
}

// TestSpeaks looks for ids of many kinds of lists: dense, spread evenly, in clusters, growing
// without measure.
func TestSpeaks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for name, next := range map[string]func(id uint64) uint64{
		"dense":    func(id uint64) uint64 { return id + 1 },
		"even":     func(id uint64) uint64 { return id + 1 + rng.Uint64N(1<<48) },
		"clusters": func(id uint64) uint64 { return id + 1 + rng.Uint64N(3)/2*rng.Uint64N(1<<50) },
		"growing":  func(id uint64) uint64 { return id + id/100 + 1 },
	} {
		r := &segment.Rows{}
		for id, i := uint64(1), 0; i < 3000; id, i = next(id), i+1 {
			r.IDs, r.Gone = append(r.IDs, id), append(r.Gone, i%2 == 0)
		}
		s := segment.Build(r)
		for i, id := range r.IDs {
			if about, held := s.Speaks(id); !about || held == r.Gone[i] {
				t.Fatalf("%s: row %d is not found", name, i)
			}
			for _, no := range []uint64{id - 1, id + 1} {
				if _, want := slices.BinarySearch(r.IDs, no); want != first(s.Speaks(no)) {
					t.Fatalf("%s: beside row %d: %v", name, i, !want)
				}
			}
		}
	}
}

func first(about, _ bool) bool { return about }

// TestCrowd: thousands of signals on one value must cost no more than their number.
func TestCrowd(t *testing.T) {
	t.Parallel()
	r := &segment.Rows{}
	for i := range uint32(50_000) {
		r.IDs, r.Gone = append(r.IDs, uint64(i+1)), append(r.Gone, false)
		r.Keys = append(r.Keys, segment.Key{Hash: 1<<40 + uint64(i%3), Tail: 5, Row: i})
	}
	slices.Reverse(r.Keys)
	s := segment.Build(r)
	s = segment.Merge([]*segment.Segment{s, segment.Build(&segment.Rows{IDs: []uint64{7}, Gone: []bool{true}})}, func(uint64) bool { return false })
	total := 0
	for h := range uint64(5) {
		from, behind := s.Find(1<<40-1+h, 5)
		total += behind - from
	}
	if total != 49_999 {
		t.Errorf("found %d keys, want 49999", total)
	}
}

// TestMergeKeepsTheLast merges segments that contradict each other.
func TestMergeKeepsTheLast(t *testing.T) {
	t.Parallel()
	one := func(id uint64, hash uint64, gone bool) *segment.Segment {
		r := &segment.Rows{IDs: []uint64{id}, Gone: []bool{gone}}
		if !gone {
			r.Keys = []segment.Key{{Hash: hash}}
		}
		return segment.Build(r)
	}
	list := []*segment.Segment{one(1, 10, false), one(2, 20, false), one(1, 11, false), one(2, 0, true), one(3, 0, true)}
	m := segment.Merge(list, func(id uint64) bool { return id == 3 })
	if m.Len() != 2 || m.Held() != 1 {
		t.Fatalf("speaks about %d, holds %d, want 2 and 1", m.Len(), m.Held())
	}
	for hash, want := range map[uint64]int{10: 0, 11: 1, 20: 0} {
		if from, behind := m.Find(hash, 0); behind-from != want {
			t.Errorf("hash %d: %d keys, want %d", hash, behind-from, want)
		}
	}
	if about, held := m.Speaks(3); !about || held {
		t.Error("the tombstone that is needed was dropped")
	}
}

// TestMergeEqualsBuild merges segments that speak about the same signals, with few hashes and tails among many keys,
// and compares the image with that of a segment built of what is left.
func TestMergeEqualsBuild(t *testing.T) {
	t.Parallel()
	type signal struct {
		gone bool
		keys []segment.Key
	}
	rapid.Check(t, func(t *rapid.T) {
		last := map[uint64]signal{}
		var list []*segment.Segment
		build := func(what map[uint64]signal) *segment.Segment {
			r := &segment.Rows{}
			for _, id := range slices.Sorted(maps.Keys(what)) {
				for _, k := range what[id].keys {
					k.Row = uint32(len(r.IDs))
					r.Keys = append(r.Keys, k)
				}
				r.IDs, r.Gone = append(r.IDs, id), append(r.Gone, what[id].gone)
			}
			return segment.Build(r)
		}
		spread := rapid.SampledFrom([]uint64{1, 3, 1 << 20}).Draw(t, "hashes")
		for range rapid.IntRange(1, 12).Draw(t, "segments") {
			part := map[uint64]signal{}
			for range rapid.IntRange(0, 60).Draw(t, "signals") {
				s := signal{gone: rapid.IntRange(0, 4).Draw(t, "gone") == 0}
				for range rapid.IntRange(0, 3).Draw(t, "keys") {
					if hash := rapid.Uint64Range(0, spread-1).Draw(t, "hash") * (math.MaxUint64 / spread); !s.gone {
						s.keys = append(s.keys, segment.Key{Hash: hash, Tail: rapid.Uint32Range(0, 2).Draw(t, "tail")})
					}
				}
				part[rapid.Uint64Range(1, 100).Draw(t, "id")] = s
			}
			maps.Copy(last, part)
			list = append(list, build(part))
		}
		if !bytes.Equal(segment.Merge(list, func(uint64) bool { return true }).Image(), build(last).Image()) {
			t.Fatal("a merged segment differs from one that is built of the same")
		}
		maps.DeleteFunc(last, func(_ uint64, s signal) bool { return s.gone })
		if !bytes.Equal(segment.Merge(list, func(uint64) bool { return false }).Image(), build(last).Image()) {
			t.Fatal("without what is gone, a merged segment differs from one that is built of the same")
		}
	})
}

// TestHeaderDamage flips every bit of a header, and cuts files short.
func TestHeaderDamage(t *testing.T) {
	t.Parallel()
	image := stored(t, segment.Build(sample(rand.New(rand.NewPCG(1, 2)), 100)))
	refused := func(what string, image []byte) {
		t.Helper()
		var damage *segment.Damage
		if _, err := segment.Parse(9, image, stamp); !errors.As(err, &damage) || damage.Segment != 9 {
			t.Errorf("%s: got %v, want the damage of segment 9", what, err)
		}
	}
	for bit := range 8 * segment.HeaderSize {
		image[bit/8] ^= 1 << (bit % 8)
		refused(fmt.Sprintf("bit %d", bit), image)
		image[bit/8] ^= 1 << (bit % 8)
	}
	for _, n := range []int{0, 7, 63, segment.HeaderSize - 1, segment.HeaderSize, len(image) / 2, len(image) - 1} {
		refused(fmt.Sprintf("cut to %d bytes", n), image[:n:n])
	}
	refused("one byte more", append(bytes.Clone(image), 0))
	older := bytes.Clone(image)
	older[8]-- // the version
	segment.Resign(older)
	refused("of the version before", older)
	if _, err := segment.Parse(8, image, stamp); err == nil {
		t.Error("taken for another segment")
	}
	if _, err := segment.Parse(9, image, segment.Stamp{Rules: 7}); err == nil {
		t.Error("taken under another key")
	}
	if _, err := segment.Parse(9, image, segment.Stamp{Rules: 8, Key: stamp.Key}); err == nil {
		t.Error("taken by other rules")
	}
}

// TestSectionDamage flips a bit of every byte behind the header: a check must find it.
func TestSectionDamage(t *testing.T) {
	t.Parallel()
	image := stored(t, segment.Build(sample(rand.New(rand.NewPCG(1, 2)), 60)))
	mute := 0
	for i := segment.HeaderSize; i < len(image); i++ {
		image[i] ^= 1 << (i % 8)
		s, err := segment.Parse(9, image, stamp)
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		var damage *segment.Damage
		if err := s.Check(func() error { return nil }); !errors.As(err, &damage) || damage.Segment != 9 {
			t.Fatalf("byte %d: the check says %v", i, err)
		}
		if damage.Mute {
			mute++
		}
		use(s)
		image[i] ^= 1 << (i % 8)
	}
	if want := 128 + 64; mute != want { // 60 ids and their bits, with padding
		t.Errorf("%d bytes silence all that is older, want %d", mute, want)
	}
}

// use calls everything that reads a segment; of a damaged one it must only not panic.
func use(s *segment.Segment) {
	for _, h := range []uint64{0, 1, 1 << 63, 1<<64 - 1} {
		s.May(h)
		s.Speaks(h)
		for i, behind := s.Find(h, 0); i < behind; i++ {
			row, _ := s.Key(i)
			s.ID(row)
			s.Gone(row)
		}
		for p, list := (segment.Phrase{}), s.FindPhrases(h); s.NextPhrase(&list, &p); {
		}
	}
	s.Types()
	s.Near(&[4]uint64{}, 256, func(row uint32, _ int) { s.ID(row) })
	s.Silenced()
	segment.Merge([]*segment.Segment{s, segment.Build(&segment.Rows{IDs: []uint64{3}, Gone: []bool{true}})}, func(uint64) bool { return true })
}

// FuzzParse opens whatever comes: with a header that is right, so that what is behind it is
// reached. It must refuse or work, and never panic; and what passes the check gives the
// answers of the segment that was written.
func FuzzParse(f *testing.F) {
	image := stored(f, segment.Build(sample(rand.New(rand.NewPCG(1, 2)), 60)))
	f.Add(uint32(0), []byte{})
	f.Add(uint32(24), []byte{255})
	f.Add(uint32(60), []byte{255}) // the checksum of the header, which is made right again
	for at := segment.HeaderSize; at < len(image); at += 64 {
		f.Add(uint32(at), []byte{255, 255, 255, 255, 255, 255, 255, 255})
	}
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		b := bytes.Clone(image)
		copy(b[int(at)%len(b):], with)
		segment.Resign(b)
		changed := !bytes.Equal(b, image)
		s, err := segment.Parse(9, b, stamp)
		if err != nil {
			return
		}
		use(s)
		if err := s.Check(func() error { return nil }); err == nil && changed && bytes.Equal(b[:segment.HeaderSize], image[:segment.HeaderSize]) {
			t.Error("a changed section passes the check")
		}
	})
}
