// Package agenttest runs real agents against a real exchange over real HTTP, for tests of
// the agent and of what stands on it. A [World] is an exchange with its people (package
// exchangetest) behind an HTTP server on loopback; a [Running] agent follows it until the
// test ends. Nothing sleeps: what has to become true is waited for with [Running.Until],
// which gives up loudly after 30 seconds. Time is the world's clock and moves when told.
package agenttest

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/ownlog"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// World is a real exchange behind real HTTP.
type World struct {
	*exchangetest.World
	URL string
}

// New founds an exchange on a SQLite database.
func New(t *testing.T) *World {
	t.Helper()
	return NewOn(t, sqldbtest.SQLite(t))
}

// NewOn founds an exchange on the database at url.
func NewOn(t *testing.T, url string) *World {
	t.Helper()
	w := &World{World: exchangetest.New(t, url)}
	mux := web.NewMux(web.Options{})
	face, err := api.New(w.Exchange, api.Config{})
	if err != nil {
		t.Fatal(err)
	}
	face.Mount(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	w.URL = srv.URL
	return w
}

// Running is an agent with the loop that follows the feeds.
type Running struct {
	*agent.Agent
	t    *testing.T
	Stop func() // ends the loop, closes the agent and verifies its own log; may be called twice
}

// VerifyOwnLog verifies the log that an agent keeps of its own in dir, beside it or without it.
func VerifyOwnLog(ctx context.Context, dir string) (r ownlog.Report, err error) {
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, agent.DatabaseFile))
	if err != nil {
		return r, err
	}
	err = db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		r, err = ownlog.Verify(ctx, tx, nil)
		return err
	})
	return r, errors.Join(err, db.Close())
}

// AgentConfig is the agent of a company in dir.
func (w *World) AgentConfig(t *testing.T, c exchangetest.Company, dir string) agent.Config {
	t.Helper()
	return agent.Config{
		Dir: dir, Exchange: client.New(w.URL, c.ServiceKey, client.Options{Retries: -1}), Region: "US",
		Sealer: seal.New(seal.NewLocalKEK([32]byte{7})), Clock: w.Clock.Now,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// Run starts an agent and waits until it has loaded every program.
func (w *World) Run(t *testing.T, c exchangetest.Company, dir string) *Running {
	t.Helper()
	r := Start(t, w.AgentConfig(t, c, dir))
	r.Until("every program is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
	return r
}

// Start runs an agent and waits for nothing.
func Start(t *testing.T, c agent.Config) *Running {
	t.Helper()
	a, err := agent.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	r := &Running{Agent: a, t: t, Stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if _, err := VerifyOwnLog(context.WithoutCancel(ctx), c.Dir); err != nil {
			t.Errorf("the own log is not in order: %v", err)
		}
	}}
	t.Cleanup(r.Stop)
	return r
}

// Until waits for a condition on the agent's status.
func (r *Running) Until(what string, ok func(lantern.AgentStatus) bool) lantern.AgentStatus {
	r.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		changed := r.Changed()
		s, err := r.Status(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if ok(s) {
			return s
		}
		select {
		case <-changed:
		case <-timeout:
			r.t.Fatalf("waiting in vain until %s: %+v", what, s)
		}
	}
}

// Reaches waits until a program's feed was followed to the exchange's present end.
func (w *World) Reaches(r *Running, c exchangetest.Company) {
	r.t.Helper()
	changes, _ := w.Drain(c.Service, "")
	if len(changes) == 0 {
		return
	}
	seq := changes[len(changes)-1].Seq
	r.Until("the feed is followed to its end", func(s lantern.AgentStatus) bool {
		return slices.ContainsFunc(s.Programs, func(p lantern.ProgramStatus) bool { return p.Program == w.Program.ID && p.Seq >= seq })
	})
}

// Caller authenticates a person's key at the agent.
func (r *Running) Caller(key string) agent.Caller {
	r.t.Helper()
	c, err := r.Authenticate(r.t.Context(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// MatchOne looks one record up.
func (r *Running) MatchOne(rec lantern.Record, dry bool) lantern.Answer {
	r.t.Helper()
	answers, err := r.Match(r.t.Context(), []lantern.Record{rec}, agent.MatchOptions{Dry: dry})
	if err != nil {
		r.t.Fatal(err)
	}
	return answers[0]
}

// Matched returns the signals an answer names.
func Matched(a lantern.Answer) []lantern.ID {
	var ids []lantern.ID
	for _, m := range a.Matches {
		ids = append(ids, m.Signal)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// HitsIn lists the hits in a state.
func (r *Running) HitsIn(state lantern.HitState) []lantern.Hit {
	r.t.Helper()
	hits, err := r.Hits(r.t.Context(), agent.HitFilter{State: state})
	if err != nil {
		r.t.Fatal(err)
	}
	return hits
}
