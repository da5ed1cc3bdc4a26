package tell

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestNarrator(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n := &Narrator{W: &out}
	n.Chapter("T+0", "Somebody does something", strings.Repeat("because of a reason ", 6))
	n.Says("Cloudbin", "sends %s and %s.", Some(1234567, "row", "rows"), Some(1, "note", "notes"))
	n.Adds("%s left.", None(0))
	want := `
1  T+0  Somebody does something
   because of a reason because of a reason because of a reason because of a
   reason because of a reason because of a reason

   Cloudbin   sends 1,234,567 rows and 1 note.
              none left.
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > textWidth+1 {
			t.Errorf("a line has %d columns", len(line)-1)
		}
	}
}

// Marks take no room: a marked line breaks where a plain one does.
func TestNarratorMarks(t *testing.T) {
	t.Parallel()
	var plain, bold bytes.Buffer
	for n, b := range map[*Narrator]bool{{W: &plain}: false, {W: &bold}: true} {
		n.Bold = b
		n.Says("Pixelplay", "%s", strings.Repeat("word and ", 30))
	}
	got := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(bold.String())
	if got != plain.String() || got == bold.String() {
		t.Errorf("got\n%swant\n%s", got, plain.String())
	}
}

func TestNarratorKeepsTheFirstFailure(t *testing.T) {
	t.Parallel()
	n := &Narrator{W: failing{}}
	n.Says("agents", "are silent.")
	if !errors.Is(n.err, errFailing) {
		t.Errorf("got %v", n.err)
	}
}

var errFailing = errors.New("nobody listens")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFailing }
