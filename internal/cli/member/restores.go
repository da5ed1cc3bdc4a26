package member

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
)

// AcceptRestore lets the agent go on after the exchange went back to a backup: lantern agent
// accept-restore.
type AcceptRestore struct {
	command.AgentAccess
	Entry  int64  `arg:"" help:"Number of the log entry that records the restore, from the exchange's operator."`
	Reason string `required:"" help:"What you know and from whom; kept in the agent's own log."`
}

// Help says what the agent checks and what it keeps.
func (*AcceptRestore) Help() string {
	return "An agent whose exchange went back to a backup stops. It goes on once a person names the log entry in which the exchange " +
		"owned up to the loss; the agent has it proven. Everything is read again, and what was suspended here or had fallen stays so " +
		"until its owner reshapes it: agent status counts what is held back, and lists your own signals to be withdrawn again."
}

func (c *AcceptRestore) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, command.RestoreColumns(), func(g *client.Agent) (lantern.Restore, error) {
		return g.AcceptRestore(ctx, lantern.Restore{Entry: c.Entry, Reason: c.Reason})
	})
}
