package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func memberColumns() []display.Column[lantern.Member] {
	return []display.Column[lantern.Member]{
		display.Col("id", func(m lantern.Member) string { return m.ID.String() }),
		display.Col("name", func(m lantern.Member) string { return m.Name }),
		display.Col("kind", func(m lantern.Member) string { return string(m.Kind) }),
		display.Col("state", func(m lantern.Member) string { return string(m.State) }),
		display.Col("created", func(m lantern.Member) string { return display.Stamp(m.Created) }),
	}
}

type memberAdd struct {
	command.ExchangeAccess
	Name string `arg:"" help:"Name of the organisation."`
	Kind string `enum:"company,operator" default:"company" help:"company or operator (${default})."`
}

func (c *memberAdd) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, memberColumns(), func(x *client.Client) (lantern.Member, error) {
		return x.CreateMember(ctx, lantern.Member{Name: c.Name, Kind: lantern.MemberKind(c.Kind)})
	})
}

type memberList struct{ command.ExchangeAccess }

func (c *memberList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, memberColumns(), func(x *client.Client) ([]lantern.Member, error) {
		return x.Members(ctx)
	})
}

type memberState struct {
	command.ExchangeAccess
	Member lantern.ID `arg:"" help:"Id of the member."`
	State  string     `arg:"" enum:"applied,reviewing,agreed,active,read-only,suspended,left" help:"applied, reviewing, agreed, active, read-only, suspended or left."`
	Reason string     `required:"" help:"Why, for the readers of the log; no personal data."`
}

func (c *memberState) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, memberColumns(), func(x *client.Client) (lantern.Member, error) {
		return x.SetMemberState(ctx, c.Member, lantern.StateChange{State: lantern.MemberState(c.State), Reason: c.Reason})
	})
}
