package member

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func tacticColumns() []display.Column[lantern.Signal] {
	col := func(head string, of func(*lantern.Tactic) string) display.Column[lantern.Signal] {
		return display.Col(head, func(s lantern.Signal) string {
			if s.Tactic == nil {
				return ""
			}
			return of(s.Tactic)
		})
	}
	return []display.Column[lantern.Signal]{
		display.Col("id", func(s lantern.Signal) string { return s.ID.String() }),
		display.Col("imminent", func(s lantern.Signal) string { return display.Yes(s.Imminent) }),
		display.Col("tags", func(s lantern.Signal) string { return display.Words(s.Tags) }),
		display.Col("severity", func(s lantern.Signal) string { return string(s.Severity) }),
		col("contact", func(t *lantern.Tactic) string { return display.Words(t.Contact) }),
		col("moves to", func(t *lantern.Tactic) string { return display.Words(t.MovesTo) }),
		col("demands", func(t *lantern.Tactic) string { return display.Words(t.Demands) }),
		col("words", func(t *lantern.Tactic) string { return display.Join(t.Words) }),
		display.Col("note", func(s lantern.Signal) string { return s.Note }),
		display.Col("shared", func(s lantern.Signal) string { return display.Stamp(s.Created) }),
		display.Col("member", func(s lantern.Signal) string { return s.Member.String() }),
	}
}

type tacticsList struct{ command.AgentAccess }

// Help says where they come from.
func (*tacticsList) Help() string {
	return "Your agent shows the tactics that are shared with you, and yours: what is imminent first, then the newest. " +
		"A tactic names nobody and nothing is matched against it: people read it. To share one, put it into NDJSON for lantern share: " +
		"\"type\":\"tactic\" with \"tactic\":{\"contact\":[…],\"moves_to\":[…],\"demands\":[…],\"words\":[…]} in the place of a value; CSV cannot hold one."
}

func (c *tacticsList) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, tacticColumns(), func(agent *client.Agent) ([]lantern.Signal, error) {
		return agent.Tactics(ctx)
	})
}
