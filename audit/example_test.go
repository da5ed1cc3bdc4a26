package audit_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"lantern/audit"
)

// An exchange records an act; whoever acted proves it later, also after the person part
// was erased.
func Example() {
	rec := audit.Record{
		Kind:   audit.Share,
		Time:   time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
		Person: []byte(`{"value":"https://files.example.com/a"}`),
		Facts:  []byte(`{"member":"12","type":"url"}`),
	}
	leaf, opening, err := audit.Commit(rec, rand.Reader)
	if err != nil {
		log.Fatal(err)
	}

	var tree audit.Tree // loaded from, and stored back to, the head row
	tree.Append(audit.LeafHash(leaf))

	signer, err := audit.NewSigner("exchange.example.com/log", testSeed)
	if err != nil {
		log.Fatal(err)
	}
	checkpoint, err := signer.Sign(audit.Checkpoint{Size: tree.Size(), Root: tree.Root()})
	if err != nil {
		log.Fatal(err)
	}

	leaves := func(context.Context, int64, int64) ([]audit.Leaf, error) { return []audit.Leaf{leaf}, nil }
	tiles := func(ctx context.Context, level int, n int64, width int) ([]byte, error) {
		return audit.BuildTile(ctx, audit.TileID{Level: level, N: n, Width: width}, leaves, nil)
	}
	proof, err := audit.Inclusion(context.Background(), tree.Size(), 0, tiles)
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := audit.FormatProof(audit.Receipt{Leaf: leaf, Index: 0, Hashes: proof, Checkpoint: checkpoint})
	if err != nil {
		log.Fatal(err)
	}

	r, c, err := audit.VerifyProof(receipt, signer.VerifierKey())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Leaf.Kind(), "in", c.Origin)
	fmt.Println("opens:", opening.Verify(r.Leaf) == nil)
	fmt.Println("opens after erasure:", opening.Forget().Verify(r.Leaf) == nil)
	// Output:
	// share in exchange.example.com/log
	// opens: true
	// opens after erasure: true
}
