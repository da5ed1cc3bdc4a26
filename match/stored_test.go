package match_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// storedKey is the local key of the test vector: the bytes 0 to 31.
func storedKey() (k [32]byte) {
	for i := range k {
		k[i] = byte(i)
	}
	return k
}

// storedEntries are the entries of the test vector: the example of each type, in documented
// order, with the ids 100, 101, ….
func storedEntries(t *testing.T) (changes []match.Change) {
	for i, typ := range signal.Types() {
		v, err := typ.Normalize(typ.Example)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, match.Change{Entry: match.Entry{Signal: lantern.ID(100 + i), Type: typ.Name, Canonical: v.Canonical, Weak: v.Weak}})
	}
	return changes
}

// TestStoredForm holds the bytes of a segment to the test vector of docs/formats/segments.md.
// If it fails because a normal form, a second key, folding or a mark changed, raise rules in
// build.go, so that files of before are filled again, and write the vector anew with
// -update. If the layout changed, raise its version in internal/segment.
func TestStoredForm(t *testing.T) {
	t.Parallel()
	vector := filepath.Join("testdata", "stored", "00000001.segment")
	dir := t.TempDir()
	e, err := match.Open(dir, storedKey())
	if err != nil {
		t.Fatal(err)
	}
	changes := storedEntries(t)
	if err := errors.Join(e.Apply(changes), e.Save([]byte("position")), e.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "00000001.segment"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for _, name := range []string{"00000001.segment", "manifest"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(filepath.Dir(vector), name), b, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := os.ReadFile(vector)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("a segment of %d bytes is written, the vector has %d bytes and differs", len(got), len(want))
	}
}

// TestStoredVector opens a copy of the test vector and finds every signal in it.
func TestStoredVector(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "stored"))); err != nil {
		t.Fatal(err)
	}
	e, err := match.Open(dir, storedKey())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if string(e.Position()) != "position" || e.Len() != len(signal.Types()) {
		t.Errorf("position %q, %d signals", e.Position(), e.Len())
	}
	if err := e.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for _, c := range storedEntries(t) {
		typ, _ := signal.Lookup(c.Type)
		got := e.Match(queryOf(c.Entry), nil)
		found := len(got) > 0 && got[0].Signal == c.Signal
		if want := typ.Compare != signal.None; found != want {
			t.Errorf("%s: found %v, want %v", typ.Name, found, want)
		}
	}
}

// TestNothingPersonalInFiles looks for the values of types that name a person in the files
// that hold them, in any spelling of case.
func TestNothingPersonalInFiles(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("testdata", "stored", "00000001.segment"))
	if err != nil {
		t.Fatal(err)
	}
	lower := bytes.ToLower(b)
	for _, c := range storedEntries(t) {
		typ, _ := signal.Lookup(c.Type)
		for _, v := range append([]string{c.Canonical}, c.Weak...) {
			parts := strings.FieldsFunc(strings.ToLower(v), func(r rune) bool { return strings.ContainsRune("@/:.", r) })
			for _, part := range append(parts, strings.ToLower(v)) {
				if typ.Personal && len(part) >= 4 && bytes.Contains(lower, []byte(part)) {
					t.Errorf("%s: part of the value stands in the file", typ.Name)
				}
			}
		}
	}
}

// FuzzDamagedFolder changes bytes of the test vector's file. It must be refused at opening,
// or found by the check, or give the right answers; and never panic.
func FuzzDamagedFolder(f *testing.F) {
	size := 0
	if info, err := os.Stat(filepath.Join("testdata", "stored", "00000001.segment")); err == nil {
		size = int(info.Size())
	}
	for at := 0; at < size; at += 64 {
		f.Add(uint32(at), []byte{255, 0, 255})
	}
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "stored"))); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, "00000001.segment")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		whole := bytes.Clone(b)
		copy(b[int(at)%len(b):], with)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := match.Open(dir, storedKey())
		var damage *match.Damage
		if errors.As(err, &damage) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		wrong := func() (n int) {
			for _, c := range storedEntries(t) {
				typ, _ := signal.Lookup(c.Type)
				got := e.Match(queryOf(c.Entry), nil)
				if (len(got) > 0 && got[0].Signal == c.Signal) != (typ.Compare != signal.None) {
					n++
				}
			}
			return n
		}
		wrong() // whatever it says, it must not panic
		err = e.Check(t.Context())
		if damaged := !bytes.Equal(b, whole); errors.As(err, &damage) != damaged || (e.Missing() > 0) != damaged {
			t.Fatalf("damaged: %v, and the check says %v", damaged, err)
		}
		if e.Missing() == 0 && wrong() > 0 {
			t.Error("wrong answers, and nothing is said to be missing")
		}
	})
}
