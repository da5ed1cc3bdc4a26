package demo

import (
	"context"
	"errors"
	"io"
	"time"

	"lantern"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// Options say how a demo runs. The two start functions are required.
type Options struct {
	Story    string     // one of [Stories]; "": the first
	Seed     uint64     // which world; 0 is a seed like any other
	Dir      string     // where everything lives; "": a temporary folder that is removed at the end
	Listen   string     // address without port; "": 127.0.0.1
	Headless bool       // end after the story instead of staying up
	JSON     bool       // print the figures on Out as JSON, and tell the story on Err
	Terminal bool       // the story is told to a terminal: progress may be drawn
	Color    bool       // the terminal shows bold letters
	Size     world.Size // of the world; zero: the story's own
	Out, Err io.Writer
	Clock    func() time.Time // the true time; nil: time.Now

	// StartExchange and StartAgent are those of [stage.Options].
	StartExchange func(ctx context.Context, s stage.ExchangeSite) (stage.Server, error)
	StartAgent    func(ctx context.Context, s stage.AgentSite) (stage.Server, error)
}

// Run sets the stage, tells the story and strikes the stage. Unless headless, it stays up
// after the story until ctx ends, which is then no error.
func Run(ctx context.Context, o Options) (err error) {
	o.defaults()
	p, err := find(o.Story)
	if err != nil {
		return err
	}
	w := o.Out
	if o.JSON {
		w = o.Err
	}
	n := &tell.Narrator{W: w, Terminal: o.Terminal, Bold: o.Terminal && o.Color}
	s := newStory(p, o, n)
	began := o.Clock()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = ctx.Err() // whatever broke off, the reason is that the user stopped it
		}
		err = errors.Join(err, s.Strike(ctx), n.Err())
	}()
	n.Text("", "", "SYNTHETIC DATA. Every company, person and address in this demo is invented, and nothing leaves this machine.")
	p.draw(s)
	s.countWorld()
	if err := s.Build(ctx, stage.Options{Dir: o.Dir, Listen: o.Listen, Clock: s.clock, Plans: p.programs,
		StartExchange: o.StartExchange, StartAgent: o.StartAgent}); err != nil {
		return err
	}
	if err := s.pin(ctx); err != nil {
		return err
	}
	ready := o.Clock()
	s.f.TimesAndLog.Ready = ready.Sub(began)
	s.introduce()
	if err := p.tell(s, ctx); err != nil {
		return err
	}
	s.lap()
	s.f.TimesAndLog.Story = o.Clock().Sub(ready)
	n.Printf("\nTold in %.1f s. SYNTHETIC DATA.\n", s.f.TimesAndLog.Story.Seconds())
	if o.JSON {
		if err := s.f.Write(o.Out); err != nil {
			return err
		}
	}
	if o.Headless {
		return nil
	}
	s.whatNext()
	<-ctx.Done()
	n.Printf("\nStopping.\n")
	return nil
}

// find finds a story by name.
func find(name string) (*plot, error) {
	for i := range plots {
		if name == "" || plots[i].name == name {
			return &plots[i], nil
		}
	}
	return nil, &lantern.Error{Kind: lantern.NotFound, Reason: "no such story", Fix: "lantern demo --help lists them"}
}

func (o *Options) defaults() {
	if o.Listen == "" {
		o.Listen = "127.0.0.1"
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
