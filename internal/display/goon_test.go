package display_test

import (
	"os"
	"path/filepath"
	"testing"

	"lantern/internal/display"
)

// However a file was cut off, what is added behind its last whole line makes it whole.
func TestGoOn(t *testing.T) {
	t.Parallel()
	type entry struct{ N int }
	const whole = "{\"N\":1}\n{\"N\":2}\n"
	for cut := range len(whole) + 1 {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(whole[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		f, last, err := display.GoOn[entry](path)
		if err != nil {
			t.Fatal(err)
		}
		from := 0
		if last != nil {
			from = last.N
		}
		for n := from + 1; n <= 2; n++ {
			if err := f.Add(entry{n}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != whole {
			t.Errorf("cut at %d: got %q, %v", cut, got, err)
		}
	}
	for _, bad := range []string{"no line of ours\n", "\n", "{\"N\":1}\n\n"} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := display.GoOn[entry](path); err == nil {
			t.Errorf("%q is gone on with", bad)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != bad {
			t.Errorf("a file that is another's was changed: %q, %v", got, err)
		}
	}
}
