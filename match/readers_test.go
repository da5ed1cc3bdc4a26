package match_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/match"
)

// account is the entry of an account of its own.
func account(id int) match.Entry {
	return match.Entry{Signal: lantern.ID(id), Type: "account", Canonical: fmt.Sprintf("chatter.test:%d", id)}
}

// accounts puts accounts into changes.
func accounts(from, n int) (changes []match.Change) {
	for i := range n {
		changes = append(changes, match.Change{Entry: account(from + i)})
	}
	return changes
}

// finds reports whether exactly the account is found.
func finds(e *match.Engine, id int) bool {
	got := e.Match(queryOf(account(id)), nil)
	return len(got) == 1 && got[0].Signal == lantern.ID(id)
}

// TestReadersOutliveFiles looks up, in every way, what is always there, while files are
// written, merged, purged and unmapped as fast as that goes. A page that was given back too
// early would count as missing.
func TestReadersOutliveFiles(t *testing.T) {
	t.Parallel()
	e, err := match.OpenStep(t.TempDir(), key, nil, tiny)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	phrase := match.Entry{Signal: 2, Type: "phrase", Canonical: "zorbly plim"}
	if err := e.Apply([]match.Change{{Entry: account(1)}, {Entry: phrase}}); err != nil {
		t.Fatal(err)
	}
	if err := e.Save([]byte("begun")); err != nil {
		t.Fatal(err)
	}
	var readers, writer sync.WaitGroup
	var stop atomic.Bool
	text := []byte("see zorbly plim at chatter.test:1 ")
	for range 3 {
		readers.Go(func() {
			for !stop.Load() && !t.Failed() {
				if !finds(e, 1) {
					t.Error("the account is not found")
				}
				if spans := e.Phrases(text, nil); len(spans) != 1 {
					t.Errorf("found %d phrases, want 1", len(spans))
				}
				n := 0
				err := e.Scan(context.Background(), bytes.NewReader(text), match.ScanOptions{}, func(match.Spot) error { n++; return nil })
				if err != nil || n != 2 {
					t.Errorf("found %d spots, want 2: %v", n, err)
				}
				e.MatchBatch([]match.Query{queryOf(account(1)), queryOf(account(99))}, func(i int, f match.Found) {
					if i != 0 || f.Signal != 1 {
						t.Errorf("found signal %d for query %d", f.Signal, i)
					}
				})
			}
		})
	}
	writer.Go(func() {
		for i := range 60 {
			changes := accounts(10+i%20, 5)
			changes = append(changes, match.Change{Entry: account(30 - i%20), Remove: true}, match.Change{Entry: account(1)}, match.Change{Entry: phrase})
			err := e.Apply(changes)
			switch i % 3 {
			case 0:
				err = errors.Join(err, e.Save([]byte{byte(i)}))
			case 1:
				err = errors.Join(err, e.Purge(t.Context()))
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	writer.Wait()
	stop.Store(true)
	readers.Wait()
	if n := e.Missing(); n != 0 {
		t.Errorf("%d segments are missing", n)
	}
}

// TestApplyNeverWaits holds a merge of files up in the middle of a write. What is
// applied meanwhile must be found at once.
func TestApplyNeverWaits(t *testing.T) {
	t.Parallel()
	var hold atomic.Bool
	held, free := make(chan bool, 1), make(chan bool)
	e, err := match.OpenStep(t.TempDir(), key, func(op string) error {
		if op == "write a file" && hold.CompareAndSwap(true, false) {
			held <- true
			<-free
		}
		return nil
	}, tiny)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for i := range 2 {
		if i == 1 {
			hold.Store(true) // the second Save stands still
		}
		if err := e.Apply(accounts(1+100*i, 50)); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			go e.Save([]byte("second"))
			<-held
			break
		}
		if err := e.Save([]byte("first")); err != nil {
			t.Fatal(err)
		}
	}
	for i := 1000; i < 1200; i++ {
		if err := e.Apply([]match.Change{{Entry: account(i)}, {Entry: account(i - 1), Remove: true}}); err != nil {
			t.Fatal(err)
		}
		if !finds(e, i) || finds(e, i-1) {
			t.Fatal("a change is not seen while files are written")
		}
	}
	close(free)
	if got := string(e.Position()); got != "second" { // waits for the Save
		t.Errorf("the position is %q", got)
	}
	if e.Len() != 101 {
		t.Errorf("holds %d signals, want 101", e.Len())
	}
}

// TestTruncatedUnderReaders cuts a mapped file short. Lookups must go on, say that something
// is missing, and never find what a newer file took back.
func TestTruncatedUnderReaders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := match.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	save := func(changes []match.Change) {
		t.Helper()
		if err := errors.Join(e.Apply(changes), e.Save([]byte{byte(e.Len())})); err != nil {
			t.Fatal(err)
		}
	}
	save(accounts(1, 20_000))
	save([]match.Change{{Entry: account(5), Remove: true}, {Entry: account(7), Remove: true}})
	save(accounts(100_000, 1))
	if n := e.Status().Files; n != 2 { // the two small ones were merged
		t.Logf("%d files", n)
	}
	l := &ledger{t: t, dir: dir, e: e}
	if err := os.Truncate(l.files()[0], 4096); err != nil {
		t.Fatal(err)
	}
	for id := 1; id < 20_000; id += 7 {
		finds(e, id)
	}
	if e.Missing() == 0 {
		t.Error("nothing is said to be missing")
	}
	if finds(e, 5) || finds(e, 7) {
		t.Error("a removed signal is found")
	}
	if !finds(e, 100_000) {
		t.Error("what lies in a good file is not found")
	}
	if err := e.Apply(accounts(200_000, 1)); err != nil || !finds(e, 200_000) {
		t.Errorf("a change after the damage is not seen: %v", err)
	}
	if err := e.Check(t.Context()); err != nil {
		t.Errorf("what is left: %v", err)
	}
	l.ref = nil
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e, err = match.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Missing() == 0 {
		t.Error("forgotten at the next opening")
	}
}

// TestOpenRefuses looks at folders that must not be opened, and begins anew in each.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	change := func(f func(t *testing.T, name string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			l := &ledger{t: t, dir: dir}
			f(t, l.files()[0])
		}
	}
	flip := func(at int64) func(t *testing.T, name string) {
		return func(t *testing.T, name string) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b[at] ^= 4
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, spoil := range map[string]func(*testing.T, string){
		"a flipped bit in a header": change(flip(100)),
		"a flipped bit in the list": func(t *testing.T, dir string) { flip(30)(t, filepath.Join(dir, "manifest")) },
		"a file cut short": change(func(t *testing.T, name string) {
			if err := os.Truncate(name, 1000); err != nil {
				t.Fatal(err)
			}
		}),
		"a missing file": change(func(t *testing.T, name string) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}),
		"another key": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			k := key
			if spoil == nil {
				k[0]++
			}
			e, err := match.Open(dir, k)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(e.Apply(accounts(1, 50)), e.Save([]byte("here")), e.Close()); err != nil {
				t.Fatal(err)
			}
			if spoil != nil {
				spoil(t, dir)
			}
			var damage *match.Damage
			if _, err := match.Open(dir, key); !errors.As(err, &damage) {
				t.Fatalf("got %v, want damage", err)
			}
			e, err = match.Create(dir, key)
			if err != nil {
				t.Fatal(err)
			}
			if e.Len() != 0 || e.Position() != nil || e.Missing() != 0 {
				t.Error("what was created is not empty")
			}
			if err := errors.Join(e.Apply(accounts(7, 1)), e.Save([]byte("anew")), e.Close()); err != nil {
				t.Fatal(err)
			}
			if e, err = match.Open(dir, key); err != nil {
				t.Fatal(err)
			}
			if !finds(e, 7) || finds(e, 8) || string(e.Position()) != "anew" {
				t.Error("the folder that was begun anew does not hold what was saved")
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestPurgeOverwrites reads the file of a removed signal through a handle opened before.
func TestPurgeOverwrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := match.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := errors.Join(e.Apply(accounts(1, 1000)), e.Save([]byte("here"))); err != nil {
		t.Fatal(err)
	}
	l := &ledger{t: t, dir: dir, e: e}
	old, err := os.Open(l.files()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	needles := e.Needles(account(500))
	holds := func() bool {
		b := make([]byte, 1<<20)
		n, _ := old.ReadAt(b, 0)
		for _, needle := range needles {
			if bytes.Contains(b[:n], needle) {
				return true
			}
		}
		return false
	}
	if !holds() {
		t.Fatal("the file does not hold what is to be removed")
	}
	if err := e.Purge(t.Context()); err != nil || !holds() {
		t.Fatalf("a purge with nothing to do rewrote a file: %v", err)
	}
	if err := errors.Join(e.Apply([]match.Change{{Entry: account(500), Remove: true}}), e.Purge(t.Context())); err != nil {
		t.Fatal(err)
	}
	if holds() {
		t.Error("the unlinked file still holds it")
	}
	l.carve(needles)
	if !finds(e, 499) || finds(e, 500) || e.Len() != 999 || string(e.Position()) != "here" {
		t.Error("the purge changed more than it should")
	}
}

// TestRefillRefused: a refill that fails changes nothing.
func TestRefillRefused(t *testing.T) {
	t.Parallel()
	e, err := match.Open(t.TempDir(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := errors.Join(e.Apply(accounts(1, 10)), e.Save([]byte("here"))); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the replica cannot be read")
	err = e.Refill(func(yield func(match.Entry, error) bool) {
		_ = yield(account(50), nil) && yield(match.Entry{}, broken)
	}, []byte("there"))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	err = e.Refill(func(yield func(match.Entry, error) bool) {
		yield(match.Entry{Signal: 4, Type: "smell"}, nil)
	}, []byte("there"))
	if lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("got %v", err)
	}
	if e.Len() != 10 || !finds(e, 10) || finds(e, 50) || string(e.Position()) != "here" {
		t.Error("something changed")
	}
}

// TestRefillUnderChanges applies in the middle of a refill: that counts as later.
func TestRefillUnderChanges(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"memory", "folder"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			e := match.New(key)
			if where == "folder" {
				var err error
				if e, err = match.OpenStep(t.TempDir(), key, nil, tiny); err != nil {
					t.Fatal(err)
				}
				defer e.Close()
			}
			if err := e.Apply(accounts(1, 30)); err != nil {
				t.Fatal(err)
			}
			err := e.Refill(func(yield func(match.Entry, error) bool) {
				for id := 11; id <= 40; id++ {
					if id == 25 {
						for gone := 30; gone <= 40; gone++ {
							if err := e.Apply([]match.Change{{Entry: account(gone), Remove: true}, {Entry: account(gone + 100)}}); err != nil {
								t.Error(err)
							}
						}
					}
					if !yield(account(id), nil) {
						return
					}
				}
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for id := 1; id <= 140; id++ {
				if got, want := finds(e, id), id >= 11 && id < 30 || id >= 130; got != want {
					t.Errorf("account %d: found %v, want %v", id, got, want)
				}
			}
			if e.Len() != 19+11 {
				t.Errorf("holds %d, want 30", e.Len())
			}
		})
	}
}
