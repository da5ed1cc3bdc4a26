package audit

import (
	"context"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// The shape of tiles, fixed by C2SP tlog-tiles.
const (
	TileHeight = 8               // levels of the tree in one tile
	TileWidth  = 1 << TileHeight // hashes in a full tile
	TileSize   = TileWidth * tlog.HashSize
)

// TileID names a tile: entry i of tile N at level L is the root of the complete subtree
// over the 256^L leaves from (N*256+i) * 256^L. Width is the number of hashes, 1 to 256;
// only the last tile of a level may be narrower than 256.
type TileID struct {
	Level int
	N     int64
	Width int
}

// Full reports whether the tile is complete and so never changes again.
func (id TileID) Full() bool { return id.Width == TileWidth }

// Path returns the tile's path below the log's root, such as "tile/0/x001/067.p/44".
func (id TileID) Path() string { return TilePath(id.Level, id.N, id.Width) }

// Tiles lists the tiles that a tree of the given size has and its beginning of size old
// did not have, lower levels first, partial ones included. old 0 lists all.
func Tiles(old, size int64) iter.Seq[TileID] {
	return func(yield func(TileID) bool) {
		for level := 0; size > old; level++ {
			for n := old / TileWidth; n < size/TileWidth; n++ {
				if !yield(TileID{level, n, TileWidth}) {
					return
				}
			}
			if rest := int(size % TileWidth); rest > 0 && !yield(TileID{level, size / TileWidth, rest}) {
				return
			}
			old, size = old/TileWidth, size/TileWidth
		}
	}
}

// CompletedTiles lists the tiles that become full when the leaves [old, size) are
// appended, lower levels first. Whoever appends builds them in this order with
// [BuildTile] and stores each with its [TileHash], in the same transaction.
func CompletedTiles(old, size int64) []TileID {
	var full []TileID
	for id := range Tiles(old, size) {
		if id.Full() {
			full = append(full, id)
		}
	}
	return full
}

// LeafReader returns the stored leaves with indexes [from, to), at most 256 of them.
type LeafReader = func(ctx context.Context, from, to int64) ([]Leaf, error)

// RootReader returns the hashes ([TileHash]) of the full tiles from <= N < to of a level,
// at most 256 of them. Storing the hash beside each full tile makes this one short read.
type RootReader = func(ctx context.Context, level int, from, to int64) ([]Hash, error)

// BuildTile computes any tile, partial or full, from what is stored: at level 0 from
// leaves, above from the hashes of the full tiles one level down.
func BuildTile(ctx context.Context, id TileID, leaves LeafReader, roots RootReader) ([]byte, error) {
	if id.Level < 0 || id.N < 0 || id.N > MaxSize/TileWidth || id.Width < 1 || id.Width > TileWidth {
		return nil, fmt.Errorf("building a tile: no tile has level %d, number %d, width %d", id.Level, id.N, id.Width)
	}
	from := id.N * TileWidth
	to := from + int64(id.Width)
	hashes := make([]Hash, 0, id.Width)
	var err error
	if id.Level > 0 {
		hashes, err = roots(ctx, id.Level-1, from, to)
	} else {
		var list []Leaf
		list, err = leaves(ctx, from, to)
		for _, l := range list {
			hashes = append(hashes, LeafHash(l))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", id.Path(), err)
	}
	if len(hashes) != id.Width {
		return nil, fmt.Errorf("building %s: %d hashes are stored below it", id.Path(), len(hashes))
	}
	data := make([]byte, 0, id.Width*tlog.HashSize)
	for _, h := range hashes {
		data = append(data, h[:]...)
	}
	return data, nil
}

// TileHash returns the root over a full tile, which is the tile's entry one level up. It
// panics unless data has [TileSize] bytes: a partial tile has no entry above.
func TileHash(data []byte) Hash {
	if len(data) != TileSize {
		panic("audit: TileHash of a partial tile")
	}
	var t Tree
	for ; len(data) > 0; data = data[tlog.HashSize:] {
		t.Append(Hash(data[:tlog.HashSize]))
	}
	return t.Root()
}
