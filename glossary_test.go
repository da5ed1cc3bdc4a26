package lantern_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lantern"
)

// TestGlossary holds docs/glossary.md to the words of this package: each word of a closed
// set stands there.
func TestGlossary(t *testing.T) {
	t.Parallel()
	glossary, err := os.ReadFile("docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	words := packageWords(t)
	for _, tag := range lantern.Taxonomy() {
		words = append(words, string(tag))
	}
	for _, word := range words {
		if !strings.Contains(string(glossary), "`"+word+"`") {
			t.Errorf("docs/glossary.md lacks `%s`", word)
		}
	}
	if len(words) < 100 {
		t.Errorf("found %d words in the package; the search is broken", len(words))
	}
}

// packageWords returns the values of all exported string constants.
func packageWords(t *testing.T) (words []string) {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				words = append(words, constWords(d)...)
			}
		}
	}
	return words
}

// constWords returns the strings of one const declaration.
func constWords(d *ast.GenDecl) (words []string) {
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		for i, value := range s.Values {
			lit, ok := value.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !s.Names[i].IsExported() {
				continue
			}
			if word, err := strconv.Unquote(lit.Value); err == nil && word != "" {
				words = append(words, word)
			}
		}
	}
	return words
}
