package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func challengeColumns() []display.Column[lantern.Challenge] {
	return []display.Column[lantern.Challenge]{
		display.Col("id", func(c lantern.Challenge) string { return c.ID.String() }),
		display.Col("signal", func(c lantern.Challenge) string { return c.Signal.String() }),
		display.Col("reason", func(c lantern.Challenge) string { return string(c.Reason) }),
		display.Col("imminent", func(c lantern.Challenge) string { return display.Yes(c.Imminent) }),
		display.Col("state", func(c lantern.Challenge) string { return string(c.State) }),
		display.Col("opened", func(c lantern.Challenge) string { return display.Stamp(c.Opened) }),
		display.Col("deadline", func(c lantern.Challenge) string { return display.Stamp(c.Deadline) }),
		display.Col("overdue", func(c lantern.Challenge) string { return display.Yes(c.Overdue) }),
		display.Col("decided", func(c lantern.Challenge) string { return display.Stamp(c.Decided) }),
		display.Col("member", func(c lantern.Challenge) string { return c.Member.String() }),
		display.Col("note", func(c lantern.Challenge) string { return c.Note }),
	}
}

type challengeOpen struct {
	command.ExchangeAccess
	Signal lantern.ID `arg:"" help:"Id of the signal that is wrong."`
	Reason string     `required:"" enum:"wrong-value,identifier-reused,not-abusive,benign-shared,victim-identified,out-of-scope" help:"wrong-value, identifier-reused, not-abusive, benign-shared, victim-identified or out-of-scope."`
	Note   string     `help:"What the sharer should look at; no personal data."`
}

func (c *challengeOpen) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, challengeColumns(), func(x *client.Client) (lantern.Challenge, error) {
		return x.OpenChallenge(ctx, lantern.Challenge{Signal: c.Signal, Reason: lantern.ChallengeReason(c.Reason), Note: c.Note})
	})
}

type challengeList struct{ command.ExchangeAccess }

func (c *challengeList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, challengeColumns(), func(x *client.Client) ([]lantern.Challenge, error) {
		return x.Challenges(ctx)
	})
}

type challengeDecide struct {
	command.ExchangeAccess
	Challenge lantern.ID `arg:"" help:"Id of the challenge."`
	Verdict   string     `arg:"" enum:"uphold,dispute,reject" help:"uphold: the signal falls. dispute: the sharer disagrees. reject: the signal stands."`
	Reason    string     `required:"" help:"Why; no personal data."`
}

func (c *challengeDecide) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, challengeColumns(), func(x *client.Client) (lantern.Challenge, error) {
		return x.Decide(ctx, c.Challenge, lantern.Decision{Verdict: lantern.Verdict(c.Verdict), Reason: c.Reason})
	})
}
