// Command testreport reads what go test -json prints and says what a person wants to
// know: one closing line for each package, the whole output of each test that failed,
// and which tests were skipped without leave.
//
//	go test -json ./... | testreport skips.txt
//
// The file lists tests that may be skipped, one a line: package, name, and the reason.
// It exits 1 if a test or package failed or was skipped without leave.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	leave, err := readLeave(os.Args[1])
	if err == nil {
		var ok bool
		if ok, err = report(os.Stdin, os.Stdout, leave); err == nil && ok {
			return
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
	}
	os.Exit(1)
}

// readLeave reads which tests may be skipped: "package name" of each.
func readLeave(path string) (map[string]bool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	leave := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 2 && !strings.HasPrefix(line, "#") {
			leave[f[0]+" "+f[1]] = true
		}
	}
	return leave, nil
}

// event is one line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// report works through the events. Lines that are no event (a package that does not
// build prints some) are passed on.
func report(r io.Reader, w io.Writer, leave map[string]bool) (ok bool, err error) {
	output := map[string]*strings.Builder{}
	var skipped []string
	var passed, failed, left int
	ok = true
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(w, lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if output[key] == nil {
				output[key] = &strings.Builder{}
			}
			output[key].WriteString(e.Output)
		case "fail", "build-fail":
			ok = false
			if b := output[key]; b != nil {
				fmt.Fprint(w, b)
			}
			if e.Test == "" {
				fmt.Fprintf(w, "FAIL\t%s\t%.3fs\n", e.Package, e.Elapsed)
			} else {
				failed++
			}
		case "skip":
			switch {
			case e.Test == "":
			case leave[key]:
				left++
				fmt.Fprintf(w, "skip  %s %s\n", key, reason(output[key]))
			default:
				skipped = append(skipped, fmt.Sprintf("%s %s", key, reason(output[key])))
			}
		case "pass":
			if e.Test == "" {
				fmt.Fprintf(w, "ok  \t%s\t%.3fs\n", e.Package, e.Elapsed)
			} else {
				passed++
			}
		}
		if e.Action != "output" {
			delete(output, key)
		}
	}
	for _, s := range skipped {
		ok = false
		fmt.Fprintln(w, "SKIPPED without leave:", s)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", passed, failed, left+len(skipped))
	return ok, lines.Err()
}

// reason is what a skipped test said.
func reason(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	for line := range strings.Lines(b.String()) {
		if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "=== ") && !strings.HasPrefix(t, "--- ") {
			return "(" + t + ")"
		}
	}
	return ""
}
