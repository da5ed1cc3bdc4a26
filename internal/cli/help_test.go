package cli

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"lantern/internal/cli/command"
)

var update = flag.Bool("update", false, "write the golden files")

// allNodes lists every command and group of commands.
func allNodes(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := newParser(new(commands), command.Process{Env: func(string) (string, bool) { return "", false }}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var all []*kong.Node
	var walk func(*kong.Node)
	walk = func(n *kong.Node) {
		all = append(all, n)
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(parser.Model.Node)
	return all
}

// Each screen of help is a golden file, so that a change of it is seen in review:
// go test ./internal/cli -run Help -update
func TestHelp(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "help")
	var names []string
	for _, n := range allNodes(t) {
		path := strings.Fields(n.FullPath()) // may hold flags and arguments
		path = slices.DeleteFunc(path, func(s string) bool { return strings.ContainsAny(s, "<[") || strings.HasPrefix(s, "-") })
		name := strings.Join(path, "-") + ".txt"
		names = append(names, name)
		got := run(t, append(slices.Clone(path[1:]), "--help")...)
		if got.code != command.ExitOK || got.err != "" {
			t.Errorf("%s: exit %d, stderr %q", name, got.code, got.err)
		}
		file := filepath.Join(dir, name)
		if *update {
			write(t, file, got.out)
		}
		want, err := os.ReadFile(file)
		if err != nil || string(want) != got.out {
			t.Errorf("%s is not what --help prints (run with -update and look at the difference): %v", file, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(names, filepath.Base(f)) {
			t.Errorf("%s belongs to no command", f)
		}
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	for _, n := range allNodes(t) {
		if n.Leaf() && !strings.Contains(n.Detail, "\n    lantern ") {
			t.Errorf("%s has no example", n.FullPath())
		}
		if n.Help == "" {
			t.Errorf("%s has no help", n.FullPath())
		}
	}
}

// A flag that can be set elsewhere must stand in Config, because the file's keys and the
// manual come from there.
func TestConfigHoldsEverySetting(t *testing.T) {
	t.Parallel()
	known := settingKeys(reflect.TypeFor[Config]())
	for _, n := range allNodes(t) {
		for _, f := range n.Flags {
			if key := f.Tag.Get("key"); key != "" && !slices.Contains(known, key) {
				t.Errorf("%s --%s: the key %q is not in Config", n.FullPath(), f.Name, key)
			}
		}
	}
}
