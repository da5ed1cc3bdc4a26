package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
)

// TestReplicaEqualsFeed edits at random, stops and starts the agent in between, and holds
// what it matches against what the exchange says stands.
func TestReplicaEqualsFeed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := agenttest.New(t)
		host, social, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		second := w.AddProgram("second")
		w.Join(host, second, lantern.Both)
		w.Join(social, second, lantern.Both)
		dir := t.TempDir()
		r := w.Run(t, social, dir)
		signals := map[int]lantern.ID{}
		ctx := t.Context()
		for range rapid.IntRange(3, 14).Draw(rt, "steps") {
			n := rapid.IntRange(0, 4).Draw(rt, "n")
			switch step := rapid.SampledFrom([]string{"share", "share", "share in both", "withdraw", "erase", "challenge", "restart", "rejoin"}).Draw(rt, "step"); step {
			case "share", "share in both":
				d := w.Draft(n)
				if step == "share in both" {
					d.Programs = append(d.Programs, second.ID)
				}
				// A value whose challenge was upheld is held; that is the exchange's business.
				if res, err := w.Share(ctx, host.Submitter, d); err == nil && res.Signal != 0 {
					signals[n] = res.Signal
				}
			case "withdraw", "erase":
				if id := signals[n]; id != 0 {
					_, _ = w.Withdraw(ctx, host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: step == "erase"}) // it may have fallen already
				}
			case "challenge":
				if id := signals[n]; id != 0 {
					_, _ = w.OpenChallenge(ctx, game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.WrongValue}) // as above
				}
			case "restart":
				r.Stop()
				r = w.Run(t, social, dir)
			case "rejoin":
				if err := w.Leave(ctx, social.Admin, second.ID, social.ID); err == nil {
					w.Join(social, second, lantern.Both)
				}
			}
		}
		w.Reaches(r, social)
		for n := range 5 {
			want := false
			if id := signals[n]; id != 0 {
				s, err := w.Signal(ctx, host.Submitter, id)
				want = err == nil && s.State == lantern.Active
			}
			check := func(lantern.AgentStatus) bool {
				a := r.MatchOne(lantern.Record{Ref: fmt.Sprint(n), URLs: []string{w.Draft(n).Value}}, true)
				return (len(a.Matches) == 1) == want
			}
			r.Until(fmt.Sprintf("signal %d matches: %v", n, want), check)
		}
		r.Stop()
	})
}

// TestRestartKeepsEverything stops an agent between every two steps of its work.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	id := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	again := func() {
		r.Stop()
		r = w.Run(t, social, dir)
	}
	record := lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{w.Draft(1).Value}}
	again()
	r.MatchOne(record, false)
	again()
	r.MatchOne(record, false)
	hits := r.HitsIn("")
	if len(hits) != 1 {
		t.Fatalf("got %d hits, want 1", len(hits))
	}
	again()
	ctx := t.Context()
	results, err := r.DecideHits(ctx, r.Caller(social.InvestigatorKey), []lantern.HitRuling{{Hit: hits[0].ID, Decision: lantern.Confirmed}})
	if err != nil || !results[0].Recorded || results[0].Problem != nil {
		t.Fatalf("got %+v, %v", results, err)
	}
	again()
	if decided := r.HitsIn(lantern.HitDecided); len(decided) != 1 || decided[0].Decision != lantern.Confirmed || decided[0].Person != social.Investigator.Person {
		t.Errorf("got decided hits %+v", decided)
	}
	if reactions, err := w.Reactions(ctx, host.Submitter, id); err != nil || len(reactions) != 1 || reactions[0].Reaction != lantern.Helpful {
		t.Errorf("got reactions %+v, %v", reactions, err)
	}
	if _, err := r.VerifyOwnLog(ctx); err != nil {
		t.Error(err)
	}
}

// proxy stands between an agent and its exchange and may change what passes.
func proxy(t *testing.T, w *agenttest.World, change func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	target, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !change(rw, r) {
			pass.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// through configures an agent that calls the exchange through a proxy.
func through(t *testing.T, w *agenttest.World, c exchangetest.Company, dir, url string) agent.Config {
	t.Helper()
	config := w.AgentConfig(t, c, dir)
	config.Exchange = client.New(url, c.ServiceKey, client.Options{Retries: -1})
	return config
}

// noSnapshot answers as an exchange without snapshots.
func noSnapshot(rw http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/snapshot") {
		return false
	}
	http.NotFound(rw, r)
	return true
}

// TestSnapshotBreaksOff gives the agent half a snapshot: what it brought is kept, and the rest
// comes by pages.
func TestSnapshotBreaksOff(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	const many = 2500
	for n := 0; n < many; n += 500 {
		var drafts []lantern.Draft
		for i := range 500 {
			drafts = append(drafts, w.Draft(n+i))
		}
		if _, err := w.ShareBatch(t.Context(), host.Service, drafts); err != nil {
			t.Fatal(err)
		}
	}
	var broken atomic.Bool
	front := proxy(t, w, func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/snapshot") {
			return false
		}
		half := errors.New("cut")
		_ = w.Snapshot(r.Context(), social.Service, w.Program.ID, lantern.FeedFilter{}, func(block []byte) error {
			_, _ = rw.Write(block[:len(block)*2/3]) // the agent would complain
			return half
		})
		broken.Store(true)
		return true
	})
	r := agenttest.Start(t, through(t, w, social, t.TempDir(), front))
	r.Until("all is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK && s.Signals == many })
	if !broken.Load() {
		t.Error("no snapshot was asked for")
	}
}

func TestResyncDropsWhatDoesNotComeBack(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	gone, kept := w.MustShare(host.Submitter, w.Draft(1)), w.MustShare(host.Submitter, w.Draft(2))
	var hide, resync atomic.Bool
	front := proxy(t, w, func(rw http.ResponseWriter, r *http.Request) bool {
		if noSnapshot(rw, r) {
			return true
		}
		if !strings.HasSuffix(r.URL.Path, "/changes") {
			return false
		}
		cursor := r.URL.Query().Get("cursor")
		if cursor != "" && resync.CompareAndSwap(true, false) {
			rw.Header().Set("Content-Type", "application/problem+json")
			rw.WriteHeader(http.StatusGone)
			fmt.Fprint(rw, `{"status":410,"errors":[{"kind":"resync","reason":"the epoch changed"}]}`)
			return true
		}
		if cursor == "" && hide.Load() {
			page, err := w.Feed(r.Context(), social.Service, w.Program.ID, "", 0, 0)
			if err != nil {
				t.Error(err)
			}
			page.Changes = slices.DeleteFunc(page.Changes, func(c lantern.Change) bool { return c.Signal.ID == gone })
			_ = json.NewEncoder(rw).Encode(page) // the agent would complain
			return true
		}
		return false
	})
	r := agenttest.Start(t, through(t, w, social, t.TempDir(), front))
	r.Until("all is loaded", func(s lantern.AgentStatus) bool { return s.Signals == 2 })
	record := lantern.Record{Ref: "post-1", URLs: []string{w.Draft(1).Value, w.Draft(2).Value}}
	r.MatchOne(record, false)
	hide.Store(true)
	resync.Store(true)
	w.MustShare(host.Submitter, w.Draft(3)) // ends the waiting read
	r.Until("only what came back is held", func(s lantern.AgentStatus) bool {
		got := agenttest.Matched(r.MatchOne(record, true))
		return s.Answers == lantern.AnswerOK && len(got) == 1 && got[0] == kept
	})
	if hits := r.HitsIn(""); len(hits) != 1 || hits[0].Match.Signal != kept {
		t.Errorf("got hits %+v", hits)
	}
}

func TestForkedLogStopsTheFeed(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(honest audit.Checkpoint) audit.Checkpoint{
		"rollback": func(c audit.Checkpoint) audit.Checkpoint { c.Size = 1; return c },
		"fork":     func(c audit.Checkpoint) audit.Checkpoint { c.Root[0] ^= 1; return c },
		"growth that does not continue": func(c audit.Checkpoint) audit.Checkpoint {
			c.Size += 100
			c.Root[0] ^= 1
			return c
		},
		"another key": func(c audit.Checkpoint) audit.Checkpoint { c.Origin = ""; return c },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := agenttest.New(t)
			host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
			w.MustShare(host.Submitter, w.Draft(1))
			var lie atomic.Bool
			front := proxy(t, w, func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/v1/log/checkpoint" || !lie.Load() {
					return false
				}
				_, _ = rw.Write(forged(t, w, forge)) // the agent would complain
				return true
			})
			dir := t.TempDir()
			r := agenttest.Start(t, through(t, w, social, dir, front))
			r.Until("the log is verified", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK && s.Log.Size > s.Log.Leaf })
			lie.Store(true)
			w.MustShare(host.Submitter, w.Draft(2))
			s := r.Until("the lie is found", func(s lantern.AgentStatus) bool { return s.Log.Fault != "" })
			if s.Answers != lantern.CouldNotLook {
				t.Errorf("got answers %s, want could-not-look", s.Answers)
			}
			lie.Store(false)
			r.Stop()
			r = agenttest.Start(t, through(t, w, social, dir, front)) // a restart forgets nothing
			a := r.MatchOne(lantern.Record{Ref: "r", URLs: []string{w.Draft(1).Value}}, true)
			if a.State != lantern.CouldNotLook || len(a.Matches) != 1 {
				t.Errorf("after a restart: got %s and %d matches, want could-not-look and the match", a.State, len(a.Matches))
			}
		})
	}
}

// forged returns a checkpoint of the exchange's signer that is changed by forge; without
// an origin, one of a stranger.
func forged(t *testing.T, w *agenttest.World, forge func(audit.Checkpoint) audit.Checkpoint) []byte {
	signed, err := w.Checkpoint(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Error(err)
		return nil
	}
	c, err := audit.OpenCheckpoint(signed, w.LogKey())
	if err != nil {
		t.Error(err)
		return nil
	}
	signer := w.Config.Signer
	if c = forge(c); c.Origin == "" {
		c.Origin = signer.Origin()
		if signer, err = audit.NewSigner(c.Origin, []byte(strings.Repeat("x", 32))); err != nil {
			t.Error(err)
			return nil
		}
	}
	out, err := signer.Sign(c)
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestAFolderServesOneMember(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	social, other := w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	dir := t.TempDir()
	w.Run(t, social, dir).Stop()
	r := agenttest.Start(t, w.AgentConfig(t, other, dir))
	r.Until("it says that the key is another member's", func(s lantern.AgentStatus) bool { return len(s.Reasons) > 0 })
}

// TestPurgedBytesAreGone looks for a value's wrapped key and sealed value in every file.
func TestPurgedBytesAreGone(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	id := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	sealed, wrapped := secretsOf(t, dir, id)
	if !inFiles(t, dir, sealed) || !inFiles(t, dir, wrapped) {
		t.Fatal("the sealed value is not found where it should be: this test looks at nothing")
	}
	if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	r.Until("the purge is acknowledged", func(s lantern.AgentStatus) bool { return s.Tasks+s.Acks == 0 && s.Signals == 0 })
	tasks, err := r.ReviewTasks(t.Context())
	if err != nil || len(tasks) != 1 || tasks[0].Purged.IsZero() {
		t.Fatalf("got tasks %+v, %v", tasks, err)
	}
	if inFiles(t, dir, sealed) || inFiles(t, dir, wrapped) {
		t.Error("bytes of a purged value are still in the agent's files")
	}
}

// inFiles looks for bytes in every file of a folder.
func inFiles(t *testing.T, dir string, needle []byte) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		found = found || strings.Contains(string(b), string(needle))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestChangeIsMatchableSoon measures the way from an acknowledged share to a match.
func TestChangeIsMatchableSoon(t *testing.T) {
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	r := w.Run(t, social, t.TempDir())
	var took []time.Duration
	for n := range 50 {
		w.MustShare(host.Submitter, w.Draft(n))
		start := time.Now()
		for {
			changed := r.Changed()
			if a := r.MatchOne(lantern.Record{Ref: "r", URLs: []string{w.Draft(n).Value}}, true); len(a.Matches) == 1 {
				break
			}
			<-changed
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	t.Logf("from acknowledgement to match: median %v, longest %v", took[len(took)/2], took[len(took)-1])
}

// TestFilesHoldNoSecrets looks for a held value, its note and a person's key in the
// agent's files.
func TestFilesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	d := w.Draft(1)
	d.Note = "an invented remark"
	w.MustShare(host.Submitter, d)
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	r.MatchOne(lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{d.Value}}, false)
	hits := r.HitsIn("")
	caller := r.Caller(social.InvestigatorKey)
	if results, err := r.DecideHits(t.Context(), caller, []lantern.HitRuling{{Hit: hits[0].ID, Decision: lantern.Confirmed}}); err != nil || !results[0].Recorded {
		t.Fatalf("got %+v, %v", results, err)
	}
	s, err := r.Reveal(t.Context(), caller, hits[0].Match.Signal)
	if err != nil || s.Value != d.Value || s.Note != d.Note || len(s.Programs) != 1 {
		t.Errorf("revealed %+v, %v", s.ID, err)
	}
	own, err := r.VerifyOwnLog(t.Context())
	if err != nil || own.Counts[audit.Reveal] != 1 || own.Counts[audit.Decide] != 1 {
		t.Errorf("the agent's own log has %v, %v; want one reveal and one decision", own.Counts, err)
	}
	if !inFiles(t, dir, []byte("post-1")) {
		t.Error("the member's own reference is not found: this test looks at nothing")
	}
	for _, secret := range []string{"files.example.com", d.Note, social.InvestigatorKey, social.ServiceKey} {
		if inFiles(t, dir, []byte(secret)) {
			t.Errorf("a secret of %d bytes is in the files", len(secret))
		}
	}
}

// TestDamagedReplicaIsLoadedAgain breaks a key of the replica. The engine's files still know
// the value; the agent finds out by itself that nobody could read it, and asks for it again.
func TestDamagedReplicaIsLoadedAgain(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	id := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	w.Run(t, social, dir).Stop()
	damage(t, dir, id)
	r := w.Run(t, social, dir)
	caller := r.Caller(social.InvestigatorKey)
	r.Until("the value can be read again", func(lantern.AgentStatus) bool {
		s, err := r.Reveal(t.Context(), caller, id)
		return err == nil && s.Value == w.Draft(1).Value
	})
	if got := r.MatchOne(lantern.Record{Ref: "r", URLs: []string{w.Draft(1).Value}}, true); len(got.Matches) != 1 {
		t.Errorf("loaded again: got %+v, want the match", got)
	}
}

// TestEngineFilesThatDoNotBelong puts other files in the place of the engine's.
func TestEngineFilesThatDoNotBelong(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	first := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	r.Until("the first is there", func(s lantern.AgentStatus) bool { return s.Signals == 1 })
	r.Stop()
	files := filepath.Join(dir, "engine")
	older := filepath.Join(t.TempDir(), "engine")
	if err := os.CopyFS(older, os.DirFS(files)); err != nil {
		t.Fatal(err)
	}
	r = w.Run(t, social, dir)
	second := w.MustShare(host.Submitter, w.Draft(2))
	r.Until("the second is there", func(s lantern.AgentStatus) bool { return s.Signals == 2 })
	if _, err := w.Withdraw(t.Context(), host.Submitter, first, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	r.Until("the first fell", func(s lantern.AgentStatus) bool { return s.Signals == 1 && s.Acks == 0 })
	r.Stop()
	record := lantern.Record{Ref: "r", URLs: []string{w.Draft(1).Value, w.Draft(2).Value}}
	for name, put := range map[string]func() error{
		"older files": func() error { return errors.Join(os.RemoveAll(files), os.CopyFS(files, os.DirFS(older))) },
		"no files":    func() error { return os.RemoveAll(files) },
		"cut short":   func() error { return os.Truncate(filepath.Join(files, "manifest"), 20) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		a, err := agent.New(t.Context(), w.AgentConfig(t, social, dir)) // out of contact
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := a.Match(t.Context(), []lantern.Record{record}, agent.MatchOptions{Dry: true})
		if err != nil || !slices.Equal(agenttest.Matched(got[0]), []lantern.ID{second}) {
			t.Errorf("%s: got %+v, %v, want the second alone", name, got, err)
		}
		s, err := a.Status(t.Context())
		if err != nil || s.Signals != 1 {
			t.Errorf("%s: holds %d signals, %v, want 1", name, s.Signals, err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCorrectionsFollowWhoLeft withdraws a signal that was sent before the receiver left.
func TestCorrectionsFollowWhoLeft(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	id := w.MustShare(host.Submitter, w.Draft(1))
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	r.MatchOne(lantern.Record{Ref: "post-1", Account: "u-1", URLs: []string{w.Draft(1).Value}}, false)
	ctx := t.Context()
	if err := w.Leave(ctx, social.Admin, w.Program.ID, social.ID); err != nil {
		t.Fatal(err)
	}
	r.Stop()
	r = agenttest.Start(t, w.AgentConfig(t, social, dir)) // reads the programs when it starts, and each minute
	r.Until("the program was left", func(s lantern.AgentStatus) bool { return len(s.Programs) == 0 && s.Signals == 0 })
	if _, err := w.Withdraw(ctx, host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	r.Stop()
	r = agenttest.Start(t, w.AgentConfig(t, social, dir)) // asks what it owes when it starts, and each ten
	r.Until("the correction is acknowledged", func(s lantern.AgentStatus) bool {
		list, err := w.Corrections(ctx, social.Service, lantern.CorrectionFilter{})
		if err != nil || len(list) != 1 || len(list[0].Recipients) != 1 {
			t.Fatalf("got %+v, %v", list, err)
		}
		own := list[0].Recipients[0]
		return !own.Masked.IsZero() && !own.Purged.IsZero() && s.Tasks == 1
	})
}

// TestUnknownKindsAreSaid gives the agent a signal of a type it does not know.
func TestUnknownKindsAreSaid(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	front := proxy(t, w, func(rw http.ResponseWriter, r *http.Request) bool {
		if noSnapshot(rw, r) {
			return true
		}
		if !strings.HasSuffix(r.URL.Path, "/changes") || r.URL.Query().Get("cursor") != "" {
			return false
		}
		page, err := w.Feed(r.Context(), social.Service, w.Program.ID, "", 0, 0)
		if err != nil {
			t.Error(err)
		}
		for i := range page.Changes {
			page.Changes[i].Signal.Type = "of-the-future"
		}
		_ = json.NewEncoder(rw).Encode(page) // the agent would complain
		return true
	})
	dir := t.TempDir()
	for range 2 { // loaded, and built from the replica
		r := agenttest.Start(t, through(t, w, social, dir, front))
		s := r.Until("the feed is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
		if len(s.Reasons) == 0 || !strings.Contains(s.Reasons[0], "1 signals") {
			t.Errorf("got reasons %q, want the unread signal", s.Reasons)
		}
		r.Stop()
	}
}
