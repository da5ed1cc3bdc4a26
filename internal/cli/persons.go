package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func personColumns() []display.Column[lantern.Person] {
	return []display.Column[lantern.Person]{
		display.Col("id", func(p lantern.Person) string { return p.ID.String() }),
		display.Col("member", func(p lantern.Person) string { return p.Member.String() }),
		display.Col("label", func(p lantern.Person) string { return p.Label }),
		display.Col("roles", func(p lantern.Person) string { return display.Words(p.Roles) }),
		display.Col("trained until", func(p lantern.Person) string { return display.Stamp(p.Trained) }),
	}
}

type personAdd struct {
	command.ExchangeAccess
	Label  string               `arg:"" help:"A label you choose, such as reviewer-7; not a real name."`
	Role   []lantern.PersonRole `required:"" enum:"steward,admin,submitter,investigator,dispute-officer,auditor" help:"What the person may do; repeat for several: steward, admin, submitter, investigator, dispute-officer, auditor."`
	Member lantern.ID           `help:"The member the person belongs to. Default: your own."`
}

func (c *personAdd) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, personColumns(), func(x *client.Client) (lantern.Person, error) {
		return x.CreatePerson(ctx, lantern.Person{Label: c.Label, Roles: c.Role, Member: c.Member})
	})
}

type personList struct{ command.ExchangeAccess }

func (c *personList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, personColumns(), func(x *client.Client) ([]lantern.Person, error) {
		return x.Persons(ctx)
	})
}

type personTrain struct {
	command.ExchangeAccess
	Person lantern.ID   `arg:"" help:"Id of the person."`
	Until  command.When `required:"" help:"Until when the training is valid: a time, a date, or days such as 365d."`
}

func (c *personTrain) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, personColumns(), func(x *client.Client) (lantern.Person, error) {
		return x.TrainPerson(ctx, c.Person, c.Until.From(a.Clock))
	})
}

func serviceColumns() []display.Column[lantern.Service] {
	return []display.Column[lantern.Service]{
		display.Col("id", func(s lantern.Service) string { return s.ID.String() }),
		display.Col("member", func(s lantern.Service) string { return s.Member.String() }),
		display.Col("name", func(s lantern.Service) string { return s.Name }),
		display.Col("responsible", func(s lantern.Service) string { return s.Responsible.String() }),
	}
}

type serviceAdd struct {
	command.ExchangeAccess
	Name        string     `arg:"" help:"Name of the integration, such as upload-scanner."`
	Responsible lantern.ID `required:"" help:"Id of the trained person who answers for it."`
}

func (c *serviceAdd) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, serviceColumns(), func(x *client.Client) (lantern.Service, error) {
		return x.CreateService(ctx, lantern.Service{Name: c.Name, Responsible: c.Responsible})
	})
}

type serviceList struct{ command.ExchangeAccess }

func (c *serviceList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, serviceColumns(), func(x *client.Client) ([]lantern.Service, error) {
		return x.Services(ctx)
	})
}
