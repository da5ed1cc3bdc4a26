// Package structure holds the shape of the tree to what ARCHITECTURE.md says of it:
//
//   - floors: a package imports only from lower floors, so that it can be read and tested
//     without what stands on it;
//   - figures: no file, function or package grows beyond what one can take in;
//   - comments: every package explains itself, and every exported name of a public
//     package says what it promises;
//   - words: no package is named after nothing, no code runs before main, and test data
//     names no real domain, mailbox or telephone.
//
// An exception is one line of a table here and carries its reason. An exception nothing
// needs any more fails too. Run with -v to see the figures of the tree.
package structure

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the prefix of the import paths of this tree.
const module = "lantern"

// root is where the tree begins, seen from this folder.
var root = filepath.Join("..", "..")

// file is one Go file of the tree.
type file struct {
	path      string // from the root, with slashes
	dir       string // its folder; "." for the root
	test      bool
	generated bool // by its own word; nobody reads it through
	src       []byte
	ast       *ast.File
	fset      *token.FileSet
}

// line returns the line on which pos lies.
func (f *file) line(pos token.Pos) int { return f.fset.Position(pos).Line }

// tree is every Go file, by folder.
type tree map[string][]*file

var loaded = sync.OnceValues(load)

// readTree returns the tree; it is read once.
func readTree(t *testing.T) tree {
	t.Helper()
	all, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	// A test that looked at nothing would pass.
	for _, dir := range []string{".", "pdq", "signal"} {
		if len(all[dir]) == 0 {
			t.Fatalf("no Go file was found in %s: is this test in its place?", dir)
		}
	}
	return all
}

func load() (tree, error) {
	all := tree{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			return enter(name, rel)
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		f, err := parse(name, rel)
		if err != nil {
			return err
		}
		all[f.dir] = append(all[f.dir], f)
		return nil
	})
	return all, err
}

// enter returns SkipDir for folders the go command does not build either.
func enter(name, rel string) error {
	base := path.Base(rel)
	if rel == "." {
		return nil
	}
	if base == "testdata" || base == "node_modules" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
		return fs.SkipDir // a module of its own
	}
	return nil
}

func parse(name, rel string) (*file, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := &file{path: rel, dir: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), src: src, fset: token.NewFileSet()}
	f.ast, err = parser.ParseFile(f.fset, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f.generated = ast.IsGenerated(f.ast)
	return f, nil
}

// lines returns how many lines f has.
func (f *file) lines() int {
	n := bytes.Count(f.src, []byte("\n"))
	if len(f.src) > 0 && f.src[len(f.src)-1] != '\n' {
		n++
	}
	return n
}

// exceptions is a table of names that a rule spares, each with its reason.
type exceptions map[string]string

// spare reports whether name is in the table, and notes that it was needed.
func (e exceptions) spare(name string, needed map[string]bool) bool {
	_, ok := e[name]
	if ok {
		needed[name] = true
	}
	return ok
}

// check complains of exceptions without a reason and of those nothing needs.
func (e exceptions) check(t *testing.T, needed map[string]bool) {
	t.Helper()
	for name, reason := range e {
		if reason == "" {
			t.Errorf("the exception for %s gives no reason", name)
		}
		if !needed[name] {
			t.Errorf("the exception for %s is not needed: remove it", name)
		}
	}
}
