package agent_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// TestDamageOfTheEngineInUse breaks a file of the engine under an agent, behind its header:
// lookups miss what it held and do not see it. Once the files are read through, all of it
// matches again, hunts look again at what they looked at meanwhile and at nothing else, and
// the status says what to match again.
func TestDamageOfTheEngineInUse(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	for i := range 50 {
		w.MustShare(host.Submitter, w.Draft(i))
	}
	conf := w.AgentConfig(t, social, t.TempDir())
	look := func(a *agent.Agent) lantern.Answer {
		t.Helper()
		return dryOne(t, a, lantern.Record{Ref: "post-1", URLs: []string{w.Draft(7).Value}})
	}
	a := inSegments(t, conf)
	defer func() { _ = a.Close() }()
	huntOne(t, a, "before.txt", w.Draft(7).Value)
	for range 2 { // the second is the first to begin after that hunt
		runOnce(t, a)
	}
	if answer := look(a); answer.State != lantern.AnswerOK || len(answer.Matches) != 1 {
		t.Fatalf("before: got %+v", answer)
	}

	breakFiles(t, filepath.Join(conf.Dir, "engine"))
	if answer := look(a); answer.State != lantern.AnswerOK || len(answer.Matches) != 0 {
		t.Fatalf("the damage does not hide the signal, or is seen at once: this test shows nothing; got %+v", answer)
	}
	if answers := huntOne(t, a, "meanwhile.txt", w.Draft(7).Value); len(answers) != 0 {
		t.Fatalf("found in spite of the damage: %+v", answers)
	}

	runOnce(t, a)
	if answer := look(a); answer.State != lantern.AnswerOK || len(answer.Matches) != 1 {
		t.Errorf("after the files were read through: got %+v", answer)
	}
	if got := planOne(t, a, pastText("before.txt", w.Draft(7).Value)); got.Verdict != lantern.HuntUnchanged {
		t.Errorf("looked at while the files were whole: %s", got.Verdict)
	}
	if answers := huntOne(t, a, "meanwhile.txt", w.Draft(7).Value); len(answers) != 1 || len(answers[0].Matches) != 1 {
		t.Errorf("hunted again: got %+v", answers)
	}
	told := func(r string) bool { return strings.Contains(r, "match again what was matched from ") }
	if s, err := a.Status(ctx); err != nil || s.Answers != lantern.AnswerOK || !slices.ContainsFunc(s.Reasons, told) {
		t.Errorf("the status does not say what may have been missed: %s %q, %v", s.Answers, s.Reasons, err)
	}
}

// TestFileThatFailsUnderALookup cuts a file of the engine short under an agent: the lookup that comes upon it finds
// nothing in it, and must not answer that there is nothing.
func TestFileThatFailsUnderALookup(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	for i := range 50 {
		w.MustShare(host.Submitter, w.Draft(i))
	}
	conf := w.AgentConfig(t, social, t.TempDir())
	for _, text := range []bool{false, true} {
		r := lantern.Record{Ref: "post-1", Text: "see " + w.Draft(7).Value}
		if !text {
			r = lantern.Record{Ref: "post-1", URLs: []string{w.Draft(7).Value}}
		}
		a := inSegments(t, conf)
		names, err := filepath.Glob(filepath.Join(conf.Dir, "engine", "*.segment"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no segments to cut: %v", err)
		}
		for _, name := range names {
			if err := os.Truncate(name, 0); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if answer := dryOne(t, a, r); answer.State != lantern.CouldNotLook || len(answer.Reasons) == 0 {
				t.Errorf("cut short (text: %t): got %+v", text, answer)
			}
		}
		runOnce(t, a)
		if answer := dryOne(t, a, r); answer.State != lantern.AnswerOK || len(answer.Matches) != 1 {
			t.Errorf("made anew (text: %t): got %+v", text, answer)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// inSegments opens an agent that has loaded all there is, and whose engine holds it in files.
func inSegments(t *testing.T, conf agent.Config) *agent.Agent {
	t.Helper()
	a := opened(t, conf)
	runOnce(t, a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return opened(t, conf)
}

// dryOne looks one record up.
func dryOne(t *testing.T, a *agent.Agent, r lantern.Record) lantern.Answer {
	t.Helper()
	answers, err := a.Match(t.Context(), []lantern.Record{r}, agent.MatchOptions{Dry: true})
	if err != nil {
		t.Fatal(err)
	}
	return answers[0]
}

// breakFiles overwrites the segments in a folder in place, all but their headers.
func breakFiles(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.segment"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no segments to break: %v", err)
	}
	const header = 1024
	for _, name := range names {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err == nil {
			_, err = f.WriteAt(make([]byte, max(0, info.Size()-header)), header)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
