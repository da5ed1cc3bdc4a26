package audit_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"lantern/audit"
)

// origin names the logs of these tests.
const origin = "exchange.example.com/log"

// testSeed is a published test key: RFC 8032 section 7.1, test 1.
var testSeed = []byte("\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4" +
	"\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60")

func newSigner(t testing.TB) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner(origin, testSeed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counter is a random source that repeats itself from run to run.
type counter struct{ n uint64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n = c.n*6364136223846793005 + 1442695040888963407
		p[i] = byte(c.n >> 56)
	}
	return len(p), nil
}

// makeLeaves commits to n synthetic records. The vectors in testdata rest on it.
func makeLeaves(t testing.TB, n int) []audit.Leaf {
	t.Helper()
	random := &counter{}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	leaves := make([]audit.Leaf, n)
	for i := range leaves {
		rec := audit.Record{
			Kind:   audit.Kind(1 + i%14),
			Time:   start.Add(time.Duration(i) * time.Second),
			Person: fmt.Appendf(nil, "person %d", i),
			Facts:  fmt.Appendf(nil, `{"n":%d}`, i),
		}
		var err error
		if leaves[i], _, err = audit.Commit(rec, random); err != nil {
			t.Fatal(err)
		}
	}
	return leaves
}

// someHashes returns n unlike leaf hashes.
func someHashes(n int) []audit.Hash {
	hashes := make([]audit.Hash, n)
	for i := range hashes {
		hashes[i] = refLeaf(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	return hashes
}

// naiveTiles serves tiles computed from all leaf hashes with the slow reference.
func naiveTiles(leaves []audit.Hash) audit.TileReader {
	return func(_ context.Context, level int, n int64, width int) ([]byte, error) {
		span := 1 << (8 * level)
		var data []byte
		for i := range width {
			from := (int(n)*audit.TileWidth + i) * span
			if from+span > len(leaves) {
				return nil, fmt.Errorf("level %d number %d is not %d wide", level, n, width)
			}
			h := refRoot(leaves[from : from+span])
			data = append(data, h[:]...)
		}
		return data, nil
	}
}

// publish lays out a log of these leaves the way an exchange stores it: appending in
// steps, keeping full tiles, and building partial ones at the end.
func publish(t testing.TB, signer *audit.Signer, leaves []audit.Leaf, step int) fstest.MapFS {
	t.Helper()
	ctx := t.Context()
	type place struct {
		level int
		n     int64
	}
	roots := make(map[place]audit.Hash)
	readLeaves := func(_ context.Context, from, to int64) ([]audit.Leaf, error) { return leaves[from:to], nil }
	readRoots := func(_ context.Context, level int, from, to int64) ([]audit.Hash, error) {
		var list []audit.Hash
		for n := from; n < to; n++ {
			if h, ok := roots[place{level, n}]; ok {
				list = append(list, h)
			}
		}
		return list, nil
	}
	var tree audit.Tree
	for len(leaves) > int(tree.Size()) {
		old := tree.Size()
		for _, l := range leaves[old:min(int(old)+step, len(leaves))] {
			tree.Append(audit.LeafHash(l))
		}
		for _, id := range audit.CompletedTiles(old, tree.Size()) {
			data, err := audit.BuildTile(ctx, id, readLeaves, readRoots)
			if err != nil {
				t.Fatal(err)
			}
			roots[place{id.Level, id.N}] = audit.TileHash(data)
		}
	}
	fsys := make(fstest.MapFS)
	for id := range audit.Tiles(0, tree.Size()) {
		data, err := audit.BuildTile(ctx, id, readLeaves, readRoots)
		if err != nil {
			t.Fatal(err)
		}
		fsys[id.Path()] = &fstest.MapFile{Data: data}
		if id.Level == 0 {
			from := id.N * audit.TileWidth
			bundle := audit.EncodeEntries(leaves[from : from+int64(id.Width)])
			fsys[audit.EntriesPath(id.N, id.Width)] = &fstest.MapFile{Data: bundle}
		}
	}
	checkpoint, err := signer.Sign(audit.Checkpoint{Size: tree.Size(), Root: tree.Root()})
	if err != nil {
		t.Fatal(err)
	}
	fsys[audit.CheckpointPath] = &fstest.MapFile{Data: checkpoint}
	return fsys
}
