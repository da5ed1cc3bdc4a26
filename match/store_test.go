package match_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"lantern"
	"lantern/match"
	"lantern/match/matchtest"
)

// fatal is what tests and rapid's tests have in common.
type fatal interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// ledger is an engine in a folder with all that was ever applied to it, as a caller keeps
// it: positions count the changes.
type ledger struct {
	t       fatal
	dir     string
	e       *match.Engine
	ref     *matchtest.Reference
	changes []match.Change
}

// tiny makes engines merge in the background after a few rows.
const tiny = 4

func newLedger(t fatal, dir string, step func(string) error) *ledger {
	t.Helper()
	l := &ledger{t: t, dir: dir, ref: matchtest.New()}
	l.open(step)
	return l
}

// open opens the folder and applies what came after its position.
func (l *ledger) open(step func(string) error) {
	l.t.Helper()
	e, err := match.OpenStep(l.dir, key, step, tiny)
	if err != nil {
		l.t.Fatal(err)
	}
	l.e = e
	if err := e.Apply(l.changes[l.position():]); err != nil {
		l.t.Fatal(err)
	}
}

// position is the engine's, as a number of changes.
func (l *ledger) position() int {
	l.t.Helper()
	p := l.e.Position()
	if p == nil {
		return 0
	}
	if len(p) != 8 {
		l.t.Fatalf("a position of %d bytes came back", len(p))
	}
	return int(binary.LittleEndian.Uint64(p))
}

func (l *ledger) here() []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(len(l.changes)))
}

func (l *ledger) apply(changes ...match.Change) {
	l.t.Helper()
	if err := l.e.Apply(changes); err != nil {
		l.t.Fatal(err)
	}
	l.ref.Apply(changes)
	l.changes = append(l.changes, changes...)
}

func (l *ledger) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *ledger) close() {
	l.t.Helper()
	l.must(l.e.Close())
}

// refill gives the engine everything the reference holds.
func (l *ledger) refill() error {
	return l.e.Refill(func(yield func(match.Entry, error) bool) {
		for _, en := range l.ref.Entries {
			if !yield(en, nil) {
				return
			}
		}
	}, l.here())
}

// files are the files of segments, oldest first.
func (l *ledger) files() []string {
	names, err := filepath.Glob(filepath.Join(l.dir, "*.segment"))
	if err != nil {
		l.t.Fatal(err)
	}
	return names
}

// same compares answers about a value with the reference's.
func (l *ledger) same(q match.Query) {
	l.t.Helper()
	if got, want := matchtest.Sorted(l.e.Match(q, nil)), l.ref.Match(q); !slices.Equal(got, want) {
		l.t.Fatalf("type %s: got %v, want %v", q.Type, got, want)
	}
}

// sameBatch compares answers about many values with those about each.
func (l *ledger) sameBatch(qs []match.Query) {
	l.t.Helper()
	got := make([][]match.Found, len(qs))
	l.e.MatchBatch(qs, func(i int, f match.Found) { got[i] = append(got[i], f) })
	for i, q := range qs {
		// A merge in between may change the order, which nobody is promised.
		if got, want := matchtest.Sorted(got[i]), matchtest.Sorted(l.e.Match(q, nil)); !slices.Equal(got, want) {
			l.t.Fatalf("type %s: in a batch %v, alone %v", q.Type, got, want)
		}
	}
}

func queryOf(en match.Entry) match.Query {
	return match.Query{Type: en.Type, Canonical: en.Canonical, Weak: en.Weak}
}

// carve complains if any file of the folder holds a needle.
func (l *ledger) carve(needles [][]byte) {
	l.t.Helper()
	err := filepath.WalkDir(l.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, n := range needles {
			if bytes.Contains(b, n) {
				return fmt.Errorf("%s holds something of a removed signal", filepath.Base(name))
			}
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		l.carve(needles) // a merge moved a file meanwhile
		return
	}
	l.must(err)
}

// TestFolderEqualsReference does what can be done with an engine in a folder, in any order:
// changes, saves, kills, purges, refills, damage and checks, while merges run.
func TestFolderEqualsReference(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var n atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		dir := filepath.Join(root, fmt.Sprint(n.Add(1)))
		defer os.RemoveAll(dir)
		l := newLedger(t, dir, nil)
		defer l.close()
		for range rapid.IntRange(1, 25).Draw(t, "rounds") {
			switch rapid.SampledFrom([]string{"apply", "apply", "apply", "save", "save", "kill", "purge", "refill", "check", "damage"}).Draw(t, "what") {
			case "apply":
				var changes []match.Change
				for range rapid.IntRange(1, 8).Draw(t, "changes") {
					c := match.Change{Entry: drawEntry(t), Remove: rapid.IntRange(0, 3).Draw(t, "remove") == 0}
					c.Signal = lantern.ID(rapid.IntRange(1, 20).Draw(t, "signal"))
					changes = append(changes, c)
				}
				l.apply(changes...)
			case "save":
				l.must(l.e.Save(l.here()))
			case "kill":
				l.close()
				l.open(nil)
			case "purge":
				l.must(l.e.Purge(t.Context()))
			case "refill":
				l.must(l.refill())
			case "check":
				l.must(l.e.Check(t.Context()))
			case "damage":
				damageOne(t, l)
			}
			if l.e.Len() != len(l.ref.Entries) {
				t.Fatalf("holds %d signals, want %d", l.e.Len(), len(l.ref.Entries))
			}
			var qs []match.Query
			for range 3 {
				qs = append(qs, queryOf(drawEntry(t)))
				l.same(qs[len(qs)-1])
			}
			l.sameBatch(slices.Repeat(append(qs, match.Query{Type: "smell", Canonical: "x"}, match.Query{Type: "md5"}), 60)) // more than are looked up together
		}
	})
}

// damageOne changes a byte behind the header of some file. The check must find it, nothing
// wrong may be found then, the next opening must remember, and a refill must mend it.
func damageOne(t *rapid.T, l *ledger) {
	l.e.Idle() // no merge takes the file away
	files := l.files()
	if len(files) == 0 {
		return
	}
	name := rapid.SampledFrom(files).Draw(t, "file")
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	l.must(err)
	defer f.Close()
	info, err := f.Stat()
	l.must(err)
	var header [80]byte
	if _, err := f.ReadAt(header[:], 0); err != nil {
		t.Fatal(err)
	}
	first := int(binary.LittleEndian.Uint64(header[64+8:]))
	at := int64(rapid.IntRange(first, int(info.Size())-1).Draw(t, "byte"))
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	var damage *match.Damage
	if err := l.e.Check(t.Context()); !errors.As(err, &damage) || damage.Segment == 0 {
		t.Fatalf("the check says %v", err)
	}
	for range 2 {
		if l.e.Missing() == 0 {
			t.Fatal("nothing is said to be missing")
		}
		for range 3 {
			q := queryOf(drawEntry(t))
			for _, f := range l.e.Match(q, nil) {
				if !slices.Contains(l.ref.Match(q), f) {
					t.Fatalf("type %s: found %v, which is wrong", q.Type, f)
				}
			}
		}
		l.close()
		l.open(nil)
	}
	l.must(l.refill())
	if l.e.Missing() != 0 {
		t.Fatal("something is missing after a refill")
	}
}
