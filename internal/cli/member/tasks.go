package member

import (
	"context"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func taskColumns() []display.Column[lantern.ReviewTask] {
	return []display.Column[lantern.ReviewTask]{
		display.Col("correction", func(t lantern.ReviewTask) string { return t.Correction.String() }),
		display.Col("signal", func(t lantern.ReviewTask) string { return t.Signal.String() }),
		display.Col("kind", func(t lantern.ReviewTask) string { return string(t.Kind) }),
		display.Col("imminent", func(t lantern.ReviewTask) string { return display.Yes(t.Imminent) }),
		display.Col("hits", func(t lantern.ReviewTask) string { return strconv.Itoa(t.Hits) }),
		display.Col("accounts", func(t lantern.ReviewTask) string { return strconv.Itoa(len(t.Accounts)) }),
		display.Col("cases", func(t lantern.ReviewTask) string { return strconv.Itoa(len(t.Cases)) }),
		display.Col("outcomes", func(t lantern.ReviewTask) string { return strconv.Itoa(len(t.Outcomes)) }),
		display.Col("masked", func(t lantern.ReviewTask) string { return display.Stamp(t.Masked) }),
		display.Col("purged", func(t lantern.ReviewTask) string { return display.Stamp(t.Purged) }),
		display.Col("result", func(t lantern.ReviewTask) string { return t.Result }),
	}
}

// Tasks lists what must be looked at again after a correction: lantern corrections tasks.
type Tasks struct{ command.AgentAccess }

// Help says where the tasks come from.
func (*Tasks) Help() string {
	return "When a signal falls, your agent lists the hits, cases and outcomes that rested on it: look again at each, and settle the task."
}

func (c *Tasks) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, taskColumns(), func(agent *client.Agent) ([]lantern.ReviewTask, error) {
		return agent.ReviewTasks(ctx)
	})
}

// Settle settles such a task: lantern corrections settle.
type Settle struct {
	command.AgentAccess
	Correction lantern.ID `arg:"" help:"Id of the correction."`
	Result     string     `arg:"" enum:"reversed,stands" help:"reversed: what you did was taken back. stands: it rests on your own evidence."`
	Ground     string     `required:"" help:"Your own policy the decision rests on."`
}

func (c *Settle) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, taskColumns(), func(agent *client.Agent) (lantern.ReviewTask, error) {
		return agent.RuleTask(ctx, c.Correction, lantern.TaskRuling{Result: c.Result, Ground: c.Ground})
	})
}
