// Package exchangetest founds small real exchanges for tests: a database of the given
// engine, a steward, a program and companies with people, a service and keys.
package exchangetest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange"
	"lantern/internal/policy"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/webhook"
	"lantern/signal"
)

// Start is the time at which a [Clock] begins.
var Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// Clock is a time that moves when told to, and by a microsecond at each look.
type Clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Add moves the time.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// World is a running exchange with its people.
type World struct {
	*exchange.Exchange
	T       testing.TB
	URL     string // of the database
	Clock   *Clock
	Config  exchange.Config
	Steward policy.Actor
	Root    lantern.Key // the steward's
	Program lantern.Program
}

// Company is a member with everything it needs.
type Company struct {
	lantern.Member
	Submitter, Investigator, Officer, Admin, Service                policy.Actor
	SubmitterKey, InvestigatorKey, OfficerKey, AdminKey, ServiceKey string
}

// Config makes the parts of an exchange on a database: keys are fixed, so that two
// configurations of one database fit together. Time is the clock's.
func Config(t testing.TB, url string, clock *Clock) exchange.Config {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // the test is over
	signer, err := audit.NewSigner("exchange.example.com/log", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return exchange.Config{DB: db, Sealer: seal.New(seal.NewLocalKEK([32]byte{1})), Signer: signer,
		Clock: clock.Now, SweepEvery: -1, WebhookEvery: -1,
		Sender: webhook.NewClient(webhook.Config{Loopback: true}), Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
}

// New founds an exchange on the database at url, with one program that takes every
// signal type.
func New(t testing.TB, url string) *World {
	t.Helper()
	clock := &Clock{now: Start}
	w := &World{T: t, URL: url, Clock: clock, Config: Config(t, url, clock)}
	w.Exchange = w.Open(w.Config)
	ctx := t.Context()
	var err error
	if w.Root, err = w.Init(ctx, "Coalition"); err != nil {
		t.Fatal(err)
	}
	w.Steward = w.Actor(w.Root.Secret)
	w.Program = w.AddProgram("hosting and social")
	return w
}

// Open starts another exchange, as another process would.
func (w *World) Open(c exchange.Config) *exchange.Exchange {
	w.T.Helper()
	x, err := exchange.New(context.WithoutCancel(w.T.Context()), c)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { x.Close() }) //nolint:errcheck // the test is over
	return x
}

// Actor authenticates.
func (w *World) Actor(key string) policy.Actor {
	w.T.Helper()
	a, err := w.Authenticate(w.T.Context(), key)
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

// AddProgram founds a program that takes every type.
func (w *World) AddProgram(name string) lantern.Program {
	w.T.Helper()
	types := map[lantern.SignalType]lantern.TypePolicy{}
	for _, t := range signal.Types() {
		types[t.Name] = lantern.TypePolicy{}
	}
	p, err := w.CreateProgram(w.T.Context(), w.Steward, lantern.Program{Name: name, Purpose: "testing",
		Policy: lantern.Policy{Types: types, Tags: lantern.Taxonomy()}})
	if err != nil {
		w.T.Fatal(err)
	}
	return p
}

// Join puts a company into a program.
func (w *World) Join(c Company, p lantern.Program, d lantern.Direction) {
	w.T.Helper()
	if _, err := w.Exchange.Join(w.T.Context(), w.Steward, lantern.Membership{Program: p.ID, Member: c.ID, Direction: d}); err != nil {
		w.T.Fatal(err)
	}
}

// AddCompany takes up an active company in the world's program.
func (w *World) AddCompany(name string) Company {
	w.T.Helper()
	ctx := w.T.Context()
	m, err := w.CreateMember(ctx, w.Steward, lantern.Member{Name: name, Kind: lantern.Company, State: lantern.ActiveMember})
	if err != nil {
		w.T.Fatal(err)
	}
	c := Company{Member: m}
	w.Join(c, w.Program, lantern.Both)
	work := []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}
	c.Admin, c.AdminKey = w.person(m, "admin", []lantern.PersonRole{lantern.Admin}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeManage})
	c.Submitter, c.SubmitterKey = w.person(m, "submitter", []lantern.PersonRole{lantern.Submitter}, work)
	c.Investigator, c.InvestigatorKey = w.person(m, "investigator", []lantern.PersonRole{lantern.Investigator}, work)
	c.Officer, c.OfficerKey = w.person(m, "officer", []lantern.PersonRole{lantern.DisputeOfficer}, work)
	s, err := w.CreateService(ctx, w.Steward, lantern.Service{Member: m.ID, Name: "agent", Responsible: c.Submitter.Person})
	if err != nil {
		w.T.Fatal(err)
	}
	c.ServiceKey = w.key(s.ID, work)
	c.Service = w.Actor(c.ServiceKey)
	return c
}

func (w *World) person(m lantern.Member, label string, roles []lantern.PersonRole, scopes []lantern.Scope) (policy.Actor, string) {
	w.T.Helper()
	p, err := w.CreatePerson(w.T.Context(), w.Steward, lantern.Person{Member: m.ID, Label: label, Roles: roles})
	if err == nil {
		_, err = w.TrainPerson(w.T.Context(), w.Steward, p.ID, w.Clock.Now().AddDate(0, 11, 0))
	}
	if err != nil {
		w.T.Fatal(err)
	}
	key := w.key(p.ID, scopes)
	return w.Actor(key), key
}

// NeedTraining has the program want training.
func (w *World) NeedTraining() { w.ChangePolicy(func(p *lantern.Policy) { p.TrainingNeeded = true }) }

// ChangePolicy changes the policy that the program began with.
func (w *World) ChangePolicy(change func(*lantern.Policy)) {
	w.T.Helper()
	rules := w.Program.Policy
	change(&rules)
	if _, err := w.SetPolicy(w.T.Context(), w.Steward, w.Program.ID, rules); err != nil {
		w.T.Fatal(err)
	}
}

// ChallengesOf reads the challenges that an actor has a part in, two at a time.
func (w *World) ChallengesOf(a policy.Actor) (all []lantern.Challenge, err error) {
	for cursor := lantern.Cursor(""); ; {
		page, err := w.Challenges(w.T.Context(), a, cursor, 2)
		if all = append(all, page.Items...); err != nil || page.Next == "" {
			return all, err
		}
		cursor = page.Next
	}
}

// Train makes the training of actors' persons valid for a time.
func (w *World) Train(valid time.Duration, actors ...policy.Actor) {
	w.T.Helper()
	for _, a := range actors {
		if _, err := w.TrainPerson(w.T.Context(), w.Steward, a.Person, w.Clock.Now().Add(valid)); err != nil {
			w.T.Fatal(err)
		}
	}
}

func (w *World) key(actor lantern.ID, scopes []lantern.Scope) string {
	w.T.Helper()
	k, err := w.IssueKey(w.T.Context(), w.Steward, lantern.Key{Actor: actor, Scopes: scopes, Expires: w.Clock.Now().AddDate(0, 11, 0)})
	if err != nil {
		w.T.Fatal(err)
	}
	return k.Secret
}

// Draft is a complete draft of a URL in the world's program; n makes its value.
func (w *World) Draft(n int) lantern.Draft {
	return lantern.Draft{
		Programs: []lantern.ID{w.Program.ID}, Type: "url", Value: fmt.Sprintf("https://files.example.com/f/%d", n),
		Status: lantern.Violating, Tags: []lantern.Tag{"csam"}, Confidence: 90, Role: lantern.Content,
		Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, Action: "removed", At: Start},
	}
}

// MustShare shares a draft that must be taken.
func (w *World) MustShare(a policy.Actor, d lantern.Draft) lantern.ID {
	w.T.Helper()
	r, err := w.Share(w.T.Context(), a, d)
	if err != nil {
		w.T.Fatal(err)
	}
	return r.Signal
}

// Drain reads a feed to its end and returns the changes and the last cursor.
func (w *World) Drain(a policy.Actor, from lantern.Cursor) ([]lantern.Change, lantern.Cursor) {
	w.T.Helper()
	var list []lantern.Change
	for {
		page, err := w.Feed(w.T.Context(), a, w.Program.ID, from, 0, 0)
		if err != nil {
			w.T.Fatal(err)
		}
		list, from = append(list, page.Changes...), page.Next
		if !page.More {
			return list, from
		}
	}
}
