package corpus_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lantern/internal/corpus"
)

// TestHashOfAPipe hashes a pipe that nobody writes to: it must be refused, not waited for.
func TestHashOfAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	told := 0
	h := corpus.Hasher{Types: corpus.HashTypes(), Passed: func(int64) {}}
	err := h.Hash(t.Context(), []string{pipe}, func(h corpus.Hashed) error {
		if told++; h.Err == nil || !strings.HasPrefix(h.Err.Error(), "no regular file: ") || len(h.Sums) != 0 {
			t.Errorf("got %+v", h)
		}
		return nil
	})
	if err != nil || told != 1 {
		t.Errorf("told of %d, %v", told, err)
	}
}
