package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lantern/audit"
	"pgregory.net/rapid"
)

func TestVerifyLog(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	all := makeLeaves(t, 1100)
	for _, n := range []int{0, 1, 2, 255, 256, 257, 512, 1100} {
		leaves := all[:n]
		fsys := publish(t, signer, leaves, 100)
		report, err := audit.VerifyLog(fsys, signer.VerifierKey(), nil)
		if err != nil {
			t.Fatalf("%d leaves: %v", n, err)
		}
		hashes := make([]audit.Hash, n)
		kinds := make(map[audit.Kind]int64)
		for i, l := range leaves {
			hashes[i] = refLeaf(l[:])
			kinds[l.Kind()]++
		}
		if report.Origin != origin || report.Size != int64(n) || report.Root != refRoot(hashes) || !maps.Equal(report.Leaves, kinds) {
			t.Errorf("%d leaves: report = %+v", n, report)
		}
		if n > 0 && (!report.First.Equal(leaves[0].Time()) || !report.Last.Equal(leaves[n-1].Time())) {
			t.Errorf("%d leaves: times %v to %v", n, report.First, report.Last)
		}
		seen := report.Checkpoint()
		if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), &seen); err != nil {
			t.Errorf("%d leaves, again: %v", n, err)
		}
	}
}

// TestVerifySeen gives the verifier an earlier head.
func TestVerifySeen(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	leaves := makeLeaves(t, 600)
	fsys := publish(t, signer, leaves, 256)
	rapid.Check(t, func(t *rapid.T) {
		var tree audit.Tree
		for _, l := range leaves[:rapid.IntRange(0, len(leaves)).Draw(t, "seen")] {
			tree.Append(audit.LeafHash(l))
		}
		seen := audit.Checkpoint{Origin: origin, Size: tree.Size(), Root: tree.Root()}
		if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), &seen); err != nil {
			t.Errorf("after size %d: %v", seen.Size, err)
		}
		seen.Root[0] ^= 1
		if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), &seen); !errors.Is(err, audit.ErrForked) {
			t.Errorf("after another tree of size %d: %v, want ErrForked", seen.Size, err)
		}
	})
	later := audit.Checkpoint{Origin: origin, Size: 601}
	if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), &later); !errors.Is(err, audit.ErrOlder) {
		t.Errorf("after a larger tree: %v, want ErrOlder", err)
	}
	other := audit.Checkpoint{Origin: "other.example.com", Size: 1}
	if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), &other); err == nil {
		t.Error("a checkpoint of another log was taken")
	}
}

// TestForkIsFound rewrites history and signs it with the log's own key.
func TestForkIsFound(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	leaves := makeLeaves(t, 700)
	honest, err := audit.VerifyLog(publish(t, signer, leaves[:400], 100), signer.VerifierKey(), nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := honest.Checkpoint()
	for name, forged := range map[string][]audit.Leaf{
		"dropped":   slices.Delete(slices.Clone(leaves), 30, 31),
		"swapped":   slices.Concat(leaves[:7], leaves[8:9], leaves[7:8], leaves[9:]),
		"inserted":  slices.Insert(slices.Clone(leaves), 399, leaves[5]),
		"rewritten": slices.Concat(leaves[:399], leaves[400:]),
	} {
		fsys := publish(t, signer, forged, 100)
		if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), nil); err != nil {
			t.Errorf("%s: not well made: %v", name, err)
		}
		if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), &seen); !errors.Is(err, audit.ErrForked) {
			t.Errorf("%s: %v, want ErrForked", name, err)
		}
	}
}

// TestDamageIsFound is the promise of the log: whatever happens to any file of a
// downloaded log, the verifier says no.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	fsys := publish(t, signer, makeLeaves(t, 600), 100)
	paths := slices.Sorted(maps.Keys(fsys))
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom(paths).Draw(t, "path")
		data := fsys[path].Data
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		damaged := maps.Clone(fsys)
		bad := bytes.Clone(data)
		switch rapid.SampledFrom([]string{"flip", "truncate", "drop byte", "add", "swap", "drop item", "remove", "exchange"}).Draw(t, "how") {
		case "flip":
			bad[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case "truncate":
			bad = bad[:at]
		case "drop byte":
			bad = slices.Delete(bad, at, at+1)
		case "add":
			bad = slices.Insert(bad, at, rapid.Byte().Draw(t, "byte"))
		case "swap":
			swapItems(bad, at, itemSize(path))
		case "drop item":
			n := min(itemSize(path), len(bad))
			from := at / n * n
			bad = slices.Delete(bad, from, min(from+n, len(bad)))
		case "remove":
			delete(damaged, path)
		case "exchange":
			bad = fsys[rapid.SampledFrom(paths).Draw(t, "other")].Data
		}
		if _, kept := damaged[path]; kept && bytes.Equal(bad, data) {
			t.Skip("nothing changed")
		} else if kept {
			damaged[path] = &fstest.MapFile{Data: bad}
		}
		if _, err := audit.VerifyLog(damaged, signer.VerifierKey(), nil); err == nil {
			t.Errorf("damage to %s was not found", path)
		} else if errors.Is(err, audit.ErrForked) || errors.Is(err, audit.ErrOlder) {
			t.Errorf("damage to %s was called %v", path, err)
		}
	})
}

// itemSize returns the length of one entry or hash of that file.
func itemSize(path string) int {
	if strings.HasPrefix(path, "tile/entries/") {
		return 2 + audit.LeafSize
	}
	return 32
}

// swapItems exchanges the item at the given byte with the first one.
func swapItems(data []byte, at, size int) {
	from := at / size * size
	if from+size > len(data) {
		return
	}
	first := bytes.Clone(data[:size])
	copy(data, data[from:from+size])
	copy(data[from:], first)
}

// TestVerifyNamesThePlace shows what the errors say.
func TestVerifyNamesThePlace(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	whole := publish(t, signer, makeLeaves(t, 700), 700)
	for _, tc := range []struct {
		path string
		at   int
		want string
	}{
		{"tile/entries/001", 44*9 + 20, "entry 265 (place 9 of tile/entries/001) and its hash in tile/0/001 disagree"},
		{"tile/entries/001", 44*9 + 2, "tile/entries/001, from entry 256: entry 9 of the bundle: leaf version"},
		{"tile/0/002.p/188", 32*187 + 31, "entry 699 (place 187 of tile/entries/002.p/188) and its hash in tile/0/002.p/188 disagree"},
		{"tile/1/000.p/2", 33, "hash 1 of tile/1/000.p/2 is not the hash of tile/0/001"},
	} {
		damaged := maps.Clone(whole)
		bad := bytes.Clone(whole[tc.path].Data)
		bad[tc.at] ^= 0x10
		damaged[tc.path] = &fstest.MapFile{Data: bad}
		_, err := audit.VerifyLog(damaged, signer.VerifierKey(), nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s, byte %d: %v, want %q", tc.path, tc.at, err, tc.want)
		}
	}
	short := maps.Clone(whole)
	short["tile/entries/000"] = &fstest.MapFile{Data: whole["tile/entries/000"].Data[:44*200]}
	if _, err := audit.VerifyLog(short, signer.VerifierKey(), nil); err == nil || !strings.Contains(err.Error(), "entry 200 is missing") {
		t.Errorf("a short bundle: %v, want entry 200 named", err)
	}
	delete(short, "tile/entries/000")
	if _, err := audit.VerifyLog(short, signer.VerifierKey(), nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "tile/entries/000") {
		t.Errorf("a missing bundle: %v, want it named", err)
	}
	resigned := maps.Clone(whole)
	head, err := signer.Sign(audit.Checkpoint{Size: 700, Root: audit.Hash{1}})
	if err != nil {
		t.Fatal(err)
	}
	resigned[audit.CheckpointPath] = &fstest.MapFile{Data: head}
	if _, err := audit.VerifyLog(resigned, signer.VerifierKey(), nil); err == nil || !strings.Contains(err.Error(), "entries 0 to 699") {
		t.Errorf("another root: %v, want the root blamed", err)
	}
}

// TestVerifyMemory shows that the verifier opens one file after another and reads none of
// them beyond the size it must have.
func TestVerifyMemory(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	fsys := publish(t, signer, makeLeaves(t, 300), 300)
	for path := range fsys {
		large := maps.Clone(fsys)
		large[path] = &fstest.MapFile{Data: append(bytes.Clone(fsys[path].Data), make([]byte, 2<<20)...)}
		counting := &countingFS{FS: large}
		if _, err := audit.VerifyLog(counting, signer.VerifierKey(), nil); err == nil {
			t.Errorf("%s of two megabytes was taken", path)
		}
		if counting.most > 1 || counting.read > 2<<20 {
			t.Errorf("%s: %d files open at once, %d bytes read", path, counting.most, counting.read)
		}
	}
}

// countingFS counts open files and bytes read.
type countingFS struct {
	fs.FS
	open, most, read int
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	c.open++
	c.most = max(c.most, c.open)
	return &countingFile{f, c}, nil
}

type countingFile struct {
	fs.File
	fs *countingFS
}

func (f *countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.fs.read += n
	return n, err
}

func (f *countingFile) Close() error {
	f.fs.open--
	return f.File.Close()
}
