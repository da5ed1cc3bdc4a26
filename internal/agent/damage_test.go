package agent_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/audit"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// TestFullDiskStopsApplyingAndNothingElse fills the database's room while signals arrive and
// one is suspended.
func TestFullDiskStopsApplyingAndNothingElse(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	ctx := t.Context()
	kept := g.MustShare(g.host.Submitter, g.Draft(2))
	g.Reaches(g.r, g.social)
	g.see("before", "acct-1")
	if err := g.r.Fill(ctx, false); err != nil {
		t.Fatal(err)
	}
	for i := 10; i < 60; i++ {
		g.MustShare(g.host.Submitter, g.Draft(i))
	}
	if _, err := g.OpenChallenge(ctx, g.game.Investigator, lantern.Challenge{Signal: g.id, Reason: lantern.WrongValue}); err != nil {
		t.Fatal(err)
	}
	g.r.Until("the agent says that it cannot write", func(s lantern.AgentStatus) bool {
		return s.Answers == lantern.AnswerStale && slices.ContainsFunc(s.Reasons, func(r string) bool { return strings.Contains(r, "cannot write its database") }) &&
			strings.Contains(s.Programs[0].Problem, "cannot write")
	})
	g.r.Until("what is suspended does not match although that cannot be written", func(lantern.AgentStatus) bool {
		return len(g.r.MatchOne(lantern.Record{Ref: "dry", URLs: []string{g.Draft(1).Value}}, true).Matches) == 0
	})
	// Matching goes on; what needs room to be kept is said not to be.
	a := g.r.MatchOne(lantern.Record{Ref: "dry", URLs: []string{g.Draft(2).Value}}, true)
	if len(a.Matches) != 1 || a.Matches[0].Signal != kept || a.State != lantern.AnswerStale {
		t.Errorf("dry: got %+v", a)
	}
	long := strings.Repeat("a", 150)
	refused := false
	for i := range 200 {
		a := g.r.MatchOne(lantern.Record{Ref: fmt.Sprint(long, i), Account: long, URLs: []string{g.Draft(2).Value}}, false)
		if len(a.Matches) != 1 {
			t.Fatalf("a match is missing: %+v", a)
		}
		if refused = a.State == lantern.CouldNotLook; refused {
			break
		}
	}
	if !refused {
		t.Error("200 hits were kept on a full disk: nothing is shown")
	}

	if err := g.r.Fill(ctx, true); err != nil {
		t.Fatal(err)
	}
	g.Reaches(g.r, g.social)
	g.r.Until("all is applied", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK && s.Signals == 51 })
	if a := g.see("after", ""); len(a.Matches) != 0 || g.status().Held == 0 {
		t.Errorf("suspended: got %+v, %d held", a, g.status().Held)
	}
	if hits := g.r.HitsIn(""); slices.ContainsFunc(hits, func(h lantern.Hit) bool { return h.Match.Signal == g.id }) {
		t.Error("a hit of the suspended signal is shown")
	}
}

// opened opens an agent.
func opened(t *testing.T, c agent.Config) *agent.Agent {
	t.Helper()
	a, err := agent.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// runOnce has an agent do once what it does all the time.
func runOnce(t *testing.T, a *agent.Agent) {
	t.Helper()
	if err := a.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// copyDir copies the files of a folder.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestRestoredBackupMatchesNothingUntilItWasReadAgain brings an older copy of the agent's
// folder in, from before a signal was withdrawn.
func TestRestoredBackupMatchesNothingUntilItWasReadAgain(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, fence string){
		"older":              func(*testing.T, string) {},
		"without its fence":  func(t *testing.T, fence string) { remove(t, fence) },
		"of another history": func(t *testing.T, fence string) { write(t, fence, "lantern-agent-fence-1 ffff 1\n") },
		"damaged fence":      func(t *testing.T, fence string) { write(t, fence, "\x00\x00") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			w := agenttest.New(t)
			host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
			gone, stays := w.MustShare(host.Submitter, w.Draft(1)), w.MustShare(host.Submitter, w.Draft(2))
			dir, backup, fence := t.TempDir(), filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "fence")
			open := func(dir string) *agent.Agent {
				t.Helper()
				c := w.AgentConfig(t, social, dir)
				c.Fence = fence
				return opened(t, c)
			}
			shut := func(a *agent.Agent) {
				t.Helper()
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
			}
			look := func(a *agent.Agent) (lantern.AnswerState, []lantern.ID) {
				t.Helper()
				answers, err := a.Match(ctx, []lantern.Record{{Ref: "r", URLs: []string{w.Draft(1).Value, w.Draft(2).Value}}}, agent.MatchOptions{Dry: true})
				if err != nil {
					t.Fatal(err)
				}
				return answers[0].State, agenttest.Matched(answers[0])
			}
			a := open(dir)
			runOnce(t, a)
			shut(a)
			a = open(dir) // an ordinary restart
			if state, found := look(a); state != lantern.AnswerOK || len(found) != 2 {
				t.Fatalf("before: got %s, %v", state, found)
			}
			shut(a)
			copyDir(t, dir, backup)
			if _, err := w.Withdraw(ctx, host.Submitter, gone, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
				t.Fatal(err)
			}
			a = open(dir)
			runOnce(t, a)
			if _, found := look(a); len(found) != 1 || found[0] != stays {
				t.Fatalf("withdrawn: got %v", found)
			}
			shut(a)
			lose(t, fence)

			for range 2 { // a further restart makes nothing good
				a = open(backup)
				if state, found := look(a); state != lantern.CouldNotLook || len(found) != 0 {
					t.Errorf("restored: got %s, %v, want that nothing is looked up", state, found)
				}
				if err := a.Ready(ctx); err == nil {
					t.Error("it says that it is ready")
				}
				shut(a)
			}
			a = open(backup)
			runOnce(t, a)
			if state, found := look(a); state != lantern.AnswerOK || len(found) != 1 || found[0] != stays {
				t.Errorf("read again: got %s, %v", state, found)
			}
			if own, err := a.VerifyOwnLog(ctx); err != nil || own.Counts[audit.BackupRestored] != 1 {
				t.Errorf("the agent's own log: %v, %v", own.Counts, err)
			}
			shut(a)
			a = open(backup)
			if state, found := look(a); state != lantern.AnswerOK || len(found) != 1 {
				t.Errorf("after all: got %s, %v", state, found)
			}
			shut(a)
		})
	}
}

// TestAgentRunsWithoutAFence gives it a folder for the fence that is not there.
func TestAgentRunsWithoutAFence(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	c := w.AgentConfig(t, social, t.TempDir())
	c.Fence = filepath.Join(c.Dir, "nowhere", "fence")
	for range 2 {
		a, err := agent.New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		answers, err := a.Match(t.Context(), []lantern.Record{{Ref: "r", URLs: []string{w.Draft(1).Value}}}, agent.MatchOptions{Dry: true})
		if err != nil || answers[0].State != lantern.AnswerOK || len(answers[0].Matches) != 1 {
			t.Errorf("got %+v, %v", answers, err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// breakPage overwrites the page of a database file in which the most of some texts stand:
// single ones may stand in space that a page was split out of, too.
func breakPage(t *testing.T, path string, texts ...string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	worst, most := 0, 0
	for at := page; at+page <= len(b); at += page {
		n := 0
		for _, text := range texts {
			n += strings.Count(string(b[at:at+page]), text)
		}
		if n > most {
			worst, most = at, n
		}
	}
	if most == 0 {
		t.Fatal("the texts stand nowhere: nothing is shown")
	}
	for i := range page {
		b[worst+i] = 0xaa
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// findDamage runs an agent until it found by itself that its database is damaged, and returns
// what it says.
func findDamage(t *testing.T, a *agent.Agent) (said error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for {
		changed := a.Changed()
		if said = a.Ready(ctx); said != nil {
			break
		}
		<-changed
	}
	stop()
	if err := errors.Join(<-ended, a.Close()); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestRemovedDatabaseIsSaid removes the database's file, or puts another into its place, under an agent.
func TestRemovedDatabaseIsSaid(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	conf := w.AgentConfig(t, w.AddCompany("Facegram"), t.TempDir())
	path := filepath.Join(conf.Dir, "agent.db")
	for name, spoil := range map[string]func() error{
		"removed":  func() error { return os.Remove(path) },
		"replaced": func() error { return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600)) },
	} {
		a, err := agent.New(t.Context(), conf)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(a.RunOnce(t.Context()), spoil()); err != nil {
			t.Fatal(err)
		}
		if said := findDamage(t, a); !strings.Contains(said.Error(), "removed or replaced while it runs") {
			t.Errorf("%s: got %v", name, said)
		}
	}
}

// TestDamagedReplicaIsTakenOutAndReadAgain breaks a page of what the feeds brought.
func TestDamagedReplicaIsTakenOutAndReadAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	ids := make([]lantern.ID, 60)
	for i := range ids {
		ids[i] = w.MustShare(host.Submitter, w.Draft(i))
	}
	conf := w.AgentConfig(t, social, t.TempDir())
	once := func() *agent.Agent {
		t.Helper()
		a := opened(t, conf)
		runOnce(t, a)
		return a
	}
	record := lantern.Record{Ref: "post-1", Account: "acct-1", URLs: []string{w.Draft(7).Value}}
	a := once()
	if _, err := a.Match(ctx, []lantern.Record{record}, agent.MatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	breakPage(t, filepath.Join(conf.Dir, "agent.db"), `{"id":"`+ids[30].String())

	a, err := agent.New(ctx, conf) // which reads nothing of the replica
	if err != nil {
		t.Fatal(err)
	}
	findDamage(t, a)
	a, err = agent.New(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := a.Match(ctx, []lantern.Record{record}, agent.MatchOptions{Dry: true})
	if err != nil || answers[0].State != lantern.CouldNotLook {
		t.Errorf("mended, not read yet: got %+v, %v", answers, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = once()
	defer func() { _ = a.Close() }()
	s, err := a.Status(ctx)
	if err != nil || s.Answers != lantern.AnswerOK || s.Signals != len(ids) || len(s.Reasons) != 0 || s.Hits[lantern.HitOpen] != 1 {
		t.Errorf("read again: got %+v, %v", s, err)
	}
	if left, err := filepath.Glob(filepath.Join(conf.Dir, "*mend*")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestDamagedHitsAreKeptAsFarAsTheyCanBeRead breaks a page in the middle of the hits, which
// is found when somebody asks for them.
func TestDamagedHitsAreKeptAsFarAsTheyCanBeRead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	conf := w.AgentConfig(t, social, t.TempDir())
	a, err := agent.New(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.RunOnce(ctx); err != nil {
		t.Fatal(err)
	}
	const n = 200
	for i := range n {
		if _, err := a.Match(ctx, []lantern.Record{{Ref: fmt.Sprintf("post-%03d", i), Account: fmt.Sprintf("%s-%03d", strings.Repeat("a", 100), i), URLs: []string{w.Draft(1).Value}}}, agent.MatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	huntOne(t, a, "past.txt", w.Draft(1).Value)
	all, err := a.Hits(ctx, agent.HitFilter{Limit: n + 1})
	all = slices.DeleteFunc(all, func(h lantern.Hit) bool { return h.Ref == "past.txt" })
	if err != nil || len(all) != n {
		t.Fatalf("got %d hits, %v", len(all), err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	// Rows lie in the order of their ids.
	slices.SortFunc(all, func(x, y lantern.Hit) int { return cmp.Compare(x.ID, y.ID) })
	var middle []string
	for _, h := range all[90:110] {
		middle = append(middle, h.Ref+h.Account)
	}
	breakPage(t, filepath.Join(conf.Dir, "agent.db"), middle...)
	if a, err = agent.New(ctx, conf); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Hits(ctx, agent.HitFilter{Limit: n}); lantern.KindOf(err) != lantern.Unavailable {
		t.Fatalf("the damage is not met: %v", err)
	}
	answers, err := a.Match(ctx, []lantern.Record{{Ref: "x"}}, agent.MatchOptions{})
	if err != nil || answers[0].State != lantern.CouldNotLook {
		t.Errorf("damage was met: got %+v, %v", answers, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if a, err = agent.New(ctx, conf); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	hits, err := a.Hits(ctx, agent.HitFilter{Limit: n + 1})
	hits = slices.DeleteFunc(hits, func(h lantern.Hit) bool { return h.Ref == "past.txt" })
	if err != nil || len(hits) < n-40 || len(hits) == n {
		t.Errorf("%d of %d hits are left, %v", len(hits), n, err)
	}
	left := map[lantern.ID]bool{}
	for _, h := range hits {
		left[h.ID] = true
	}
	first := slices.IndexFunc(all, func(h lantern.Hit) bool { return !left[h.ID] })
	for i, h := range all {
		if lost := i >= first && i < first+n-len(hits); left[h.ID] == lost || lost && (i == 0 || i == n-1) {
			t.Fatalf("of %d hits %d are left, and row %d is there: %v", n, len(hits), i, left[h.ID])
		}
	}
	if err := a.RunOnce(ctx); err != nil {
		t.Fatal(err)
	}
	huntOne(t, a, "past.txt", w.Draft(1).Value) // its hit may be lost
	s, err := a.Status(ctx)
	if err != nil || s.Answers != lantern.AnswerOK || !slices.ContainsFunc(s.Reasons, func(r string) bool { return strings.HasSuffix(r, "could be read of: hits") }) {
		t.Errorf("got %+v, %v", s, err)
	}
}
