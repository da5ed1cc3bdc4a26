package command

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCurrentKey replaces a key file under a server that has read it.
func TestCurrentKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	current := CurrentKey(path)
	if got := current(); got != "" {
		t.Errorf("without a file: got %q", got)
	}
	for _, step := range []struct{ write, want string }{
		{"lk_123456789_first", "lk_123456789_first"},
		{"", "lk_123456789_first"},
		{"lantern-kek-1 something else", "lk_123456789_first"},
		{"lk_123456789_second", "lk_123456789_second"},
		{"lk_123456789_thirds", "lk_123456789_thirds"}, // as long as the one before, perhaps within one tick of the clock
	} {
		if err := ReplaceSecret(path, step.write); err != nil {
			t.Fatal(err)
		}
		if got := current(); got != step.want {
			t.Errorf("after writing %q: got %q, want %q", step.write, got, step.want)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := current(); got != "lk_123456789_thirds" {
		t.Errorf("once the file is gone: got %q", got)
	}
}
