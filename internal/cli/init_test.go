package cli

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lantern/internal/agent/agenttest"
	"lantern/internal/cli/command"
)

// Somebody answers the five questions on a terminal, and is shown a page for each match.
func TestInitAsksOnATerminal(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	w.MustShare(host.Submitter, w.Draft(2))
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("service.key"), social.ServiceKey+"\n")
	write(t, in("me.key"), social.InvestigatorKey+"\n")
	write(t, in("links.csv"), "id,link\n7,"+w.Draft(1).Value+"\n8,"+w.Draft(2).Value+"\n9,https://example.com/quiet\n")
	for _, f := range []string{"service.key", "me.key"} {
		if err := os.Chmod(in(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(args []string, lines ...string) (code int, out, said string) {
		var o, e bytes.Buffer
		code = Run(t.Context(), command.Process{Args: append([]string{"agent", "init"}, args...), In: strings.NewReader(strings.Join(lines, "\n") + "\n"), Out: &o, Err: &e,
			InTTY: true, OutTTY: true, ErrTTY: true, Clock: w.Clock.Now, Random: rand.Reader,
			Env: func(name string) (string, bool) { return "1", name == "NO_COLOR" }})
		return code, o.String(), e.String()
	}
	code, out, said := answer(nil, w.URL, in("service.key"), "forum", "US", in("links.csv"), in("links.csv/agent"), in("agent"), in("links.csv"), "", "")
	if code != command.ExitOK || strings.Count(out, "POSSIBLE MATCH") != 2 || !strings.Contains(out, "clue, not proof") {
		t.Errorf("exit %d, stdout %s, stderr %s", code, out, said)
	}
	for _, want := range []string{"5 of 5", "that is a file; the name of a folder", "not a directory", "2 possible matches in 3 rows", "1 of 2. Enter for the next", "lantern agent run --config " + in("agent/lantern.json")} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	if _, out, _ = answer([]string{"--key-file", in("service.key"), "--exchange", w.URL, "--dir", in("agent"), "--match", in("links.csv")}, "", "", "", "", "", "", "q"); strings.Count(out, "POSSIBLE MATCH") != 1 {
		t.Errorf("after q: %s", out)
	}
	if code, _, said := answer(nil, w.URL, social.ServiceKey, in("me.key"), "forum", "US", in("other"), "-"); code != command.ExitFailed ||
		!strings.Contains(said, "that is a key itself") || !strings.Contains(said, "that of a person") || strings.Contains(said, social.ServiceKey) {
		t.Errorf("exit %d: %s", code, said)
	}
	if _, err := os.Stat(in("other")); !os.IsNotExist(err) {
		t.Errorf("a folder was made with a person's key: %v", err)
	}
	if code, _, said := answer(nil, w.URL); code != command.ExitFailed || !strings.Contains(said, "--yes") {
		t.Errorf("questions that nobody answers: exit %d: %s", code, said)
	}
}
