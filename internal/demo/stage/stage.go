package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/world"
)

// stage is everything that runs: one exchange, five companies, two programs.
type stage struct {
	dir       string
	temporary bool
	exchange  Server
	steward   *client.Client
	companies []*company
	hosting   lantern.Program // all but the payment service
	payments  lantern.Program // narrower: fewer members, fewer types
	stops     []func(context.Context) error
}

// company finds one by name.
func (s *stage) company(name string) *company {
	for _, c := range s.companies {
		if c.name == name {
			return c
		}
	}
	return nil
}

// build sets the stage. What was started is stopped by strike, also after an error.
func (s *stage) build(ctx context.Context, o Options, w *world.World) error {
	if err := s.folder(o.Dir); err != nil {
		return err
	}
	if err := s.found(ctx, o); err != nil {
		return fmt.Errorf("starting the exchange: %w", err)
	}
	platforms := map[string]*world.Platform{facegram: w.Social, chatter: w.Chat, pixelplay: w.Game, payrail: w.Pay}
	for _, t := range trades {
		c := &company{name: t.name, trade: t.trade, dir: filepath.Join(s.dir, t.folder), platform: platforms[t.name],
			exchange: s.steward.WithKey(""), people: map[string]*client.Client{}, desk: map[string]*client.Agent{}}
		s.companies = append(s.companies, c)
		for _, dir := range []string{"keys", "agent"} {
			if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o700); err != nil {
				return fmt.Errorf("making a folder: %w", err)
			}
		}
		if err := c.enroll(ctx, s.steward, o.Clock()); err != nil {
			return fmt.Errorf("enrolling %s: %w", c.name, err)
		}
	}
	if err := s.programs(ctx); err != nil {
		return fmt.Errorf("making the programs: %w", err)
	}
	for _, c := range s.companies {
		if err := s.startAgent(ctx, o, c); err != nil {
			return fmt.Errorf("starting the agent of %s: %w", c.name, err)
		}
	}
	return s.ready(ctx)
}

// folder makes the folder everything lives in.
func (s *stage) folder(dir string) (err error) {
	if dir == "" {
		s.temporary = true
		if s.dir, err = os.MkdirTemp("", "lantern-demo-"); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
		return nil
	}
	if s.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	if in, err := os.ReadDir(s.dir); err != nil || len(in) > 0 {
		return errors.Join(err, &lantern.Error{Kind: lantern.Conflict, Reason: "the demo's folder is not empty", Fix: "give a folder that does not exist yet"})
	}
	return nil
}

// found starts the exchange and meets it with the steward's key.
func (s *stage) found(ctx context.Context, o Options) (err error) {
	dir := filepath.Join(s.dir, "exchange")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if s.exchange, err = o.StartExchange(ctx, ExchangeSite{Dir: dir, Listen: anyPort(o.Listen), Operator: "Demo coalition (synthetic)"}); err != nil {
		return err
	}
	s.stops = append(s.stops, s.exchange.Stop)
	key, err := readSecret(s.exchange.Credential)
	if err != nil {
		return err
	}
	s.steward = client.New(s.exchange.URL, key, client.Options{})
	return s.steward.Ready(ctx)
}

func anyPort(host string) string { return net.JoinHostPort(host, "0") }

// programs makes the two programs: what hosts and social services share with each other,
// and the little a payment service needs.
func (s *stage) programs(ctx context.Context) (err error) {
	types := func(names ...lantern.SignalType) map[lantern.SignalType]lantern.TypePolicy {
		m := map[lantern.SignalType]lantern.TypePolicy{}
		for _, n := range names {
			m[n] = lantern.TypePolicy{}
		}
		return m
	}
	s.hosting, err = s.steward.CreateProgram(ctx, lantern.Program{Name: "Hosting and social",
		Purpose: "Find accounts and addresses that pass on removed material",
		Policy:  lantern.Policy{Types: types("url", "domain", "email", "username", "phone", "phrase", "pdq", "sha256"), Tags: lantern.Taxonomy(), TrainingNeeded: true}})
	if err != nil {
		return err
	}
	s.payments, err = s.steward.CreateProgram(ctx, lantern.Program{Name: "Payments",
		Purpose: "Find payments for access to removed material",
		Policy:  lantern.Policy{Types: types("payment", "email"), Tags: lantern.Taxonomy(), TrainingNeeded: true}})
	if err != nil {
		return err
	}
	for _, c := range s.companies {
		if c.name != payrail {
			err = c.join(ctx, s.steward, s.hosting.ID)
		}
		if err == nil && (c.name == payrail || c.name == facegram) {
			err = c.join(ctx, s.steward, s.payments.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) startAgent(ctx context.Context, o Options, c *company) (err error) {
	c.agent, err = o.StartAgent(ctx, AgentSite{Dir: filepath.Join(c.dir, "agent"), Listen: anyPort(o.Listen),
		Exchange: s.exchange.URL, KeyFile: c.keyPath(agentService)})
	if err != nil {
		return err
	}
	s.stops = append(s.stops, c.agent.Stop)
	return c.open()
}

// ready waits until every agent can answer.
func (s *stage) ready(ctx context.Context) error {
	for _, c := range s.companies {
		if err := until(ctx, func() (bool, error) { return c.desk[""].Ready(ctx) == nil, nil }); err != nil {
			return fmt.Errorf("waiting for the agent of %s: %w", c.name, err)
		}
	}
	return nil
}

// until asks again and again, as a user would, until the answer is yes. It gives up
// after a time that nothing here should take.
func until(ctx context.Context, done func() (bool, error)) error {
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

// strike stops everything, the exchange last, and leaves nothing behind unless the user
// named the folder.
func (s *stage) strike(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	errs := make([]error, len(s.stops)+1)
	var agents sync.WaitGroup
	for i := len(s.stops) - 1; i > 0; i-- {
		agents.Go(func() { errs[i] = s.stops[i](ctx) })
	}
	agents.Wait()
	if len(s.stops) > 0 {
		errs[0] = s.stops[0](ctx)
	}
	if s.temporary && s.dir != "" {
		errs[len(errs)-1] = os.RemoveAll(s.dir)
	}
	return errors.Join(errs...)
}
