package audit_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"lantern/audit"
	"pgregory.net/rapid"
)

// TestProofsAgainstReference compares both proofs with the reference for all pairs of
// sizes up to 64, and runs them through both verifiers.
func TestProofsAgainstReference(t *testing.T) {
	t.Parallel()
	all := someHashes(64)
	for n := 1; n <= len(all); n++ {
		for m := range n {
			checkInclusion(t, all[:n], m)
			checkConsistency(t, all[:n], m+1)
		}
	}
}

// TestLargeProofs does the same at random places of larger trees, through several tiles.
func TestLargeProofs(t *testing.T) {
	t.Parallel()
	all := someHashes(256*256 + 700)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 2000), rapid.IntRange(256*256-2, len(all))).Draw(t, "n")
		m := rapid.IntRange(0, n-1).Draw(t, "m")
		checkInclusion(t, all[:n], m)
		checkConsistency(t, all[:n], m+1)
	})
}

// failer is what *testing.T and *rapid.T share here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkInclusion(t failer, leaves []audit.Hash, m int) {
	t.Helper()
	n := len(leaves)
	proof, err := audit.Inclusion(context.Background(), int64(n), int64(m), naiveTiles(leaves))
	if err != nil {
		t.Fatalf("Inclusion(%d, %d): %v", n, m, err)
	}
	if want := refPath(m, leaves); !slices.Equal(proof, want) {
		t.Fatalf("Inclusion(%d, %d) = %v, want %v", n, m, proof, want)
	}
	root := refRoot(leaves)
	if got, ok := refInclusionRoot(leaves[m], m, n, proof); !ok || got != root {
		t.Fatalf("the proof of leaf %d in %d does not lead to the root", m, n)
	}
	if err := audit.VerifyInclusion(proof, int64(n), root, int64(m), leaves[m]); err != nil {
		t.Fatalf("VerifyInclusion(%d, %d): %v", n, m, err)
	}
	for _, forged := range forgeries(proof) {
		if audit.VerifyInclusion(forged, int64(n), root, int64(m), leaves[m]) == nil {
			t.Fatalf("a forged proof of leaf %d in %d was taken", m, n)
		}
	}
	if n > 1 && audit.VerifyInclusion(proof, int64(n), root, int64((m+1)%n), leaves[m]) == nil {
		t.Fatalf("the proof of leaf %d in %d was taken for its neighbour", m, n)
	}
}

func checkConsistency(t failer, leaves []audit.Hash, m int) {
	t.Helper()
	n := len(leaves)
	proof, err := audit.Consistency(context.Background(), int64(m), int64(n), naiveTiles(leaves))
	if err != nil {
		t.Fatalf("Consistency(%d, %d): %v", m, n, err)
	}
	if want := refConsistency(m, leaves); !slices.Equal(proof, want) {
		t.Fatalf("Consistency(%d, %d) = %v, want %v", m, n, proof, want)
	}
	old, root := refRoot(leaves[:m]), refRoot(leaves)
	if err := audit.VerifyConsistency(proof, int64(m), old, int64(n), root); err != nil {
		t.Fatalf("VerifyConsistency(%d, %d): %v", m, n, err)
	}
	for _, forged := range forgeries(proof) {
		if err := audit.VerifyConsistency(forged, int64(m), old, int64(n), root); !errors.Is(err, audit.ErrForked) {
			t.Fatalf("VerifyConsistency(%d, %d) of a forged proof = %v, want ErrForked", m, n, err)
		}
	}
	old[3] ^= 4
	if err := audit.VerifyConsistency(proof, int64(m), old, int64(n), root); !errors.Is(err, audit.ErrForked) {
		t.Fatalf("VerifyConsistency(%d, %d) from another root = %v, want ErrForked", m, n, err)
	}
}

// forgeries returns proofs that differ from the given one.
func forgeries(proof []audit.Hash) [][]audit.Hash {
	list := [][]audit.Hash{append(slices.Clone(proof), audit.Hash{})}
	if n := len(proof); n > 0 {
		flipped := slices.Clone(proof)
		flipped[n/2][7] ^= 1
		list = append(list, flipped, proof[:n-1], proof[1:])
	}
	return list
}

func TestProofLimits(t *testing.T) {
	t.Parallel()
	read := naiveTiles(nil)
	for _, tc := range [][2]int64{{0, 0}, {5, 5}, {5, -1}, {-1, 0}, {audit.MaxSize + 1, 0}, {1<<63 - 1, 1}} {
		if _, err := audit.Inclusion(t.Context(), tc[0], tc[1], read); err == nil {
			t.Errorf("Inclusion(%d, %d) has no error", tc[0], tc[1])
		}
		if audit.VerifyInclusion(nil, tc[0], audit.Hash{}, tc[1], audit.Hash{}) == nil {
			t.Errorf("VerifyInclusion(%d, %d) has no error", tc[0], tc[1])
		}
	}
	for _, tc := range [][2]int64{{-1, 5}, {6, 5}, {1, 1<<63 - 1}} {
		if _, err := audit.Consistency(t.Context(), tc[0], tc[1], read); err == nil {
			t.Errorf("Consistency(%d, %d) has no error", tc[0], tc[1])
		}
		if audit.VerifyConsistency(nil, tc[0], audit.Hash{}, tc[1], audit.Hash{}) == nil {
			t.Errorf("VerifyConsistency(%d, %d) has no error", tc[0], tc[1])
		}
	}
	if err := audit.VerifyConsistency(nil, 6, audit.Hash{}, 5, audit.Hash{}); !errors.Is(err, audit.ErrOlder) {
		t.Errorf("VerifyConsistency to a smaller tree = %v, want ErrOlder", err)
	}
	if err := audit.VerifyConsistency(nil, 0, refRoot(nil), 9, audit.Hash{1}); err != nil {
		t.Errorf("every tree begins with the empty one, got %v", err)
	}
	if audit.VerifyConsistency(nil, 0, audit.Hash{}, 9, audit.Hash{1}) == nil {
		t.Error("the empty tree was taken with another root")
	}
}

func TestTileReaderErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	fails := func(context.Context, int, int64, int) ([]byte, error) { return nil, down }
	if _, err := audit.Inclusion(t.Context(), 9, 3, fails); !errors.Is(err, down) {
		t.Errorf("error of the reader = %v, want it passed on", err)
	}
	short := func(context.Context, int, int64, int) ([]byte, error) { return make([]byte, 33), nil }
	if _, err := audit.Consistency(t.Context(), 3, 9, short); err == nil {
		t.Error("a short tile was taken")
	}
}
