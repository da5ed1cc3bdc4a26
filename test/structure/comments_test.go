package structure

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestPackageComments wants one comment that explains the package.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	for dir, files := range readTree(t) {
		longest := 0
		for _, f := range files {
			if f.ast.Doc != nil {
				longest = max(longest, len(f.ast.Doc.Text()))
			}
		}
		// A sentence of the form "Package p does x." explains nothing to a newcomer.
		if longest < 100 {
			t.Errorf("%s has no comment that explains the package: its subject, terms, promises and limits", dir)
		}
	}
}

// public reports whether others may import the package of a folder.
func public(dir string) bool {
	first, _, _ := strings.Cut(dir, "/")
	return first != "internal" && first != "cmd" && first != "test"
}

func TestExportedNamesAreDocumented(t *testing.T) {
	t.Parallel()
	for dir, files := range readTree(t) {
		if !public(dir) {
			continue
		}
		for _, f := range files {
			if f.test {
				continue
			}
			for _, d := range f.ast.Decls {
				for _, name := range undocumented(d) {
					t.Errorf("%s:%d: %s is exported and not documented", f.path, f.line(name.Pos()), name.Name)
				}
			}
		}
	}
}

// undocumented returns the exported names of d that no comment speaks of. A comment on a
// group of constants or variables speaks of all of them.
func undocumented(d ast.Decl) []*ast.Ident {
	var bad []*ast.Ident
	note := func(names []*ast.Ident, docs ...*ast.CommentGroup) {
		for _, c := range docs {
			if c.Text() != "" {
				return
			}
		}
		for _, n := range names {
			if n.IsExported() {
				bad = append(bad, n)
			}
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if onExported(d.Recv) {
			note([]*ast.Ident{d.Name}, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				note(s.Names, s.Doc, s.Comment, d.Doc)
			case *ast.TypeSpec:
				doc := d.Doc
				if d.Lparen != token.NoPos {
					doc = nil // of the group, which says what a type is only in general
				}
				note([]*ast.Ident{s.Name}, s.Doc, s.Comment, doc)
				if i, ok := s.Type.(*ast.InterfaceType); ok && s.Name.IsExported() {
					for _, m := range i.Methods.List {
						note(m.Names, m.Doc, m.Comment)
					}
				}
			}
		}
	}
	return bad
}

// onExported reports whether a receiver is of an exported type; functions have none.
func onExported(recv *ast.FieldList) bool {
	if recv == nil {
		return true
	}
	e := recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
