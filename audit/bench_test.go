package audit_test

import (
	"crypto/rand"
	"testing"

	"lantern/audit"
)

func BenchmarkAppend(b *testing.B) {
	leaf := audit.LeafHash(makeLeaves(b, 1)[0])
	var tree audit.Tree
	for b.Loop() {
		tree.Append(leaf)
	}
}

func BenchmarkLeafHash(b *testing.B) {
	leaf := makeLeaves(b, 1)[0]
	for b.Loop() {
		audit.LeafHash(leaf)
	}
}

func BenchmarkRoot(b *testing.B) {
	var tree audit.Tree
	for _, h := range someHashes(1<<16 - 1) {
		tree.Append(h)
	}
	for b.Loop() {
		tree.Root()
	}
}

func BenchmarkCommit(b *testing.B) {
	for b.Loop() {
		if _, _, err := audit.Commit(sample, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyProof(b *testing.B) {
	text, _ := makeReceipt(b, 5000, 777)
	key := newSigner(b).VerifierKey()
	for b.Loop() {
		if _, _, err := audit.VerifyProof(text, key); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyLog reports the time for each leaf.
func BenchmarkVerifyLog(b *testing.B) {
	signer := newSigner(b)
	leaves := makeLeaves(b, 1<<16)
	fsys := publish(b, signer, leaves, 1<<16)
	for b.Loop() {
		if _, err := audit.VerifyLog(fsys, signer.VerifierKey(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(leaves)), "ns/leaf")
}
