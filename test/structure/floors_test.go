package structure

import (
	"os/exec"
	"path"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// topFloor is that of code which only tests use. It may import all, and nothing below
// may import it.
const topFloor = 7

// floors says on which floor the packages of a folder stand. The last element may be *.
var floors = map[string]int{
	".":                 0,
	"pdq":               0,
	"pdq/internal/luma": 0,
	"match/hamming":     0,
	"internal/segment":  0,
	"internal/siphash":  0,
	"internal/bounded":  0,
	"internal/sqltext":  0,
	"internal/wordhash": 0,

	"signal":              1,
	"audit":               1,
	"internal/column":     1,
	"internal/completion": 1,
	"internal/fair":       1,
	"internal/guard":      1,
	"internal/mend":       2,
	"internal/fence":      1,
	"internal/folding":    1,
	"internal/policy":     1,
	"internal/seal":       1,
	"internal/shelf":      1,
	"internal/sqldb":      1,
	"internal/pending":    1,
	"internal/text":       1,
	"internal/charset":    0,
	"internal/token":      1,
	"internal/web":        1,
	"internal/webhook":    1,

	"match":               2,
	"blind":               2,
	"client":              2,
	"internal/openapi":    2,
	"internal/store":      2,
	"internal/agentstore": 2,
	"internal/queue":      2,
	"internal/archive":    2,
	"internal/corpus":     2,
	"internal/format/*":   2,

	"internal/warninglist": 2,

	"internal/display":  3,
	"internal/backup":   3,
	"internal/casework": 2,
	"internal/draft":    3,
	"internal/replica":  3,
	"internal/engine":   3,
	"internal/lookup":   3,
	"internal/ownlog":   3,
	"internal/monitor":  3,
	"internal/exchange": 3,
	"internal/agent":    3,
	"internal/hunt":     3,
	"internal/courier":  3,
	"internal/doctor":   4,

	"internal/starter":   4,
	"internal/face/*":    4,
	"internal/console/*": 4,
	"internal/demo/*":    4, // what the demo's stories are made of

	"internal/cli/command": 4,

	"internal/demo":       5,
	"internal/cli":        5,
	"internal/cli/member": 5,

	"cmd/*":      6,
	"adapters/*": 6,
	"test/*":     topFloor,
}

// floorOf returns the floor of a folder. A folder under one that is named after its
// parent with "test" behind (sqldb/sqldbtest) helps tests.
func floorOf(dir string) (int, bool) {
	for d := dir; d != "."; d = path.Dir(d) {
		if parent := path.Dir(d); path.Base(d) == path.Base(parent)+"test" {
			return topFloor, true
		}
	}
	if n, ok := floors[dir]; ok {
		return n, true
	}
	n, ok := floors[path.Dir(dir)+"/*"]
	return n, ok
}

// sameFloor lists imports between packages of one floor, as "importer imports imported".
var sameFloor = exceptions{
	"internal/agent imports internal/replica":        "sealing a row needs no agent",
	"internal/agent imports internal/ownlog":         "the log is checked, and its head sent, without an agent that follows feeds",
	"internal/agent imports internal/monitor":        "the exchange's log is verified without an agent that follows feeds",
	"internal/agent imports internal/engine":         "how far the files of an engine are is arithmetic of its own",
	"internal/casework imports internal/agentstore":  "acts of people are rules over the agent's rows, without the agent that follows feeds",
	"internal/segment imports match/hamming":         "an index of hashes is one section of a segment, and of use without one",
	"internal/segment imports internal/wordhash":     "the words of phrases are hashed as those of texts are",
	"pdq imports pdq/internal/luma":                  "reading a file needs no hash, and hashing pixels no file",
	"internal/folding imports signal":                "it holds ready what folding says",
	"internal/text imports internal/folding":         "a text is cut by what its characters fold to",
	"internal/text imports signal":                   "what is a letter is decided where values are folded",
	"internal/demo/desk imports internal/demo/stage": "a desk stands on the stage",
	"internal/demo/desk imports internal/demo/tally": "what is done at a desk is counted",
	"internal/demo/desk imports internal/demo/tell":  "and told",
	"internal/demo/desk imports internal/demo/world": "people judge by what the world shows them",
	"internal/cli imports internal/demo":             "the demo is one of the commands, and uses no other",
	"internal/cli imports internal/cli/member":       "the list of all commands names those that speak to an agent",
	"internal/queue imports internal/agentstore":     "what becomes of a match within its transaction; apart from the agent so that both can be read",
	"internal/casework imports internal/queue":       "a hit says in which form its match is kept",
	"internal/agent imports internal/hunt":           "what hunts looked at; the looking is the agent's",
}

// banned are imports that the floors would allow.
var banned = []struct{ from, to, why string }{
	{"internal/exchange", "internal/agent", "the two programs meet only through the API"},
	{"internal/agent", "internal/exchange", "the two programs meet only through the API"},
	{"internal/agent", "internal/store", "the agent has a database of its own"},
	{"internal/exchange", "internal/agentstore", "the agent's database is the agent's"},
	{"internal/face/*", "internal/agentstore", "a face decides nothing: it goes through the agent"},
	{"internal/face/*", "internal/store", "a face decides nothing: it goes through the service"},
	{"internal/console/*", "internal/store", "a console decides nothing: it goes through the service"},
	{"internal/demo/*", "internal/store", "the demo uses what a user can use"},
	{"internal/demo/*", "internal/sqldb", "the demo uses what a user can use"},
	{"internal/demo/*", "internal/seal", "the demo uses what a user can use"},
	{"internal/demo/*", "internal/exchange", "the demo uses what a user can use"},
	{"internal/demo/*", "internal/agent", "the demo uses what a user can use"},
	{"internal/demo/*", "internal/agentstore", "the demo uses what a user can use"},
	{"internal/demo", "internal/store", "the demo uses what a user can use"},
	{"internal/demo", "internal/sqldb", "the demo uses what a user can use"},
	{"internal/demo", "internal/seal", "the demo uses what a user can use"},
	{"internal/demo", "internal/exchange", "the demo uses what a user can use"},
	{"internal/demo", "internal/agent", "the demo uses what a user can use"},
	{"internal/demo", "internal/agentstore", "the demo uses what a user can use"},
}

func within(dir, pattern string) bool {
	return dir == pattern || strings.HasSuffix(pattern, "/*") && path.Dir(dir) == path.Dir(pattern)
}

// folder returns the folder of an import path of this module.
func folder(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// TestFloors looks at what is built, not at tests: a test may use what stands above.
func TestFloors(t *testing.T) {
	t.Parallel()
	needed := map[string]bool{}
	all := readTree(t)
	for dir, files := range all {
		floor, ok := floorOf(dir)
		if !ok {
			t.Errorf("%s stands on no floor: give it one in test/structure/floors_test.go and in ARCHITECTURE.md", dir)
			continue
		}
		for to, at := range imports(files) {
			above, ok := floorOf(to)
			switch {
			case !ok, floor == topFloor:
			case above > floor:
				t.Errorf("%s: %s (floor %d) imports %s (floor %d): a package imports only from lower floors", at, dir, floor, to, above)
			case above == floor && !sameFloor.spare(dir+" imports "+to, needed):
				t.Errorf("%s: %s imports %s, which is on the same floor (%d): move what both need down, or the use of both up", at, dir, to, floor)
			}
			for _, b := range banned {
				if within(dir, b.from) && within(to, b.to) {
					t.Errorf("%s: %s may not import %s: %s", at, dir, to, b.why)
				}
			}
		}
	}
	if len(all["internal/demo"]) == 0 || len(all["internal/cli"]) == 0 {
		return // the exception waits for them
	}
	sameFloor.check(t, needed)
}

// imports returns the folders that what is built of files imports, and one place of each.
func imports(files []*file) map[string]string {
	found := map[string]string{}
	for _, f := range files {
		if f.test {
			continue
		}
		for _, spec := range f.ast.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the compiler's business
			}
			if to, ok := folder(p); ok {
				found[to] = f.path + ":" + strconv.Itoa(f.line(spec.Pos()))
			}
		}
	}
	return found
}

// TestWhatIsPulledIn looks at imports of imports, so it asks the go command.
func TestWhatIsPulledIn(t *testing.T) {
	t.Parallel()
	without := func(dir string, bad ...string) {
		pulled := map[string]bool{}
		for _, p := range deps(t, dir, "{{.ImportPath}}") {
			pulled[p] = true
		}
		for _, p := range bad {
			if pulled[p] {
				t.Errorf("%s pulls in %s; find the way with: go list -deps -f '{{.ImportPath}} {{.Imports}}' ./%s", dir, p, dir)
			}
		}
	}
	without("match", "net/http", "database/sql")
	without("signal", "net/http", "database/sql") // match imports it
	without("audit", "net/http", "database/sql")  // an outsider verifies a log with it

	only := func(dir string, good ...string) {
	next:
		for _, p := range deps(t, dir, "{{if not .Standard}}{{.ImportPath}}{{end}}") {
			for _, g := range good {
				if p == g || strings.HasPrefix(p, g+"/") {
					continue next
				}
			}
			t.Errorf("%s pulls in %s; beside the standard library it may use only %q", dir, p, good[1:])
		}
	}
	only(".", module)
	only("pdq", module+"/pdq", "golang.org/x/image", "golang.org/x/sys/cpu")
}

func deps(t *testing.T, dir, format string) []string {
	t.Helper()
	if len(readTree(t)[dir]) == 0 {
		return nil // not written yet
	}
	cmd := exec.Command("go", "list", "-deps", "-f", format, "./"+dir)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps ./%s: %v", dir, err)
	}
	list := strings.Fields(string(out))
	sort.Strings(list)
	return list
}

func TestFloorOf(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]int{
		".":                               0,
		"pdq":                             0,
		"internal/sqldb":                  1,
		"internal/sqldb/sqldbtest":        topFloor,
		"internal/sqldb/sqldbtest/pgtemp": topFloor,
		"internal/format/csv":             2,
		"internal/face/api":               4,
		"cmd/lantern":                     6,
		"test/structure":                  topFloor,
	} {
		if got, ok := floorOf(dir); !ok || got != want {
			t.Errorf("floorOf(%q) = %d, %v, want %d", dir, got, ok, want)
		}
	}
	for _, dir := range []string{"internal/misc", "pdq/inner", "internal/face/api/inner", "latest"} {
		if got, ok := floorOf(dir); ok {
			t.Errorf("floorOf(%q) = %d, want none", dir, got)
		}
	}
}
