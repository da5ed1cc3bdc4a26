package match_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"lantern/match"
)

// TestNoFileInPlaceOfOne puts a pipe, a folder and a folder that holds something in the place of files of an
// engine: opening must say that it is damaged, and not wait, and an engine begun anew must work and come back.
func TestNoFileInPlaceOfOne(t *testing.T) {
	t.Parallel()
	pipe := func(name string) error { return syscall.Mkfifo(name, 0o600) }
	folder := func(name string) error { return os.Mkdir(name, 0o700) }
	full := func(name string) error {
		return errors.Join(folder(name), os.WriteFile(filepath.Join(name, "kept"), nil, 0o600))
	}
	for what, put := range map[string]func(string) error{"pipe": pipe, "folder": folder, "full folder": full} {
		for _, name := range []string{"manifest", "00000001.segment", "manifest.new", "00000009.segment"} {
			t.Run(what+" as "+name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				l := newLedger(t, dir, nil)
				c, _ := changeOf(1, "email", "name@example.com")
				l.apply(c)
				l.must(l.e.Save(l.here()))
				l.close()
				at := filepath.Join(dir, name)
				if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				l.must(put(at))
				e, err := match.Open(dir, key)
				var damage *match.Damage
				switch {
				case errors.As(err, &damage) == (name == "manifest.new" || name == "00000009.segment"):
					t.Fatalf("opening it: %v", err)
				case err != nil:
					e, err = match.Create(dir, key)
					l.must(err)
					l.must(e.Apply(l.changes))
				}
				l.must(e.Save(l.here()))
				c, _ = changeOf(2, "email", "other@example.com")
				l.must(e.Apply([]match.Change{c}))
				l.must(e.Save([]byte("on")))
				l.must(e.Close())
				e, err = match.Open(dir, key)
				l.must(err)
				for _, value := range []string{"name@example.com", "other@example.com"} {
					if found := e.Match(match.Query{Type: "email", Canonical: value}, nil); len(found) != 1 {
						t.Errorf("%d found of one that was kept", len(found))
					}
				}
				l.must(e.Close())
				if what == "full folder" {
					kept, err := filepath.Glob(filepath.Join(dir, "*", "*", "kept"))
					if still, _ := filepath.Glob(filepath.Join(dir, "*", "kept")); err != nil || len(kept)+len(still) != 1 {
						t.Errorf("what is none of ours is gone: %v, %v", kept, err)
					}
				}
			})
		}
	}
}
