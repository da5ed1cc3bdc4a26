package segment_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"lantern/internal/segment"
)

// TestManifestComesBack writes one, reads it, and flips every bit of it.
func TestManifestComesBack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	f, err := segment.OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err := f.Manifest(); err != nil || m.Next != 1 || m.Position != nil {
		t.Fatalf("of an empty folder: %v, %v", m, err)
	}
	want := &segment.Manifest{
		Stamp: stamp, Held: 4, Missing: 1, Next: 12, Position: []byte("here"),
		Segments: []segment.Listed{{Number: 3, Size: 640}, {Number: 11, Size: 1 << 40}},
	}
	if err := f.Commit(want); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Manifest(); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
	name := filepath.Join(dir, "manifest")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(b) {
		b[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var damage *segment.Damage
		if _, err := f.Manifest(); !errors.As(err, &damage) {
			t.Fatalf("bit %d: got %v, want damage", bit, err)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
}

// TestOneProcess: a second opening of a folder must be refused while the first lasts.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := segment.OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := segment.OpenFolder(dir, nil); err == nil {
		t.Error("opened twice")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = segment.OpenFolder(dir, nil); err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// TestWipe reads a file that was removed, through a handle that was opened before.
func TestWipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := segment.OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := segment.Build(sample(rand.New(rand.NewPCG(1, 2)), 100))
	if err := f.Write(9, s, stamp); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(filepath.Join(dir, "00000009.segment"))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	for range 2 { // the second time there is nothing left
		if err := f.Wipe(9); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, len(s.Image()))
	if _, err := old.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, make([]byte, len(got))) {
		t.Error("the removed file still holds its bytes")
	}
	if numbers, err := f.Numbers(); err != nil || len(numbers) != 0 {
		t.Errorf("left: %v, %v", numbers, err)
	}
	var damage *segment.Damage
	if _, err := f.Open(9, 640, stamp); !errors.As(err, &damage) {
		t.Errorf("opening what is gone: %v", err)
	}
}

// TestFolderIsLocked holds that a second process is kept out of a folder, also when somebody has deleted the file that says so.
func TestFolderIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := segment.OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if second, err := segment.OpenFolder(dir, nil); err == nil {
			second.Close()
			t.Fatal("a folder was opened twice")
		}
		if err := os.RemoveAll(filepath.Join(dir, "lock")); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := segment.OpenFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
