package agent_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/web"
)

// mortal is an exchange on a file, behind one address, whose database can be brought back
// to an older state.
type mortal struct {
	*agenttest.World
	t       *testing.T
	db      string
	handler atomic.Pointer[http.Handler]
}

func newMortal(t *testing.T) *mortal {
	t.Helper()
	m := &mortal{t: t, db: filepath.Join(t.TempDir(), "exchange.db")}
	m.World = &agenttest.World{World: exchangetest.New(t, "sqlite:"+m.db)}
	m.serve()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*m.handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	m.URL = srv.URL
	return m
}

func (m *mortal) serve() {
	m.t.Helper()
	face, err := api.New(m.Exchange, api.Config{})
	if err != nil {
		m.t.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	h := http.Handler(mux)
	m.handler.Store(&h)
}

// restart stops the exchange, does something to its file and starts it again.
func (m *mortal) restart(meanwhile func()) {
	m.t.Helper()
	down := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	m.handler.Store(&down)
	if err := errors.Join(m.Exchange.Close(), m.Config.DB.Close()); err != nil {
		m.t.Fatal(err)
	}
	meanwhile()
	m.Config = exchangetest.Config(m.t, "sqlite:"+m.db, m.Clock)
	m.Config.Fence = m.db + ".fence"
	m.Exchange = m.Open(m.Config)
	m.serve()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestNothingComesBackBecauseABackupIsOlder corrects signals, brings the exchange back to a
// backup from before, and looks for what was corrected at every step after.
func TestNothingComesBackBecauseABackupIsOlder(t *testing.T) {
	t.Parallel()
	m := newMortal(t)
	ctx := t.Context()
	host, social, game := m.AddCompany("Cloudbin"), m.AddCompany("Facegram"), m.AddCompany("Pixelplay")
	stays := m.MustShare(host.Submitter, m.Draft(1))
	fell := m.MustShare(host.Submitter, m.Draft(2))
	doubted := m.MustShare(host.Submitter, m.Draft(3))
	dir := t.TempDir()
	r, own := m.Run(t, social, dir), m.Run(t, host, t.TempDir())
	m.restart(func() { copyFile(t, m.db, m.db+".old") })

	record := lantern.Record{Ref: "r", URLs: []string{m.Draft(1).Value, m.Draft(2).Value, m.Draft(3).Value, m.Draft(4).Value}}
	matches := func(when string, want ...lantern.ID) {
		t.Helper()
		slices.Sort(want)
		if got := agenttest.Matched(r.MatchOne(record, true)); !slices.Equal(got, want) {
			t.Errorf("%s: signals %v match, want %v", when, got, want)
		}
	}
	if _, err := m.Withdraw(ctx, host.Submitter, fell, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.OpenChallenge(ctx, game.Investigator, lantern.Challenge{Signal: doubted, Reason: lantern.NotAbusive}); err != nil {
		t.Fatal(err)
	}
	lost := m.MustShare(host.Submitter, m.Draft(4))
	m.Reaches(r, social)
	m.Reaches(own, host)
	told := r.Until("the log is verified", func(s lantern.AgentStatus) bool { return s.Log.Size > s.Log.Leaf && s.Acks == 0 })
	own.Until("the log is verified", func(s lantern.AgentStatus) bool { return s.Log.Size > s.Log.Leaf })
	matches("before the loss", stays, lost)

	m.restart(func() { copyFile(t, m.db+".old", m.db) })
	matches("behind the fence", stays, lost)
	restored, err := m.AcceptRestore(ctx, m.Steward, lantern.Restore{Reason: "disk lost"})
	if err != nil {
		t.Fatal(err)
	}
	s := r.Until("the agent notices", func(s lantern.AgentStatus) bool { return s.Log.Fault != "" })
	matches("after the exchange went on", stays, lost)
	if s.Answers != lantern.CouldNotLook {
		t.Errorf("the agent answers %s, want could-not-look", s.Answers)
	}
	caller := r.Caller(social.InvestigatorKey)
	for name, entry := range map[string]int64{"an entry before": restored.Entry - 1, "an entry to come": told.Log.Size + 500} {
		if _, err := r.AcceptRestore(ctx, caller, lantern.Restore{Entry: entry, Reason: "called them"}); err == nil {
			t.Errorf("%s was taken for the restore", name)
		}
	}
	got, err := r.AcceptRestore(ctx, caller, lantern.Restore{Entry: restored.Entry, Reason: "called them"})
	if err != nil || got.Lost < 3 {
		t.Fatalf("accepting gave %+v, %v", got, err)
	}
	held := func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK && s.HeldBack == 2 }
	r.Until("everything is read again", held)
	matches("after the acceptance", stays)
	if _, err := r.AcceptRestore(ctx, caller, lantern.Restore{Entry: restored.Entry, Reason: "again"}); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("accepting twice: got %v, want a conflict", err)
	}
	if own, err := r.VerifyOwnLog(ctx); err != nil || own.Counts[audit.BackupRestored] != 1 {
		t.Errorf("the agent's own log: %v, %v", own.Counts, err)
	}

	own.Until("the owner's agent notices", func(s lantern.AgentStatus) bool { return s.Log.Fault != "" })
	if _, err := own.AcceptRestore(ctx, own.Caller(host.InvestigatorKey), lantern.Restore{Entry: restored.Entry, Reason: "called them"}); err != nil {
		t.Fatal(err)
	}
	redo := own.Until("the owner's agent reads again", held).Redo
	if want := []lantern.ID{min(fell, doubted), max(fell, doubted)}; !slices.Equal(redo, want) {
		t.Errorf("the owner is told to look at %v again, want %v", redo, want)
	}

	// Others' acts move the signals in the feed. That is not their owner's word.
	m.Clock.Add(3 * time.Second)
	for n := 2; n <= 3; n++ {
		d := m.Draft(n)
		d.Status = lantern.NonViolating
		m.MustShare(game.Submitter, d)
	}
	m.Reaches(r, social)
	against := agenttest.Matched(r.MatchOne(record, true))
	if slices.Contains(against, fell) || slices.Contains(against, doubted) {
		t.Error("a signal came back because others moved it")
	}
	r.Stop()
	r = m.Run(t, social, dir)
	if again := agenttest.Matched(r.MatchOne(record, true)); !slices.Equal(again, against) {
		t.Error("a restart changed what matches")
	}
	m.ownersWord(host, doubted, fell)
	r.Until("the owner's word counts", func(s lantern.AgentStatus) bool { return s.HeldBack == 0 && s.Acks == 0 })
	if final := agenttest.Matched(r.MatchOne(record, true)); !slices.Contains(final, doubted) || slices.Contains(final, fell) {
		t.Errorf("after the owner's word %v match", final)
	}
}

// ownersWord renews one signal and withdraws another.
func (m *mortal) ownersWord(host exchangetest.Company, doubted, fell lantern.ID) {
	m.t.Helper()
	ctx := m.t.Context()
	renewal := lantern.Renewal{Expires: m.Clock.Now().AddDate(0, 1, 0), Basis: m.Draft(3).Basis}
	renewal.Basis.At = m.Clock.Now()
	if _, err := m.Renew(ctx, host.Submitter, doubted, renewal); err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.Withdraw(ctx, host.Submitter, fell, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		m.t.Fatal(err)
	}
}
