package store

import (
	"bytes"
	"context"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/sqldb"
)

// ReadTree reads the log's head into tree.
func ReadTree(ctx context.Context, tx *sqldb.Tx, tree *audit.Tree) error {
	head, ok, err := ReadLogHead(ctx, tx, false)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("the log has no head")
	}
	return tree.UnmarshalBinary(head.Edge)
}

// LeafReader reads stored leaves.
func LeafReader(tx *sqldb.Tx) audit.LeafReader {
	return func(ctx context.Context, from, to int64) ([]audit.Leaf, error) {
		rows, err := Leaves(ctx, tx, from, to)
		if err != nil {
			return nil, err
		}
		leaves := make([]audit.Leaf, len(rows))
		for i, b := range rows {
			if leaves[i], err = audit.ParseLeaf(b); err != nil {
				return nil, fmt.Errorf("reading log entry %d: %w", from+int64(i), err)
			}
		}
		return leaves, nil
	}
}

// RootReader reads the roots of stored tiles.
func RootReader(tx *sqldb.Tx) audit.RootReader {
	return func(ctx context.Context, level int, from, to int64) ([]audit.Hash, error) {
		rows, err := TileRoots(ctx, tx, level, from, to)
		if err != nil {
			return nil, err
		}
		roots := make([]audit.Hash, len(rows))
		for i, b := range rows {
			copy(roots[i][:], b)
		}
		return roots, nil
	}
}

// TileReader reads full tiles as stored and builds partial ones.
func TileReader(tx *sqldb.Tx) audit.TileReader {
	return func(ctx context.Context, level int, n int64, width int) ([]byte, error) {
		data, ok, err := Tile(ctx, tx, level, n)
		if err != nil {
			return nil, err
		}
		if ok {
			return data[:width*len(audit.Hash{})], nil
		}
		return audit.BuildTile(ctx, audit.TileID{Level: level, N: n, Width: width}, LeafReader(tx), RootReader(tx))
	}
}

// checkBatch is how many log entries are checked at once.
const checkBatch = 16 * audit.TileWidth

// CheckLog recomputes the log from its entries, and holds it to a head.
func CheckLog(ctx context.Context, tx *sqldb.Tx, head audit.Checkpoint) error {
	wrong := func(what string) error {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "the backup's log is damaged: " + what, Fix: "use another backup"}
	}
	var edge, tree audit.Tree
	if err := ReadTree(ctx, tx, &edge); err != nil {
		return err
	}
	n, err := CountLeaves(ctx, tx)
	if err != nil {
		return err
	}
	if edge.Size() != head.Size || edge.Root() != head.Root || n != head.Size {
		return wrong("its head is not the one that was signed")
	}
	for from := int64(0); from < head.Size; from += checkBatch {
		rows, err := LeafRows(ctx, tx, from, from+checkBatch)
		if err != nil {
			return err
		}
		for _, row := range rows {
			leaf, err := checkLeaf(row)
			if err != nil || row.Index != tree.Size() {
				return wrong(fmt.Sprintf("entry %d", tree.Size()))
			}
			tree.Append(audit.LeafHash(leaf))
		}
	}
	if tree.Size() != head.Size || tree.Root() != head.Root {
		return wrong("its entries do not give the root that was signed")
	}
	for _, id := range audit.CompletedTiles(0, head.Size) {
		want, err := audit.BuildTile(ctx, id, LeafReader(tx), RootReader(tx))
		if err != nil {
			return wrong(id.Path())
		}
		got, ok, err := Tile(ctx, tx, id.Level, id.N)
		if err != nil {
			return err
		}
		if !ok || !bytes.Equal(got, want) {
			return wrong(id.Path())
		}
	}
	return nil
}

// checkLeaf holds an entry to the facts it commits to.
func checkLeaf(row LeafRow) (leaf audit.Leaf, err error) {
	if leaf, err = audit.ParseLeaf(row.Data); err != nil {
		return leaf, err
	}
	o := audit.Opening{Record: audit.Record{Kind: leaf.Kind(), Time: leaf.Time(), Facts: []byte(row.Facts)}}
	if copy(o.FactsSalt[:], row.FactsSalt) != len(o.FactsSalt) || copy(o.PersonCommit[:], row.Commitment) != len(o.PersonCommit) {
		return leaf, fmt.Errorf("log entry %d has no salt", row.Index)
	}
	return leaf, o.Verify(leaf)
}
