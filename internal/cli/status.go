package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type exchangeStatus struct{ command.ExchangeAccess }

// Help says what to look at.
func (*exchangeStatus) Help() string {
	return "Needs a steward's key. What is past its time should be 0 of each kind: the exchange deals with it every minute. " +
		"The metric lantern_retention_overdue tells the same."
}

func (c *exchangeStatus) Run(ctx context.Context, a *command.App) error {
	cols := []display.Column[lantern.ExchangeStatus]{
		display.Col("overdue", func(s lantern.ExchangeStatus) string { return display.Count(s.Overdue) }),
		display.Col("sealed under", func(s lantern.ExchangeStatus) string {
			if !s.Sealing.Begun.IsZero() && s.Sealing.Done.IsZero() {
				return s.Sealing.Key + ", being put in force since " + display.Stamp(s.Sealing.Begun)
			}
			return s.Sealing.Key
		}),
		display.Col("swept", func(s lantern.ExchangeStatus) string { return display.Stamp(s.Swept) }),
	}
	return command.Ask(a, &c.ExchangeAccess, cols, func(x *client.Client) (lantern.ExchangeStatus, error) { return x.Status(ctx) })
}
