package demo

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"lantern"
	"lantern/internal/demo/world"
)

// Options say how a demo runs. The two start functions are required: they are the one
// thing a user does outside the HTTP interfaces.
type Options struct {
	Seed     uint64     // which world; 0 is a seed like any other
	Dir      string     // where everything lives; "": a temporary folder that is removed at the end
	Listen   string     // address without port; "": 127.0.0.1
	Headless bool       // end after the story instead of staying up
	JSON     bool       // print the figures on Out as JSON, and tell the story on Err
	Terminal bool       // the story is told to a terminal: progress may be drawn
	Color    bool       // the terminal shows bold letters
	Size     world.Size // of the world; zero: FullSize
	Out, Err io.Writer
	Clock    func() time.Time // nil: time.Now

	// StartExchange founds and starts an exchange in an empty folder.
	StartExchange func(ctx context.Context, s ExchangeSite) (Server, error)
	// StartAgent starts a member's agent in an empty folder.
	StartAgent func(ctx context.Context, s AgentSite) (Server, error)
}

// ExchangeSite is where an exchange is to run.
type ExchangeSite struct {
	Dir      string // exists and is empty
	Listen   string // host:port; port 0: any that is free
	Operator string // name of the operator
}

// AgentSite is where an agent is to run.
type AgentSite struct {
	Dir      string // exists and is empty
	Listen   string // host:port; port 0: any that is free
	Exchange string // address of the exchange
	KeyFile  string // holds the key of the agent's service
}

// Server is a program that runs for the demo, ready to answer.
type Server struct {
	URL        string // where it answers
	Credential string // file that holds the steward's key, or the agent's local token
	Stop       func(ctx context.Context) error
}

// Run sets the stage, tells the story and strikes the stage. Unless headless, it stays up
// after the story until ctx ends, which is then no error.
func Run(ctx context.Context, o Options) (err error) {
	o.defaults()
	w := io.Writer(o.Out)
	if o.JSON {
		w = o.Err
	}
	n := &narrator{w: w, terminal: o.Terminal, bold: o.Terminal && o.Color}
	s := &story{stage: &stage{}, o: o, n: n, signals: map[string]lantern.ID{}, f: &Figures{Story: "urls", Seed: o.Seed, Others: map[string]*OtherReview{}}}
	s.f.TimesAndLog.Masked = map[string]time.Duration{}
	began := o.Clock()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = ctx.Err() // whatever broke off, the reason is that the user stopped it
		}
		err = errors.Join(err, s.strike(ctx), n.err)
	}()
	n.text("", "", "SYNTHETIC DATA. Every company, person and address in this demo is invented, and nothing leaves this machine.")
	s.w = world.New(o.Seed, o.Size, began)
	s.countWorld()
	if err := s.build(ctx, o, s.w); err != nil {
		return err
	}
	if err := s.pin(ctx); err != nil {
		return err
	}
	ready := o.Clock()
	s.f.TimesAndLog.Ready = ready.Sub(began)
	s.introduce()
	if err := s.urls(ctx); err != nil {
		return err
	}
	s.f.TimesAndLog.Story = o.Clock().Sub(ready)
	n.printf("\nTold in %.1f s. SYNTHETIC DATA.\n", s.f.TimesAndLog.Story.Seconds())
	if o.JSON {
		if err := s.f.write(o.Out); err != nil {
			return err
		}
	}
	if o.Headless {
		return nil
	}
	s.whatNext()
	<-ctx.Done()
	n.printf("\nStopping.\n")
	return nil
}

func (o *Options) defaults() {
	if o.Listen == "" {
		o.Listen = "127.0.0.1"
	}
	if o.Size == (world.Size{}) {
		o.Size = world.Full()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Err == nil {
		o.Err = io.Discard
	}
}

// countWorld notes how large the world is.
func (s *story) countWorld() {
	f := &s.f.World
	f.Rows, f.Accounts = len(s.w.Removed), map[string]int{}
	for _, p := range []*world.Platform{s.w.Social, s.w.Chat, s.w.Game, s.w.Pay} {
		f.Accounts[p.Domain] = len(p.Accounts)
		for _, a := range p.Accounts {
			f.Posts += len(a.Posts)
		}
	}
}

// introduce says what runs where.
func (s *story) introduce() {
	n := s.n
	n.printf("\nEverything runs in this process and lives in %s,\neach in a folder of its own:\n\n", s.dir)
	row := func(name, what, url, dir string) {
		n.printf("   %s%s%s%s\n", pad(name, nameWidth), pad(what, 30), pad(url, 25), dir)
	}
	row("exchange", "of the coalition", s.exchange.URL, "exchange")
	for _, c := range s.companies {
		users := ""
		if c.platform != nil {
			users = ", " + count(len(c.platform.Accounts)) + " users"
		}
		row(c.name, c.trade+users, c.agent.URL, filepath.Base(c.dir))
	}
	n.printf("\n")
	n.says("programs", "%q, which all but PayRail have joined, and %q, for Facegram and PayRail.", s.hosting.Name, s.payments.Name)
	n.says("people", "each company has an admin, a submitter, an investigator and a dispute officer, whose keys lie in its folder keys.")
	n.says("world", "drawn from seed %d. Ready after %.1f s.", s.o.Seed, s.f.TimesAndLog.Ready.Seconds())
}
