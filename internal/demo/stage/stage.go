package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"lantern"
	"lantern/client"
)

// Options say where a stage is built. The two start functions are required: they are the
// one thing a user does outside the HTTP interfaces.
type Options struct {
	Dir    string // where everything lives, empty or not there yet; "": a temporary folder that Strike removes
	Listen string // address without port
	Clock  *Clock
	Plans  []Plan // the programs

	// StartExchange founds and starts an exchange in an empty folder.
	StartExchange func(ctx context.Context, s ExchangeSite) (Server, error)
	// StartAgent starts a member's agent, in an empty folder or again where it was.
	StartAgent func(ctx context.Context, s AgentSite) (Server, error)
}

// Plan is a program to be made, with the companies that join it.
type Plan struct {
	lantern.Program
	Members []string // names of companies
}

// ExchangeSite is where an exchange is to run.
type ExchangeSite struct {
	Dir      string // exists and is empty
	Listen   string // host:port; port 0: any that is free
	Operator string // name of the operator
	Clock    func() time.Time
}

// AgentSite is where an agent is to run.
type AgentSite struct {
	Dir      string // exists and is empty, unless Again
	Listen   string // host:port; port 0: any that is free
	Exchange string // address of the exchange
	KeyFile  string // holds the key of the agent's service
	Clock    func() time.Time
	Again    bool // it ran in this folder before
}

// Server is a program that runs on the stage, ready to answer.
type Server struct {
	URL        string // where it answers
	Credential string // file that holds the steward's key, or the agent's local token
	Stop       func(ctx context.Context) error
}

// Stage is everything that runs: one exchange, some programs, the companies that joined one.
type Stage struct {
	Dir       string
	Exchange  Server
	Steward   *client.Client
	Companies []*Company // in the order in which they appear
	Programs  []lantern.Program

	o         Options
	temporary bool
}

// Company finds one by name.
func (s *Stage) Company(name string) *Company {
	for _, c := range s.Companies {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Program finds one by name.
func (s *Stage) Program(name string) lantern.Program {
	for _, p := range s.Programs {
		if p.Name == name {
			return p
		}
	}
	return lantern.Program{}
}

// Build sets a stage. What was started is stopped by Strike, which must be called also
// after an error.
func (s *Stage) Build(ctx context.Context, o Options) error {
	s.o = o
	if err := s.folder(o.Dir); err != nil {
		return err
	}
	if err := s.found(ctx); err != nil {
		return fmt.Errorf("starting the exchange: %w", err)
	}
	for _, t := range trades {
		if !slices.ContainsFunc(o.Plans, func(p Plan) bool { return slices.Contains(p.Members, t.name) }) {
			continue // it takes no part
		}
		c := &Company{Name: t.name, Trade: t.trade, Dir: filepath.Join(s.Dir, t.folder), exchange: s.Steward.WithKey(""),
			People: map[string]*client.Client{}, Desk: map[string]*client.Agent{}}
		s.Companies = append(s.Companies, c)
		for _, dir := range []string{"keys", "agent"} {
			if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o700); err != nil {
				return fmt.Errorf("making a folder: %w", err)
			}
		}
		if err := c.enroll(ctx, s.Steward, o.Clock.Now()); err != nil {
			return fmt.Errorf("enrolling %s: %w", c.Name, err)
		}
	}
	if err := s.programs(ctx); err != nil {
		return fmt.Errorf("making the programs: %w", err)
	}
	return s.each(func(c *Company) error { return s.Start(ctx, c) })
}

// folder makes the folder everything lives in.
func (s *Stage) folder(dir string) (err error) {
	if dir == "" {
		s.temporary = true
		if s.Dir, err = os.MkdirTemp("", "lantern-demo-"); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
		return nil
	}
	if s.Dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	if in, err := os.ReadDir(s.Dir); err != nil || len(in) > 0 {
		return errors.Join(err, &lantern.Error{Kind: lantern.Conflict, Reason: "the demo's folder is not empty", Fix: "give a folder that does not exist yet"})
	}
	return nil
}

// found starts the exchange and meets it with the steward's key.
func (s *Stage) found(ctx context.Context) error {
	dir := filepath.Join(s.Dir, "exchange")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	server, err := s.o.StartExchange(ctx, ExchangeSite{Dir: dir, Listen: net.JoinHostPort(s.o.Listen, "0"), Operator: "Demo coalition (synthetic)", Clock: s.o.Clock.Now})
	if err != nil {
		return err
	}
	s.Exchange = server
	key, err := readSecret(s.Exchange.Credential)
	if err != nil {
		return err
	}
	s.Steward = client.New(s.Exchange.URL, key, client.Options{})
	return s.Steward.Ready(ctx)
}

// programs makes the programs, and has the companies join them.
func (s *Stage) programs(ctx context.Context) error {
	for _, plan := range s.o.Plans {
		p, err := s.Steward.CreateProgram(ctx, plan.Program)
		if err != nil {
			return err
		}
		s.Programs = append(s.Programs, p)
		for _, name := range plan.Members {
			if _, err := s.Steward.Join(ctx, lantern.Membership{Program: p.ID, Member: s.Company(name).Member.ID, Direction: lantern.Both}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Start starts a company's agent, or starts it again where it answered before, and waits
// until its answers can be relied on.
func (s *Stage) Start(ctx context.Context, c *Company) error {
	if err := s.Wake(ctx, c); err != nil {
		return err
	}
	return c.fresh(ctx)
}

// Wake starts a company's agent and does not wait until it has caught up.
func (s *Stage) Wake(ctx context.Context, c *Company) (err error) {
	site := AgentSite{Dir: filepath.Join(c.Dir, "agent"), Listen: net.JoinHostPort(s.o.Listen, "0"), Exchange: s.Exchange.URL,
		KeyFile: c.KeyPath(agentService), Clock: s.o.Clock.Now}
	if at, err := url.Parse(c.Agent.URL); err == nil && at.Host != "" {
		site.Listen, site.Again = at.Host, true // what was told of its address stays true
	}
	if c.Agent, err = s.o.StartAgent(ctx, site); err != nil {
		return fmt.Errorf("starting the agent of %s: %w", c.Name, err)
	}
	c.running = true
	return c.open()
}

// Stop stops a company's agent. Its folder stays.
func (s *Stage) Stop(ctx context.Context, c *Company) error {
	if !c.running {
		return nil
	}
	c.running = false
	if err := c.Agent.Stop(ctx); err != nil {
		return fmt.Errorf("stopping the agent of %s: %w", c.Name, err)
	}
	return nil
}

// Later moves the clock on. Agents that run are stopped before and run again after it.
func (s *Stage) Later(ctx context.Context, d time.Duration) error {
	var ran sync.Map
	err := s.each(func(c *Company) error {
		ran.Store(c, c.running)
		return s.Stop(ctx, c)
	})
	if err != nil {
		return err
	}
	s.o.Clock.forward(d)
	return s.each(func(c *Company) error {
		if running, _ := ran.Load(c); running != true {
			return nil
		}
		return s.Start(ctx, c)
	})
}

// each does something for all companies at once.
func (s *Stage) each(do func(*Company) error) error {
	errs := make([]error, len(s.Companies))
	var all sync.WaitGroup
	for i, c := range s.Companies {
		all.Go(func() { errs[i] = do(c) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Strike stops everything, the exchange last, and leaves nothing behind unless the user
// named the folder.
func (s *Stage) Strike(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	errs := []error{s.each(func(c *Company) error { return s.Stop(ctx, c) })}
	if s.Exchange.Stop != nil {
		errs = append(errs, s.Exchange.Stop(ctx))
	}
	if s.temporary && s.Dir != "" {
		errs = append(errs, os.RemoveAll(s.Dir))
	}
	return errors.Join(errs...)
}

// Until asks again and again, as a user would, until the answer is yes. It gives up after
// a time that nothing here should take.
func Until(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	pause := time.NewTicker(2 * time.Millisecond)
	defer pause.Stop()
	for {
		if ok, err := done(); err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("what was waited for did not come: %w", ctx.Err())
		case <-pause.C:
		}
	}
}
