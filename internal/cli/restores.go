package cli

import (
	"context"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func restoreColumns() []display.Column[lantern.Restore] {
	return []display.Column[lantern.Restore]{
		display.Col("entry", func(r lantern.Restore) string { return strconv.FormatInt(r.Entry, 10) }),
		display.Col("entries lost", func(r lantern.Restore) string { return strconv.FormatInt(r.Lost, 10) }),
		display.Col("accepted", func(r lantern.Restore) string { return display.Stamp(r.Accepted) }),
		display.Col("reason", func(r lantern.Restore) string { return r.Reason }),
	}
}

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
	return command.Ask(a, &c.ExchangeAccess, restoreColumns(), func(x *client.Client) (lantern.Restore, error) {
		return x.AcceptRestore(ctx, lantern.Restore{Reason: c.Reason})
	})
}

type agentAcceptRestore struct {
	command.AgentAccess
	Entry  int64  `arg:"" help:"Number of the log entry that records the restore, from the exchange's operator."`
	Reason string `required:"" help:"What you know and from whom; kept in the agent's own log."`
}

// Help says what the agent checks and what it keeps.
func (*agentAcceptRestore) Help() string {
	return "An agent whose exchange went back to a backup stops. It goes on once a person names the log entry in which the exchange " +
		"owned up to the loss; the agent has it proven. Everything is read again, and what was suspended here or had fallen stays so " +
		"until its owner reshapes it: agent status counts what is held back, and lists your own signals to be withdrawn again."
}

func (c *agentAcceptRestore) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, restoreColumns(), func(g *client.Agent) (lantern.Restore, error) {
		return g.AcceptRestore(ctx, lantern.Restore{Entry: c.Entry, Reason: c.Reason})
	})
}
