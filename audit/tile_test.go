package audit_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"lantern/audit"
	"pgregory.net/rapid"
)

// TestTiles holds the list of tiles to the one of the Go checksum database.
func TestTiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.Int64Range(0, 70000), rapid.Int64Range(255, 260)).Draw(t, "size")
		old := rapid.Int64Range(0, size).Draw(t, "old")
		var want, full []audit.TileID
		for _, tile := range tlog.NewTiles(audit.TileHeight, old, size) {
			id := audit.TileID{Level: tile.L, N: tile.N, Width: tile.W}
			want = append(want, id)
			if id.Full() {
				full = append(full, id)
			}
		}
		if got := slices.Collect(audit.Tiles(old, size)); !slices.Equal(got, want) {
			t.Errorf("Tiles(%d, %d) = %v, want %v", old, size, got, want)
		}
		if got := audit.CompletedTiles(old, size); !slices.Equal(got, full) {
			t.Errorf("CompletedTiles(%d, %d) = %v, want %v", old, size, got, full)
		}
	})
}

// TestPublishedTiles holds stored and built tiles to the slow reference, across the first
// tile of the second level.
func TestPublishedTiles(t *testing.T) {
	t.Parallel()
	leaves := makeLeaves(t, 256*256+300)
	fsys := publish(t, newSigner(t), leaves, 1000)
	hashes := make([]audit.Hash, len(leaves))
	for i, l := range leaves {
		hashes[i] = refLeaf(l[:])
	}
	read := naiveTiles(hashes)
	for id := range audit.Tiles(0, int64(len(leaves))) {
		want, err := read(t.Context(), id.Level, id.N, id.Width)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fsys[id.Path()].Data, want) {
			t.Errorf("%s differs from the reference", id.Path())
		}
	}
}

func TestBuildTileRefusals(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	leaves := func(_ context.Context, from, to int64) ([]audit.Leaf, error) {
		return make([]audit.Leaf, to-from-1), nil
	}
	roots := func(context.Context, int, int64, int64) ([]audit.Hash, error) { return nil, down }
	for _, id := range []audit.TileID{{-1, 0, 1}, {0, -1, 1}, {0, 0, 0}, {0, 0, 257}, {0, 1 << 60, 1}} {
		if _, err := audit.BuildTile(t.Context(), id, leaves, roots); err == nil {
			t.Errorf("%v was built", id)
		}
	}
	if _, err := audit.BuildTile(t.Context(), audit.TileID{Width: 5}, leaves, roots); err == nil {
		t.Error("a tile was built although a leaf is missing")
	}
	if _, err := audit.BuildTile(t.Context(), audit.TileID{Level: 1, Width: 5}, leaves, roots); !errors.Is(err, down) {
		t.Errorf("error of the reader = %v, want it passed on", err)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path    string
		id      audit.TileID
		entries bool
	}{
		{"tile/0/000", audit.TileID{Level: 0, N: 0, Width: 256}, false},
		{"tile/3/x001/x234/067.p/1", audit.TileID{Level: 3, N: 1234067, Width: 1}, false},
		{"tile/1/x001/000", audit.TileID{Level: 1, N: 1000, Width: 256}, false},
		{"tile/entries/000.p/255", audit.TileID{Width: 255}, true},
		{"tile/entries/x123/456", audit.TileID{N: 123456, Width: 256}, true},
	} {
		id, entries, err := audit.ParsePath(tc.path)
		if err != nil || id != tc.id || entries != tc.entries {
			t.Errorf("ParsePath(%q) = %v, %v, %v, want %v, %v", tc.path, id, entries, err, tc.id, tc.entries)
		}
		got := tc.id.Path()
		if tc.entries {
			got = audit.EntriesPath(tc.id.N, tc.id.Width)
		}
		if got != tc.path {
			t.Errorf("path of %v = %q, want %q", tc.id, got, tc.path)
		}
	}
	for _, bad := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/-1/000", "tile/64/000",
		"tile/0/x000/000", "tile/0/001/000", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
		"tile/0/000.p/", "tile/0/000.p/1/2", "tile/0/../000", "/tile/0/000", "tile/data/000", "tile/0/+01", "tile/0/-01",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "tile/entries/0",
	} {
		if id, _, err := audit.ParsePath(bad); err == nil {
			t.Errorf("ParsePath(%q) = %v, want an error", bad, id)
		}
	}
}
