package pending_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"lantern/internal/pending"
)

// TestPendingFilesAreSweptUp begins a file of which a process that was killed left its part.
func TestPendingFilesAreSweptUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "out.rej")
	dead := exec.Command("go", "version")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, ".out.rej."+strconv.Itoa(dead.Process.Pid)+"-1")
	others := []string{filepath.Join(dir, ".out.rej."+strconv.Itoa(os.Getpid())+"-1"), filepath.Join(dir, ".out.rej.note"), filepath.Join(dir, ".other.rej."+strconv.Itoa(dead.Process.Pid)+"-1")}
	for _, name := range append(others, left) {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := pending.Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed process left is still there")
	}
	for _, name := range append(others, path) {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%v", err)
		}
	}
}
