package fence_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"lantern/internal/fence"
)

func TestMarkIsReadAsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fence")
	if m, err := fence.Read(path); err != nil || m != (fence.Mark{}) {
		t.Errorf("no file: got %v, %v", m, err)
	}
	start, err := fence.Start(bytes.NewReader([]byte{1, 2, 3, 4, 5, 6, 7, 8}))
	if err != nil || start.N != 1 || start.History == "" {
		t.Fatalf("got %v, %v", start, err)
	}
	for _, m := range []fence.Mark{start, {History: start.History, N: 1 << 40}} {
		if err := fence.Write(path, m); err != nil {
			t.Fatal(err)
		}
		if got, err := fence.Read(path); err != nil || got != m || fence.Parse(m.String()) != m {
			t.Errorf("got %v, %v, want %v", got, err, m)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files are left over: %v, %v", left, err)
	}
	for _, text := range []string{"", "lantern", "lantern-agent-fence-1 ", "lantern-agent-fence-1 abc", "other 1 2"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := fence.Read(path); err != nil || !got.Older(start) {
			t.Errorf("%q: got %v, %v, want a mark no database fits", text, got, err)
		}
	}
}

// TestOnlyAheadOrEqualIsGood holds that a database is good only in the file's own history
// and at or beyond its number.
func TestOnlyAheadOrEqualIsGood(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.SampledFrom([]string{"a", "b"})
		n := rapid.Int64Range(0, 3)
		file := fence.Mark{History: history.Draw(t, "file's history"), N: n.Draw(t, "file's n")}
		stored := fence.Mark{History: history.Draw(t, "stored history"), N: n.Draw(t, "stored n")}
		good := stored.History == file.History && stored.N >= file.N
		if file.Older(stored) == good {
			t.Fatalf("file %v, database %v: older is %v", file, stored, !good)
		}
	})
}
