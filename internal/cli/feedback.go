package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func feedbackColumns() []display.Column[lantern.Feedback] {
	return []display.Column[lantern.Feedback]{
		display.Col("id", func(f lantern.Feedback) string { return f.ID.String() }),
		display.Col("signal", func(f lantern.Feedback) string { return f.Signal.String() }),
		display.Col("member", func(f lantern.Feedback) string { return f.Member.String() }),
		display.Col("reaction", func(f lantern.Feedback) string { return string(f.Reaction) }),
		display.Col("removed", func(f lantern.Feedback) string { return display.Yes(f.Removed) }),
		display.Col("at", func(f lantern.Feedback) string { return display.Stamp(f.At) }),
	}
}

type feedbackAdd struct {
	command.ExchangeAccess
	Signal   lantern.ID `arg:"" help:"Id of the signal."`
	Reaction string     `arg:"" enum:"seen,in-review,helpful,not-useful,outdated,wrong-tags,already-known,not-violating-here,ingested,reviewed,more-wanted" help:"seen, in-review, helpful, not-useful, outdated, wrong-tags, already-known, not-violating-here, ingested, reviewed or more-wanted."`
	Remove   bool       `help:"Take the reaction back."`
}

func (c *feedbackAdd) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, feedbackColumns(), func(x *client.Client) (lantern.Feedback, error) {
		return x.React(ctx, lantern.Feedback{Signal: c.Signal, Reaction: lantern.Reaction(c.Reaction), Removed: c.Remove})
	})
}

type feedbackList struct {
	command.ExchangeAccess
	Signal lantern.ID `arg:"" help:"Id of the signal."`
}

func (c *feedbackList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, feedbackColumns(), func(x *client.Client) ([]lantern.Feedback, error) {
		return x.Reactions(ctx, c.Signal)
	})
}
