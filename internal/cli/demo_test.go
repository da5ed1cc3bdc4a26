package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/demo"
	"lantern/internal/demo/world"
)

// playSmall runs the whole story in a small world and returns what it printed.
func playSmall(t *testing.T, o demo.Options) (figures demo.Figures, told string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	a := newApp(Process{Out: &out, Err: &errs, Env: func(string) (string, bool) { return "", false }, Clock: time.Now, Random: rand.Reader}, &Common{})
	o.JSON, o.Out, o.Err = true, &out, &listener{&errs, "audit verify", stop}
	o.Size = world.Size{Removed: 60, Traders: 8, Bystanders: 300}
	o.StartExchange, o.StartAgent = a.demoExchange, a.demoAgent
	if err := demo.Run(ctx, o); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &figures); err != nil {
		t.Fatalf("the figures are not JSON: %v", err)
	}
	return figures, errs.String()
}

// listener presses Ctrl-C when it hears some words.
type listener struct {
	heard *bytes.Buffer
	words string
	stop  func()
}

func (l *listener) Write(b []byte) (int, error) {
	n, err := l.heard.Write(b)
	if strings.Contains(l.heard.String(), l.words) {
		l.stop()
	}
	return n, err
}

// The story is told by a running system, and the same seed comes to the same figures.
func TestDemoStory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	first, told := playSmall(t, demo.Options{Seed: 1, Dir: dir, Headless: true})
	again, toldUp := playSmall(t, demo.Options{Seed: 1}) // stays up until Ctrl-C
	if !strings.Contains(toldUp, "stays up") || !strings.Contains(toldUp, "Stopping") || strings.Contains(told, "stays up") {
		t.Error("without --headless everything stays up until it is stopped, and only then")
	}

	first.TimesAndLog, again.TimesAndLog = demo.Varying{}, demo.Varying{}
	if !reflect.DeepEqual(first, again) {
		t.Errorf("one seed came to two sets of figures:\n%+v\n%+v", first, again)
	}
	if got := first.Shared; got.Drafts != 60 || got.Results[lantern.Refused] != 1 {
		t.Errorf("shared %+v", got)
	}
	if r := first.Review; len(r.Rounds) != 4 || r.Outcomes[lantern.AccountsActioned] != r.Decided[lantern.Confirmed] ||
		r.Singly+r.InBulk != r.Decided[lantern.Confirmed] || r.Decided[lantern.Confirmed] < 100 {
		t.Errorf("review %+v", r)
	}
	if got := first.SharedBack; got.Results[lantern.Created] == 0 || got.Results[lantern.Refused] == 0 {
		t.Errorf("shared back %+v", got)
	}
	c := first.Correction
	if c.MatchedBefore != 4 || c.MatchedAfter != 0 || c.Masked != c.Recipients || c.Purged != c.Recipients || c.Derived != 1 || c.Corrections != 2 {
		t.Errorf("correction %+v", c)
	}
	if c.Reversed != first.Comparison.WronglyActioned || c.Reversed == 0 || first.Comparison.WronglyRemaining != 0 {
		t.Errorf("%d reversed, %+v", c.Reversed, first.Comparison)
	}
	if !first.Log.Verified {
		t.Error("the log was not verified")
	}
	for _, want := range []string{"SYNTHETIC DATA", "kept", "Row "} {
		if !strings.Contains(told, want) {
			t.Errorf("the story does not say %q", want)
		}
	}
	if got := run(t, "audit", "verify", filepath.Join(dir, "log")); got.code != exitOK {
		t.Errorf("the downloaded log: exit %d, %s", got.code, got.err)
	}
	for _, file := range []string{"log/checkpoint", "cloudbin/removed-urls.csv", "exchange/exchange.db", "payrail/agent/data/agent.token"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err != nil {
			t.Errorf("a named folder keeps everything: %v", err)
		}
	}
}

// A folder that holds something is left alone, and a format that makes no sense is said.
func TestDemoMisuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine"), "mine")
	got := run(t, "demo", "--headless", "--dir", dir)
	if got.code != exitFailed || !strings.Contains(got.err, "not empty") {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %d files, want 1: %v", len(left), err)
	}
	if got := run(t, "demo", "-o", "csv"); got.code != exitMisuse {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
}

// Ctrl-C in the middle ends it in good order and leaves nothing behind.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var dir string
	a := newApp(Process{Env: func(string) (string, bool) { return "", false }, Clock: time.Now, Random: rand.Reader}, &Common{})
	err := demo.Run(ctx, demo.Options{Headless: true, Size: world.Size{Removed: 30, Traders: 3, Bystanders: 10},
		StartExchange: a.demoExchange,
		StartAgent: func(ctx context.Context, s demo.AgentSite) (demo.Server, error) {
			dir = filepath.Dir(filepath.Dir(s.Dir))
			defer stop()
			return a.demoAgent(ctx, s)
		}})
	if err == nil {
		t.Error("told the story to its end")
	}
	if _, err := os.Stat(dir); dir == "" || !os.IsNotExist(err) {
		t.Errorf("something was left behind: %v", err)
	}
}
