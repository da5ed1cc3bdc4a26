package member

import (
	"context"
	"errors"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type hitsFollow struct {
	command.AgentAccess
	After lantern.Cursor `placeholder:"NEXT" help:"Go on behind the line that had this \"next\". Default: all hits that wait, then what comes."`
	To    string         `type:"path" placeholder:"FILE" help:"Append to this file and go on behind its last line: nothing is left out or doubled, whatever ends the program."`
	Once  bool           `help:"End at the end of what there is."`
}

// Help says what a line is and how to resume.
func (*hitsFollow) Help() string {
	return "Writes one line for each thing your agent tells: the event, the hit it is about as the hit is by then, and in \"next\" the place behind it. " +
		"What is about a child at risk now comes first. Events other than hit.opened and hit.imminent say what became of a signal that had hits, " +
		"that you must look again after a correction, or that the agent's answers cannot be relied on; docs/protocol/agent.md lists them."
}

func noticeColumns() []display.Column[lantern.Notice] {
	hit := func(f func(h *lantern.Hit) string) func(lantern.Notice) string {
		return func(n lantern.Notice) string {
			if n.Hit == nil {
				return ""
			}
			return f(n.Hit)
		}
	}
	return []display.Column[lantern.Notice]{
		display.Col("at", func(n lantern.Notice) string { return display.Stamp(n.Event.At) }),
		display.Col("event", func(n lantern.Notice) string { return string(n.Event.Type) }),
		display.Col("object", func(n lantern.Notice) string { return n.Event.Data.Object.String() }),
		display.Col("account", hit(func(h *lantern.Hit) string { return h.Account })),
		display.Col("ref", hit(func(h *lantern.Hit) string { return h.Ref })),
		display.Col("state", hit(func(h *lantern.Hit) string { return string(h.State) })),
		display.Col("type", hit(func(h *lantern.Hit) string { return string(h.Match.Type) })),
		display.Col("how", hit(func(h *lantern.Hit) string { return string(h.Match.How) })),
		display.Col("severity", hit(func(h *lantern.Hit) string { return string(h.Match.Severity) })),
		display.Col("next", func(n lantern.Notice) string { return string(n.Next) }),
	}
}

func (c *hitsFollow) Run(ctx context.Context, a *command.App) error {
	if c.To != "" && c.After != "" {
		return command.Misuse("leave --after out: the file says where to go on", "--to and --after exclude each other")
	}
	agent, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	var emit func(lantern.Notice) error
	var end func() error
	if c.To != "" {
		file, last, err := display.GoOn[lantern.Notice](c.To)
		if err == nil && last != nil && last.Next == "" {
			err = errors.Join(errors.New("its last line is no notice"), file.Close())
		}
		if err != nil {
			return command.Misuse("name a new file", "%s cannot be gone on with: %w", c.To, err)
		}
		end = file.Close
		if last != nil {
			c.After = last.Next
		}
		emit = file.Add
	} else {
		l := display.List(a.Printer, noticeColumns()...)
		emit = func(n lantern.Notice) error { return errors.Join(l.Add(n), l.Flush()) }
		end = l.Close
	}
	follow := agent.FollowHits
	if c.Once {
		follow = agent.ToldHits
	}
	return errors.Join(follow(ctx, c.After, emit), end())
}
