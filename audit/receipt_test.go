package audit_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"lantern/audit"
)

// makeReceipt returns the receipt of one leaf of a log of n leaves, as text.
func makeReceipt(t testing.TB, n int, index int64) ([]byte, audit.Leaf) {
	t.Helper()
	leaves := makeLeaves(t, n)
	var tree audit.Tree
	hashes := make([]audit.Hash, n)
	for i, l := range leaves {
		hashes[i] = audit.LeafHash(l)
		tree.Append(hashes[i])
	}
	proof, err := audit.Inclusion(t.Context(), tree.Size(), index, naiveTiles(hashes))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := newSigner(t).Sign(audit.Checkpoint{Size: tree.Size(), Root: tree.Root()})
	if err != nil {
		t.Fatal(err)
	}
	text, err := audit.FormatProof(audit.Receipt{Leaf: leaves[index], Index: index, Hashes: proof, Checkpoint: checkpoint})
	if err != nil {
		t.Fatal(err)
	}
	return text, leaves[index]
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		size  int
		index int64
	}{{1, 0}, {2, 1}, {300, 0}, {300, 257}, {300, 299}} {
		text, leaf := makeReceipt(t, tc.size, tc.index)
		r, c, err := audit.VerifyProof(text, newSigner(t).VerifierKey())
		if err != nil {
			t.Fatalf("leaf %d of %d: %v", tc.index, tc.size, err)
		}
		if r.Leaf != leaf || r.Index != tc.index || c.Size != int64(tc.size) {
			t.Errorf("leaf %d of %d: receipt shows leaf %d of %d", tc.index, tc.size, r.Index, c.Size)
		}
		again, err := audit.FormatProof(r)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("leaf %d of %d: the text does not come back: %v", tc.index, tc.size, err)
		}
	}
}

// TestReceiptFlips flips every bit, cuts at and drops every byte.
func TestReceiptFlips(t *testing.T) {
	t.Parallel()
	text, _ := makeReceipt(t, 13, 6)
	key := newSigner(t).VerifierKey()
	for i := range text {
		for bit := range 8 {
			bad := bytes.Clone(text)
			bad[i] ^= 1 << bit
			if _, _, err := audit.VerifyProof(bad, key); err == nil {
				t.Errorf("bit %d of byte %d may be flipped", bit, i)
			}
		}
		for _, bad := range [][]byte{text[:i], text[i+1:], slices.Delete(bytes.Clone(text), i, i+1)} {
			if _, _, err := audit.VerifyProof(bad, key); err == nil {
				t.Errorf("a receipt cut at byte %d is taken", i)
			}
		}
	}
}

func TestReceiptRefuses(t *testing.T) {
	t.Parallel()
	good, _ := makeReceipt(t, 3, 1)
	lines := strings.SplitAfter(string(good), "\n")
	replace := func(i int, s string) string {
		changed := slices.Clone(lines)
		changed[i] = s
		return strings.Join(changed, "")
	}
	for name, text := range map[string]string{
		"version":      replace(0, "c2sp.org/tlog-proof@v2\n"),
		"no extra":     replace(1, ""),
		"no leaf":      replace(1, "extra AAAA\n"),
		"leading zero": replace(2, "index 01\n"),
		"no index":     replace(2, ""),
		"negative":     replace(2, "index -1\n"),
		"huge":         replace(2, "index 9223372036854775807\n"),
		"extra hash":   replace(3, lines[3]+lines[3]),
		"many hashes":  replace(3, strings.Repeat(lines[3], 100)),
		"other index":  replace(2, "index 0\n"),
		"crlf":         strings.ReplaceAll(string(good), "\n", "\r\n"),
	} {
		if _, _, err := audit.VerifyProof([]byte(text), newSigner(t).VerifierKey()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := audit.FormatProof(audit.Receipt{Index: -1}); err == nil {
		t.Error("a negative index was written")
	}
}
