package store_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lantern/internal/sqldb"
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

// TestRetentionIsDocumented holds the table of docs/operate/retention.md to the schema.
func TestRetentionIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operate/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "## Every table")
	var documented, there []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(list, -1) {
		documented = append(documented, m[1])
	}
	tables, err := sqldb.Tables(store.Migrations(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		there = append(there, table.Name)
	}
	slices.Sort(documented)
	slices.Sort(there)
	if !slices.Equal(documented, there) {
		t.Errorf("docs/operate/retention.md lists\n%v, the schema has\n%v", documented, there)
	}
}

// TestEveryWrappedKeyIsListed holds the list of what a rekey wraps anew to the schema.
func TestEveryWrappedKeyIsListed(t *testing.T) {
	t.Parallel()
	tables, err := sqldb.Tables(store.Migrations(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	listed := store.Wrappings()
	for _, table := range tables {
		has := slices.ContainsFunc(table.Columns, func(c sqldb.Column) bool { return c.Name == "wrapped" })
		if in := slices.ContainsFunc(listed, func(w store.Wrapping) bool { return w.Table() == table.Name }); in != has {
			t.Errorf("%s: holds wrapped keys: %v, listed: %v", table.Name, has, in)
		}
	}
}
