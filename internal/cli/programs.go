package cli

import (
	"context"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/web"
	"lantern/signal"
)

func programColumns() []display.Column[lantern.Program] {
	return []display.Column[lantern.Program]{
		display.Col("id", func(p lantern.Program) string { return p.ID.String() }),
		display.Col("name", func(p lantern.Program) string { return p.Name }),
		display.Col("purpose", func(p lantern.Program) string { return p.Purpose }),
		display.Col("policy", func(p lantern.Program) string { return "version " + strconv.Itoa(p.Policy.Version) }),
		display.Col("types", func(p lantern.Program) string {
			var names []lantern.SignalType
			for _, t := range signal.Types() {
				if _, ok := p.Policy.Types[t.Name]; ok {
					names = append(names, t.Name)
				}
			}
			return display.Words(names)
		}),
		display.Col("tags", func(p lantern.Program) string { return display.Words(p.Policy.Tags) }),
	}
}

type programAdd struct {
	command.ExchangeAccess
	Name    string               `arg:"" help:"Name of the program."`
	Purpose string               `required:"" help:"What it is for, in a sentence."`
	Types   []lantern.SignalType `help:"Signal types it takes. Default: all; lantern types lists them."`
	Policy  string               `type:"path" placeholder:"FILE" help:"Its policy as JSON, instead of --types and the default taxonomy."`
}

func (c *programAdd) Run(ctx context.Context, a *command.App) error {
	p := lantern.Program{Name: c.Name, Purpose: c.Purpose}
	switch {
	case c.Policy != "" && len(c.Types) > 0:
		return command.Misuse("the policy lists the types", "--types and --policy exclude each other")
	case c.Policy != "":
		if err := readObject(c.Policy, &p.Policy); err != nil {
			return err
		}
	default:
		p.Policy = defaultPolicy(c.Types)
	}
	return command.Ask(a, &c.ExchangeAccess, programColumns(), func(x *client.Client) (lantern.Program, error) {
		return x.CreateProgram(ctx, p)
	})
}

// defaultPolicy takes these types, or all, with the default retention and taxonomy.
func defaultPolicy(types []lantern.SignalType) lantern.Policy {
	p := lantern.Policy{Types: map[lantern.SignalType]lantern.TypePolicy{}, Tags: lantern.Taxonomy()}
	for _, t := range types {
		p.Types[t] = lantern.TypePolicy{}
	}
	if len(types) == 0 {
		for _, t := range signal.Types() {
			p.Types[t.Name] = lantern.TypePolicy{}
		}
	}
	return p
}

// readObject reads a file with one JSON object, strictly.
func readObject(path string, into any) error {
	b, err := command.ReadSmall(path)
	if err != nil {
		return command.Misuse("", "%w", err)
	}
	if err := web.Decode(b, into); err != nil {
		return command.Misuse("", "%s: %w", path, err)
	}
	return nil
}

type programList struct{ command.ExchangeAccess }

func (c *programList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, programColumns(), func(x *client.Client) ([]lantern.Program, error) {
		return x.Programs(ctx)
	})
}

type programPolicy struct {
	command.ExchangeAccess
	Program lantern.ID `arg:"" help:"Id of the program."`
	File    string     `arg:"" type:"path" help:"The whole new policy, as JSON."`
}

func (c *programPolicy) Run(ctx context.Context, a *command.App) error {
	var policy lantern.Policy
	if err := readObject(c.File, &policy); err != nil {
		return err
	}
	return command.Ask(a, &c.ExchangeAccess, programColumns(), func(x *client.Client) (lantern.Program, error) {
		return x.SetPolicy(ctx, c.Program, policy)
	})
}

func membershipColumns() []display.Column[lantern.Membership] {
	return []display.Column[lantern.Membership]{
		display.Col("program", func(m lantern.Membership) string { return m.Program.String() }),
		display.Col("member", func(m lantern.Membership) string { return m.Member.String() }),
		display.Col("direction", func(m lantern.Membership) string { return string(m.Direction) }),
		display.Col("joined", func(m lantern.Membership) string { return display.Stamp(m.Joined) }),
	}
}

type programJoin struct {
	command.ExchangeAccess
	Program   lantern.ID `arg:"" help:"Id of the program."`
	Member    lantern.ID `arg:"" help:"Id of the member that joins."`
	Direction string     `enum:"both,contribute-only,receive-only" default:"both" help:"both, contribute-only or receive-only (${default})."`
}

func (c *programJoin) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, membershipColumns(), func(x *client.Client) (lantern.Membership, error) {
		return x.Join(ctx, lantern.Membership{Program: c.Program, Member: c.Member, Direction: lantern.Direction(c.Direction)})
	})
}

type programLeave struct {
	command.ExchangeAccess
	Program lantern.ID `arg:"" help:"Id of the program."`
	Member  lantern.ID `arg:"" help:"Id of the member that leaves."`
}

func (c *programLeave) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	return x.Leave(ctx, c.Program, c.Member)
}

type programMembers struct {
	command.ExchangeAccess
	Program lantern.ID `arg:"" help:"Id of the program."`
}

func (c *programMembers) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, membershipColumns(), func(x *client.Client) ([]lantern.Membership, error) {
		return x.Memberships(ctx, c.Program)
	})
}

// findProgram returns the program meant by an id, or the only one of the caller.
func findProgram(ctx context.Context, x *client.Client, id lantern.ID) (lantern.ID, error) {
	if id != 0 {
		return id, nil
	}
	me, err := x.Whoami(ctx)
	if err != nil {
		return 0, err
	}
	if len(me.Programs) != 1 {
		return 0, command.Misuse("lantern whoami lists yours; name one with --program", "your organisation has %d programs", len(me.Programs))
	}
	return me.Programs[0].ID, nil
}
