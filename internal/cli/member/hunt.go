package member

import (
	"context"
	"errors"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type huntRun struct {
	command.AgentAccess
	Files   []string `arg:"" help:"Files, and folders with everything in them."`
	Name    string   `default:"${hunt}" help:"The hunt that is resumed or repeated (${default})."`
	Account string   `help:"Your own account the files belong to; hits are grouped by it."`
	DryRun  bool     `help:"Only show what the hunt would find; keep no hits, and look at the same again next time."`
}

// Help says what is looked at, and what is not again.
func (*huntRun) Help() string {
	return "Your agent looks at each file as lantern match does, and remembers which it looked at and for which signals. The next hunt of the " +
		"name looks at new and changed files for all signals, at the others only for signals that came since, and not at all if none " +
		"did. A hunt that was stopped, in whatever way, goes on where it was. A match is a clue that waits for a person: see lantern " +
		"hits. Exit code 1 means that something could not be looked at, never that nothing was found."
}

func (c *huntRun) Run(ctx context.Context, a *command.App) error {
	l := &looking{a: a, account: c.Account, dry: c.DryRun, hunt: c.Name}
	const again = "the same command goes on where it stopped"
	err := l.over(ctx, &c.AgentAccess, c.Files)
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		a.Note("stopped: %s so far; %s", l.counted(), again)
		return err
	case lantern.KindOf(err) == lantern.Unavailable:
		return command.Failed(again, "%w", err)
	case err != nil:
		return err
	}
	a.Note("%s, %s; %s looked at before%s", l.counted(), display.Bytes(l.Bytes), display.Some(l.Unchanged, "file was", "files were"), l.reminder())
	l.setApart()
	return l.verdict()
}

type huntList struct{ command.AgentAccess }

func (c *huntList) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, []display.Column[lantern.Hunt]{
		display.Col("name", func(h lantern.Hunt) string { return h.Name }),
		display.Col("files", func(h lantern.Hunt) string { return strconv.Itoa(h.Files) }),
		display.Col("behind", func(h lantern.Hunt) string { return strconv.Itoa(h.Behind) }),
		display.Col("troubled", func(h lantern.Hunt) string { return strconv.Itoa(h.Troubled) }),
		display.Col("begun", func(h lantern.Hunt) string { return display.Stamp(h.Begun) }),
		display.Col("at", func(h lantern.Hunt) string { return display.Stamp(h.At) }),
	}, func(agent *client.Agent) ([]lantern.Hunt, error) { return agent.Hunts(ctx) })
}

// Help says what the columns mean.
func (*huntList) Help() string {
	return "files: looked at to their end. behind: of these, for which signals came since. troubled: of these, in which something could " +
		"not be looked at."
}

type huntForget struct {
	command.AgentAccess
	Name string `arg:"" help:"Name of the hunt."`
}

// Help says what stays.
func (*huntForget) Help() string {
	return "The next hunt of this name looks at everything again. Hits and what was decided about them stay."
}

func (c *huntForget) Run(ctx context.Context, a *command.App) error {
	agent, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	return agent.ForgetHunt(ctx, c.Name)
}
