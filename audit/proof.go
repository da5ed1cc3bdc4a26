package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// TileReader returns the hashes of a tile, width*32 bytes or more; bytes beyond are
// ignored, so a full tile may stand in for a partial one. It is asked only for tiles that
// the tree in question has.
type TileReader = func(ctx context.Context, level int, n int64, width int) ([]byte, error)

// Inclusion returns the proof that the tree of that size has its leaf at index, in the
// order of RFC 6962 section 2.1.1: from the leaf's sibling to the root's child. It reads
// each tile it needs once, a handful even for a large log.
func Inclusion(ctx context.Context, size, index int64, read TileReader) ([]Hash, error) {
	if index < 0 || index >= size || size > MaxSize {
		return nil, fmt.Errorf("proving inclusion: a tree of %d leaves has no leaf %d", size, index)
	}
	proof, err := tlog.ProveRecord(size, index, hashesOf(ctx, size, read))
	if err != nil {
		return nil, fmt.Errorf("proving inclusion of leaf %d in %d: %w", index, size, err)
	}
	return proof, nil
}

// Consistency returns the proof that the tree of size old is the beginning of the tree of
// that size (RFC 6962 section 2.1.2). It is empty if old is zero or equals size.
func Consistency(ctx context.Context, old, size int64, read TileReader) ([]Hash, error) {
	if old < 0 || old > size || size > MaxSize {
		return nil, fmt.Errorf("proving consistency: no tree of %d leaves begins with %d", size, old)
	}
	if old == 0 || old == size {
		return []Hash{}, nil
	}
	proof, err := tlog.ProveTree(size, old, hashesOf(ctx, size, read))
	if err != nil {
		return nil, fmt.Errorf("proving consistency of %d with %d: %w", old, size, err)
	}
	return proof, nil
}

// VerifyInclusion checks that the tree of that size and root has the leaf hash at index.
func VerifyInclusion(proof []Hash, size int64, root Hash, index int64, leaf Hash) error {
	if index < 0 || index >= size || size > MaxSize {
		return fmt.Errorf("a tree of %d leaves has no leaf %d", size, index)
	}
	if err := tlog.CheckRecord(proof, size, root, index, leaf); err != nil {
		return fmt.Errorf("leaf %d is not shown to be in the tree of %d: %w", index, size, err)
	}
	return nil
}

// VerifyConsistency checks that the tree of size old and root oldRoot is the beginning of
// the tree of that size and root. A smaller size gives [ErrOlder], a proof that does not
// hold [ErrForked].
func VerifyConsistency(proof []Hash, old int64, oldRoot Hash, size int64, root Hash) error {
	if old < 0 || size < 0 || old > MaxSize || size > MaxSize {
		return errors.New("tree size out of range")
	}
	if size < old {
		return fmt.Errorf("%w: size %d after %d", ErrOlder, size, old)
	}
	if old == 0 || old == size {
		same := old == 0 && oldRoot == emptyRoot() || old == size && oldRoot == root
		if same && len(proof) == 0 {
			return nil
		}
	} else if tlog.CheckTree(proof, size, root, old, oldRoot) == nil {
		return nil
	}
	return fmt.Errorf("%w: size %d is not shown to begin with size %d", ErrForked, size, old)
}

// hashesOf reads hashes of the tree of that size through its tiles, each tile once.
func hashesOf(ctx context.Context, size int64, read TileReader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		tiles := make(map[tlog.Tile][]byte)
		hashes := make([]Hash, len(indexes))
		for i, index := range indexes {
			tile := tlog.TileForIndex(TileHeight, index)
			// The tile as wide as this tree has it, for only that is sure to exist.
			tile.W = int(min(TileWidth, size>>(TileHeight*tile.L)-tile.N*TileWidth))
			data, ok := tiles[tile]
			if !ok {
				var err error
				if data, err = read(ctx, tile.L, tile.N, tile.W); err != nil {
					return nil, fmt.Errorf("reading %s: %w", TilePath(tile.L, tile.N, tile.W), err)
				}
				tiles[tile] = data
			}
			h, err := tlog.HashFromTile(tile, data, index)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", TilePath(tile.L, tile.N, tile.W), err)
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}
