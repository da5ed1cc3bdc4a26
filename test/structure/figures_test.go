package structure

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"sort"
	"strings"
	"testing"
)

const (
	maxFile     = 800 // lines, comments and all
	maxFunction = 100 // lines, from func to the closing brace
	maxPackage  = 2000
	maxLarge    = 5000
)

// large are the packages that may have maxLarge lines of code: one file a noun keeps
// them readable.
var large = map[string]bool{"internal/exchange": true, "internal/store": true, "internal/agent": true, "internal/cli": true}

// Exceptions to the figures: files by path, functions as "path: name", packages by folder.
var (
	longFiles     = exceptions{}
	longFunctions = exceptions{}
	longPackages  = exceptions{
		"internal/agentstore": "the agent's SQL, one file a noun, as internal/store is the exchange's",
		".":                   "the vocabulary: plain types, one file a noun, without a rule",
		"internal/exchange":   "every noun of the service, one file each; what is pure or its own business moves out as it shows",
		"match":               "a reader for each kind of identifier, one file each, which share the scanner and its window",
		"signal":              "one file a type, seventeen of them, which share the folding and the hosts",
	}
)

// size is what the lines of a file hold.
type size struct{ code, comment int }

// measure counts lines that hold code and lines that hold nothing but comment.
func measure(src []byte) size {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(f, src, nil, scanner.ScanComments)
	code, comment := map[int]bool{}, map[int]bool{}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue // put in by the scanner
		}
		kind := code
		if tok == token.COMMENT {
			kind = comment
		}
		first := f.Line(pos)
		for i := range 1 + strings.Count(lit, "\n") {
			kind[first+i] = true
		}
	}
	n := size{code: len(code)}
	for line := range comment {
		if !code[line] {
			n.comment++
		}
	}
	return n
}

func TestFigures(t *testing.T) {
	t.Parallel()
	var files, functions []int
	var whole, tests size
	needed := map[string]bool{}
	for dir, list := range readTree(t) {
		built := 0
		for _, f := range list {
			if f.generated {
				continue
			}
			if n := f.lines(); n > maxFile && !longFiles.spare(f.path, needed) {
				t.Errorf("%s has %d lines, and a file may have %d: split it by subject", f.path, n, maxFile)
			}
			spans := checkFunctions(t, f, needed)
			n := measure(f.src)
			if f.test {
				tests.code += n.code
				continue
			}
			built += n.code
			whole.code += n.code
			whole.comment += n.comment
			files = append(files, f.lines())
			functions = append(functions, spans...)
		}
		limit := maxPackage
		if large[dir] {
			limit = maxLarge
		}
		if built >= limit && !longPackages.spare(dir, needed) {
			t.Errorf("%s has %d lines of code, and should stay under %d: move out what is pure or has algorithms of its own", dir, built, limit)
		}
	}
	for _, e := range []exceptions{longFiles, longFunctions, longPackages} {
		e.check(t, needed)
	}
	t.Logf("%d files, %d lines of code, %d of tests", len(files), whole.code, tests.code)
	t.Logf("file: median %d lines (aim 150), p90 %d (aim 450), longest %d", rank(files, 50), rank(files, 90), rank(files, 100))
	t.Logf("function: median %d lines (aim 12), p90 %d, longest %d", rank(functions, 50), rank(functions, 90), rank(functions, 100))
	t.Logf("comment to code %.2f (aim 0.20-0.30), test to code %.2f (aim 0.9)", ratio(whole.comment, whole.code), ratio(tests.code, whole.code))
}

// checkFunctions returns how many lines each function of f has.
func checkFunctions(t *testing.T, f *file, needed map[string]bool) []int {
	t.Helper()
	var spans []int
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := f.line(fn.End()) - f.line(fn.Pos()) + 1
		spans = append(spans, n)
		name := f.path + ": " + fn.Name.Name
		if n > maxFunction && !longFunctions.spare(name, needed) {
			t.Errorf("%s:%d: %s has %d lines, and a function may have %d", f.path, f.line(fn.Pos()), fn.Name.Name, n, maxFunction)
		}
	}
	return spans
}

// rank returns the value below which percent of the values lie.
func rank(values []int, percent int) int {
	if len(values) == 0 {
		return 0
	}
	sort.Ints(values)
	return values[(len(values)-1)*percent/100]
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	src := strings.Join([]string{
		"// comment",
		"package p // code",
		"",
		"/* comment",
		"comment */",
		"var s = `code",
		"code`",
		"",
	}, "\n")
	if got, want := fmt.Sprint(measure([]byte(src))), "{3 3}"; got != want {
		t.Errorf("code and comment: got %s, want %s", got, want)
	}
}
