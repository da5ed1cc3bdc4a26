package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// What a log can be guilty of, for errors.Is. Both are evidence to keep and show, unless
// the older tree came from a mirror that lags.
var (
	ErrOlder  = errors.New("the log is older than the checkpoint already seen")
	ErrForked = errors.New("the log does not continue the checkpoint already seen")
)

// Report is what [VerifyLog] found in a log that is in order.
type Report struct {
	Origin string
	Size   int64
	Root   Hash
	Leaves map[Kind]int64 // number of leaves of each kind
	First  time.Time      // time of the first leaf; zero if there is none
	Last   time.Time      // time of the last leaf
}

// Checkpoint returns the head that was verified, to be kept as the newest seen.
func (r Report) Checkpoint() Checkpoint {
	return Checkpoint{Origin: r.Origin, Size: r.Size, Root: r.Root}
}

// VerifyLog checks a downloaded log: a folder in the layout of C2SP tlog-tiles, with the
// checkpoint, all entry bundles and all tiles of its tree. It recomputes everything from
// the entries, compares every stored tile and at last the root with the checkpoint. seen
// is the newest checkpoint of this log known to be true, or nil: a smaller tree gives
// [ErrOlder], one that does not begin with it [ErrForked]. An error names the entry or
// the tile by its number. Memory stays small however large the log is; files that do not
// belong to the tree are not looked at.
func VerifyLog(fsys fs.FS, verifierKey string, seen *Checkpoint) (Report, error) {
	signed, err := readFile(fsys, CheckpointPath, maxCheckpoint)
	if err != nil {
		return Report{}, err
	}
	head, err := OpenCheckpoint(signed, verifierKey)
	if err != nil {
		return Report{}, err
	}
	if seen != nil {
		if seen.Origin != head.Origin {
			return Report{}, errors.New("the checkpoint already seen is of another log")
		}
		if head.Size < seen.Size {
			return Report{}, fmt.Errorf("%w: size %d after %d", ErrOlder, head.Size, seen.Size)
		}
	}
	v := &logVerifier{fsys: fsys, head: head, seen: seen}
	v.report = Report{Origin: head.Origin, Size: head.Size, Root: head.Root, Leaves: make(map[Kind]int64)}
	if err := v.run(); err != nil {
		return Report{}, err
	}
	return v.report, nil
}

// logVerifier walks a log once from the first leaf to the last.
type logVerifier struct {
	fsys   fs.FS
	head   Checkpoint
	seen   *Checkpoint
	tree   Tree
	levels []tileLevel
	report Report
	forked bool // the tree had another root at seen.Size
}

// tileLevel is the rightmost tile of one level while it fills.
type tileLevel struct {
	n    int64
	data []byte
}

// run reads all bundles, then checks the partial tiles and the root. Whether the log
// forked comes last: only a log that is in order can accuse its operator, a damaged copy
// cannot.
func (v *logVerifier) run() error {
	v.compareSeen()
	for n := int64(0); n*TileWidth < v.head.Size; n++ {
		if err := v.bundle(n, int(min(TileWidth, v.head.Size-n*TileWidth))); err != nil {
			return err
		}
	}
	for level, l := range v.levels {
		if len(l.data) > 0 {
			if err := v.checkTile(level, l); err != nil {
				return err
			}
		}
	}
	if v.tree.Root() != v.head.Root {
		return fmt.Errorf("entries 0 to %d do not give the root that the checkpoint signs", v.head.Size-1)
	}
	if v.forked {
		return fmt.Errorf("%w: its first %d entries give another root", ErrForked, v.seen.Size)
	}
	return nil
}

// bundle takes in the entries of one bundle, which must have exactly width of them.
func (v *logVerifier) bundle(n int64, width int) error {
	path := EntriesPath(n, width)
	data, err := readFile(v.fsys, path, width*(2+LeafSize))
	if err != nil {
		return err
	}
	leaves, err := DecodeEntries(data)
	if err != nil {
		return fmt.Errorf("%s, from entry %d: %w", path, n*TileWidth, err)
	}
	if len(leaves) != width {
		return fmt.Errorf("%s has %d entries, not %d: entry %d is missing", path, len(leaves), width, n*TileWidth+int64(len(leaves)))
	}
	for _, leaf := range leaves {
		if err := v.leaf(leaf); err != nil {
			return err
		}
	}
	return nil
}

// leaf takes in the next entry.
func (v *logVerifier) leaf(leaf Leaf) error {
	h := LeafHash(leaf)
	v.tree.Append(h)
	if v.tree.Size() == 1 {
		v.report.First = leaf.Time()
	}
	v.report.Last = leaf.Time()
	v.report.Leaves[leaf.Kind()]++
	v.compareSeen()
	return v.push(0, h)
}

// compareSeen compares the tree with the seen checkpoint when it has just that size.
func (v *logVerifier) compareSeen() {
	if v.seen != nil && v.tree.Size() == v.seen.Size && v.tree.Root() != v.seen.Root {
		v.forked = true
	}
}

// push adds a hash to the tile that fills at a level. A full tile is checked against the
// stored one and its own hash goes one level up.
func (v *logVerifier) push(level int, h Hash) error {
	if level == len(v.levels) {
		v.levels = append(v.levels, tileLevel{data: make([]byte, 0, TileSize)})
	}
	l := &v.levels[level]
	if l.data = append(l.data, h[:]...); len(l.data) < TileSize {
		return nil
	}
	if err := v.checkTile(level, *l); err != nil {
		return err
	}
	up := TileHash(l.data)
	l.n++
	l.data = l.data[:0]
	return v.push(level+1, up)
}

// checkTile compares a computed tile with the stored one.
func (v *logVerifier) checkTile(level int, l tileLevel) error {
	width := len(l.data) / tlog.HashSize
	path := TilePath(level, l.n, width)
	stored, err := readFile(v.fsys, path, len(l.data))
	if err != nil {
		return err
	}
	if len(stored) != len(l.data) {
		return fmt.Errorf("%s has %d bytes, not %d", path, len(stored), len(l.data))
	}
	if bytes.Equal(stored, l.data) {
		return nil
	}
	wrong := 0
	for stored[wrong] == l.data[wrong] {
		wrong++
	}
	wrong /= tlog.HashSize
	if level == 0 {
		return fmt.Errorf("entry %d (place %d of %s) and its hash in %s disagree",
			l.n*TileWidth+int64(wrong), wrong, EntriesPath(l.n, width), path)
	}
	return fmt.Errorf("hash %d of %s is not the hash of %s", wrong, path, TilePath(level-1, l.n*TileWidth+int64(wrong), TileWidth))
}

// readFile reads a file that may have at most limit bytes.
func readFile(fsys fs.FS, path string, limit int) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return data, nil
}
