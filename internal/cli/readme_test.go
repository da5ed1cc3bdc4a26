package cli

import (
	"os"
	"strings"
	"testing"

	"lantern/internal/cli/command"
)

// Every command line of the README is one that the program takes. What the lines do is
// told by cmd/lantern/testdata/script/story-urls.txtar.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer("MEMBER", "4711", "PROGRAM", "4712", "PERSON", "4713", "SERVICE", "4714", "HIT", "4715")
	lines := 0
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		line, ok := strings.CutPrefix(ids.Replace(strings.TrimSpace(line)), "lantern ")
		if !ok {
			continue
		}
		lines++
		var args []string
		for i, part := range strings.Split(line, `"`) { // every other part is in quotation marks
			if i%2 == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(part)...)
			}
		}
		var cmds commands
		parser, err := newParser(&cmds, command.Process{Env: func(string) (string, bool) { return "", false }}, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Errorf("lantern %s: %v", line, err)
		}
	}
	if lines < 10 {
		t.Errorf("found %d command lines", lines)
	}
}
