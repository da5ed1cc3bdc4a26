package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// CheckpointPath is where a log's signed head lies, below the log's root.
const CheckpointPath = "checkpoint"

// TilePath returns where a tile lies below the log's root (C2SP tlog-tiles):
// tile/<level>/<n> with n in groups of three digits, all but the last marked by an x, and
// .p/<width> for a partial tile.
func TilePath(level int, n int64, width int) string {
	return "tile/" + strconv.Itoa(level) + "/" + numberPath(n, width)
}

// EntriesPath returns where the bundle of the leaves of level 0 tile n lies below the
// log's root.
func EntriesPath(n int64, width int) string {
	return "tile/entries/" + numberPath(n, width)
}

// ParsePath reads what [TilePath] and [EntriesPath] write; entries is true for the
// latter, whose level is 0. Every other text is refused.
func ParsePath(path string) (id TileID, entries bool, err error) {
	bad := fmt.Errorf("not the path of a tile")
	rest, ok := strings.CutPrefix(path, "tile/")
	level, number, more := strings.Cut(rest, "/")
	if !ok || !more || len(path) > 100 {
		return TileID{}, false, bad
	}
	if entries = level == "entries"; !entries {
		if id.Level, err = strconv.Atoi(level); err != nil {
			return TileID{}, false, bad
		}
	}
	id.Width = TileWidth
	if full, width, partial := strings.Cut(number, ".p/"); partial {
		number = full
		if id.Width, err = strconv.Atoi(width); err != nil || id.Width >= TileWidth {
			return TileID{}, false, bad
		}
	}
	digits := strings.NewReplacer("x", "", "/", "").Replace(number)
	if id.N, err = strconv.ParseInt(digits, 10, 64); err != nil {
		return TileID{}, false, bad
	}
	if id.N < 0 || id.N > MaxSize/TileWidth || id.Level < 0 || id.Level > 63 || id.Width < 1 {
		return TileID{}, false, bad
	}
	// Writing it back refuses signs, leading zeros and misplaced marks in one stroke.
	if !entries && id.Path() != path || entries && EntriesPath(id.N, id.Width) != path {
		return TileID{}, false, bad
	}
	return id, entries, nil
}

// numberPath writes 1234067 as x001/x234/067.
func numberPath(n int64, width int) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	if width != TileWidth {
		s += ".p/" + strconv.Itoa(width)
	}
	return s
}
