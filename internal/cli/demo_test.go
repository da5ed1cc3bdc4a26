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
	"lantern/internal/cli/command"
	"lantern/internal/demo"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/world"
)

// playSmall tells a story in a small world and returns what it printed.
func playSmall(t *testing.T, o demo.Options) (figures tally.Figures, told string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	a := command.NewApp(command.Process{Out: &out, Err: &errs, Env: func(string) (string, bool) { return "", false }, Clock: time.Now, Random: rand.Reader}, &command.Common{})
	o.JSON, o.Out, o.Err = true, &out, &listener{&errs, "audit verify", stop}
	o.Size = world.Size{Removed: 60, Traders: 8, Bystanders: 300}
	o.StartExchange, o.StartAgent = stagehand{a}.exchange, stagehand{a}.agent
	if err := demo.Run(ctx, o); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &figures); err != nil {
		t.Fatalf("the figures are not JSON: %v", err)
	}
	if !figures.Log.Verified {
		t.Error("the log was not verified")
	}
	return figures, strings.Join(strings.Fields(errs.String()), " ") // where lines break says nothing
}

// playTwice tells a story twice and holds the two to one set of figures. Once it stays up
// until Ctrl-C, once it does not.
func playTwice(t *testing.T, o demo.Options) (figures tally.Figures, told string) {
	t.Helper()
	again, toldUp := playSmall(t, demo.Options{Story: o.Story, Seed: o.Seed})
	o.Headless = true
	figures, told = playSmall(t, o)
	if !strings.Contains(toldUp, "stays up") || !strings.Contains(toldUp, "Stopping") || strings.Contains(told, "stays up") {
		t.Error("without --headless everything stays up until it is stopped, and only then")
	}
	one, other := figures, again
	one.TimesAndLog, other.TimesAndLog = tally.Varying{}, tally.Varying{}
	if !reflect.DeepEqual(one, other) {
		t.Errorf("one seed came to two sets of figures:\n%+v\n%+v", one, other)
	}
	return figures, told
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

// The story of the addresses is told by a running system, and the same seed comes to the
// same figures.
func TestDemoUrls(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	first, told := playTwice(t, demo.Options{Seed: 1, Dir: dir})
	if got := first.Shared; got.Drafts != 60 || got.Results[lantern.Refused] != 1 || got.Results[lantern.Unchanged] != 1 {
		t.Errorf("shared %+v", got)
	}
	if got := first.DryRun; got.Rows != 60 || got.Refused != 1 || got.Repeats != 1 || got.Ready != first.Shared.Results[lantern.Created] {
		t.Errorf("the dry run said %+v", got)
	}
	r := first.Review
	if len(r.Rounds) != 4 || r.Outcomes[lantern.AccountsActioned] != r.Decided[lantern.Confirmed] ||
		r.Singly+r.InBulk != r.Decided[lantern.Confirmed] || r.Decided[lantern.Confirmed] < 100 {
		t.Errorf("review %+v", r)
	}
	if got := first.SharedBack; got.Results[lantern.Created] == 0 || got.Results[lantern.Refused] == 0 {
		t.Errorf("shared back %+v", got)
	}
	actioned := r.Outcomes[lantern.AccountsActioned] + first.Others["Chatter"].Outcomes[lantern.AccountsActioned] + first.Others["Pixelplay"].Outcomes[lantern.AccountsActioned]
	if got := first.Transparency; got.ChainDepth != 3 || got.Outcomes[lantern.AccountsActioned].AtLeast > actioned || got.Outcomes[lantern.AccountsActioned].AtMost < actioned {
		t.Errorf("%d accounts were actioned, the program's sums say %+v", actioned, got)
	}
	if pay := first.Others["PayRail"]; pay.Decided != nil || pay.Rounds[0].Decided != nil {
		t.Errorf("what a payment service decided is told: %+v", pay)
	}
	for _, want := range []string{"SYNTHETIC DATA", "kept", "row 32: refused", "would be filed by", "T+30 d"} {
		if !strings.Contains(told, want) {
			t.Errorf("the story does not say %q", want)
		}
	}
	if got := run(t, "audit", "verify", filepath.Join(dir, "log")); got.code != command.ExitOK {
		t.Errorf("the downloaded log: exit %d, %s", got.code, got.err)
	}
	for _, file := range []string{"log/checkpoint", "cloudbin/removed-urls.csv", "exchange/exchange.db", "payrail/agent/data/agent.token"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err != nil {
			t.Errorf("a named folder keeps everything: %v", err)
		}
	}
}

// A wrong signal stops everywhere, also at an agent that was away, and what was done
// because of it is taken back.
func TestDemoCorrection(t *testing.T) {
	t.Parallel()
	first, told := playTwice(t, demo.Options{Story: "correction", Seed: 1})
	c := first.Correction
	if c.MatchedBefore != 4 || c.MatchedAfter != 0 || c.Masked != c.Recipients || c.Purged != c.Recipients || c.Corrections != 2 {
		t.Errorf("correction %+v", c)
	}
	if c.Overdue != 1 || c.Derived != 2 || c.Reaffirmed != 1 {
		t.Errorf("one agent was away, and of two derived signals one stands: %+v", c)
	}
	if c.Reversed != first.Comparison.WronglyActioned || c.Reversed == 0 || first.Comparison.WronglyRemaining != 0 {
		t.Errorf("%d reversed, %+v", c.Reversed, first.Comparison)
	}
	for _, want := range []string{"6 of 7 purged", "7 of 7 purged (100 %)", "challenge │", "after the correction, none"} {
		if !strings.Contains(told, want) {
			t.Errorf("the story does not say %q", want)
		}
	}
}

// An incident goes to those who can act on it within the story's first minute, without a
// word about who reported.
func TestDemoSextortion(t *testing.T) {
	t.Parallel()
	first, told := playTwice(t, demo.Options{Story: "sextortion", Seed: 1})
	got := first.Incident
	for _, name := range []string{"Facegram", "Pixelplay", "PayRail"} {
		if got.Paged[name] != got.Signals || got.Signals != 4 {
			t.Errorf("%s was called %d times for %d signals", name, got.Paged[name], got.Signals)
		}
		if r := got.Reviews[name]; r == nil || r.Matched == 0 {
			t.Errorf("%s found nothing", name)
		}
	}
	if len(got.Refused) != 3 {
		t.Errorf("of the age, the messages and the reporter were refused: %v", got.Refused)
	}
	few := lantern.Cell{AtLeast: 1, AtMost: 4}
	if got.Returned[lantern.AccountsActioned] != few || got.Returned[lantern.ReportsFiled] != few || got.Members != few {
		t.Errorf("returned %+v from %+v, want no exact number", got.Returned, got.Members)
	}
	if p := got.Phrase; p.Status != lantern.Lead || !p.Weak || p.Imminent || p.Reactions[lantern.NotViolating] != 1 || p.Reactions[lantern.Helpful] != 1 {
		t.Errorf("the words match as %+v", p)
	}
	if got.Tactics["Facegram"] != 1 || got.Tactics["Pixelplay"] != 1 {
		t.Errorf("tactics read: %v", got.Tactics)
	}
	if !strings.Contains(told, "would be filed by") {
		t.Error("the story does not say who files reports")
	}
}

// What a payment service does cannot be told from what others see.
func TestDemoPayments(t *testing.T) {
	t.Parallel()
	first, _ := playTwice(t, demo.Options{Story: "payments", Seed: 1})
	got := first.Clues
	if got.Shared.Results[lantern.Created] != 14 || got.Investigations != 6 || got.InReview != 14 || len(got.Refused) != 3 {
		t.Errorf("clues %+v", got)
	}
	if len(got.Before.Outcomes) != 0 || got.Before.Members != (lantern.Cell{}) {
		t.Errorf("sums show before the program's delay: %+v", got.Before)
	}
	want := lantern.Cell{AtLeast: 10, AtMost: 14}
	if got.After.Outcomes[lantern.ReviewedUndisclosed] != want || got.After.Outcomes[lantern.AccountsActioned] != (lantern.Cell{AtLeast: 1, AtMost: 4}) {
		t.Errorf("after the delay sums show %+v", got.After)
	}
	if got.Found == 0 || got.LeftAtEnd != 0 {
		t.Errorf("%d accounts were found with what came back, %d signals are left", got.Found, got.LeftAtEnd)
	}
}

// A folder that holds something is left alone, and a format that makes no sense is said.
func TestDemoMisuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine"), "mine")
	got := run(t, "demo", "--headless", "--dir", dir)
	if got.code != command.ExitFailed || !strings.Contains(got.err, "not empty") {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %d files, want 1: %v", len(left), err)
	}
	if got := run(t, "demo", "-o", "csv"); got.code != command.ExitMisuse {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
}

// Ctrl-C in the middle ends it in good order and leaves nothing behind: while agents start,
// while something is told, and while the clock moves on.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ story, at string }{{"urls", "agent"}, {"sextortion", "are paged"}, {"payments", "T+2 d"}, {"correction", "agent off"}} {
		t.Run(tt.story, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var dir string
			a := command.NewApp(command.Process{Env: func(string) (string, bool) { return "", false }, Clock: time.Now, Random: rand.Reader}, &command.Common{})
			err := demo.Run(ctx, demo.Options{Story: tt.story, Headless: true, Size: world.Size{Removed: 40, Traders: 3, Bystanders: 20},
				Out: &listener{new(bytes.Buffer), tt.at, stop},
				StartExchange: func(ctx context.Context, s stage.ExchangeSite) (stage.Server, error) {
					dir = filepath.Dir(s.Dir)
					return stagehand{a}.exchange(ctx, s)
				},
				StartAgent: func(ctx context.Context, s stage.AgentSite) (stage.Server, error) {
					if tt.at == "agent" {
						defer stop()
					}
					return stagehand{a}.agent(ctx, s)
				}})
			if err == nil {
				t.Error("told the story to its end")
			}
			if _, err := os.Stat(dir); dir == "" || !os.IsNotExist(err) {
				t.Errorf("something was left behind: %v", err)
			}
		})
	}
}
