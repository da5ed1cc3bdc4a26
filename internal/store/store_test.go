package store_test

import (
	"io/fs"
	"testing"

	"lantern/internal/sqltext"
	"lantern/internal/store"
)

func TestSchemaKeepsDistributionOpen(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(store.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(store.Migrations(), path)
		for _, complaint := range sqltext.CheckPortable(string(text)) {
			t.Errorf("%s: %s", path, complaint)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
