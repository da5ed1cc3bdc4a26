package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
)

type exchangeAcceptRestore struct {
	command.ExchangeAccess
	Reason string `required:"" help:"What happened and who decided; names nobody. Every member can read it."`
}

// Help says what the act means.
func (*exchangeAcceptRestore) Help() string {
	return "An exchange whose database went back to an older state is read-only until a steward accepts that what came after is lost. " +
		"The acceptance becomes an entry of the log, and its number is what members need for their agents (lantern agent accept-restore). " +
		"Withdrawals, challenges, erasures, revoked keys and suspended members of the lost part have to be done again: see docs/operate/backup.md."
}

func (c *exchangeAcceptRestore) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, command.RestoreColumns(), func(x *client.Client) (lantern.Restore, error) {
		return x.AcceptRestore(ctx, lantern.Restore{Reason: c.Reason})
	})
}
