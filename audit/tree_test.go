package audit_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"lantern/audit"
	"pgregory.net/rapid"
)

// TestTreeKnownAnswers holds the roots to those of the Certificate Transparency test
// suite, whose eight leaves everybody uses.
func TestTreeKnownAnswers(t *testing.T) {
	t.Parallel()
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := map[int64]string{
		0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tree audit.Tree
	for i := 0; ; i++ {
		root := tree.Root()
		if want, ok := roots[tree.Size()]; ok && hex.EncodeToString(root[:]) != want {
			t.Errorf("root of %d leaves = %x, want %s", tree.Size(), root, want)
		}
		if i == len(leaves) {
			return
		}
		data, err := hex.DecodeString(leaves[i])
		if err != nil {
			t.Fatal(err)
		}
		tree.Append(tlog.RecordHash(data))
	}
}

func TestTreeAgainstReference(t *testing.T) {
	t.Parallel()
	leaves := someHashes(600)
	var tree audit.Tree
	for n := range leaves {
		if got, want := tree.Root(), refRoot(leaves[:n]); got != want {
			t.Fatalf("root of %d leaves = %v, want %v", n, got, want)
		}
		tree.Append(leaves[n])
	}
}

func TestTreeState(t *testing.T) {
	t.Parallel()
	leaves := someHashes(300)
	var tree audit.Tree
	for n := range leaves {
		state, err := tree.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var again audit.Tree
		if err := again.UnmarshalBinary(state); err != nil {
			t.Fatalf("size %d: %v", n, err)
		}
		if back, _ := again.MarshalBinary(); !bytes.Equal(back, state) || again.Root() != tree.Root() {
			t.Fatalf("size %d: the state does not come back", n)
		}
		for _, bad := range [][]byte{state[:len(state)-1], append(state[:len(state):len(state)], 0), nil} {
			if again.UnmarshalBinary(bad) == nil {
				t.Errorf("size %d: a state of %d bytes was taken", n, len(bad))
			}
		}
		if again.Root() != tree.Root() || again.Size() != tree.Size() {
			t.Errorf("size %d: a refused state changed the tree", n)
		}
		tree.Append(leaves[n])
	}
}

func TestTreeStateOutOfRange(t *testing.T) {
	t.Parallel()
	var tree audit.Tree
	if tree.UnmarshalBinary([]byte{0xff, 0, 0, 0, 0, 0, 0, 0}) == nil {
		t.Error("a negative size was taken")
	}
}

// TestTreeCopy shows that a copy and its original grow apart.
func TestTreeCopy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		leaves := someHashes(n + 2)
		var tree audit.Tree
		for _, h := range leaves[:n] {
			tree.Append(h)
		}
		fork := tree
		fork.Append(leaves[n+1])
		tree.Append(leaves[n])
		if got, want := tree.Root(), refRoot(leaves[:n+1]); got != want {
			t.Errorf("root = %v, want %v", got, want)
		}
	})
}

// Extend must give the proof that is made with all hashes of the tree at hand.
func TestExtend(t *testing.T) {
	t.Parallel()
	const most = 150
	leaves := someHashes(most)
	for size := range int64(most + 1) {
		read := naiveTiles(leaves[:size])
		for old := range size + 1 {
			var tree audit.Tree
			for _, h := range leaves[:old] {
				tree.Append(h)
			}
			before := tree.Root()
			got := tree.Extend(leaves[old:size])
			want, err := audit.Consistency(t.Context(), old, size, read)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("from %d to %d leaves: %d hashes that differ from the %d wanted", old, size, len(got), len(want))
			}
			if tree.Size() != size || tree.Root() != refRoot(leaves[:size]) {
				t.Fatalf("from %d to %d leaves: another tree", old, size)
			}
			if err := audit.VerifyConsistency(got, old, before, size, tree.Root()); err != nil {
				t.Fatalf("from %d to %d leaves: %v", old, size, err)
			}
		}
	}
}
