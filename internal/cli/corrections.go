package cli

import (
	"context"
	"fmt"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func correctionColumns() []display.Column[lantern.Correction] {
	return []display.Column[lantern.Correction]{
		display.Col("id", func(c lantern.Correction) string { return c.ID.String() }),
		display.Col("signal", func(c lantern.Correction) string { return c.Signal.String() }),
		display.Col("type", func(c lantern.Correction) string { return string(c.Type) }),
		display.Col("kind", func(c lantern.Correction) string { return string(c.Kind) }),
		display.Col("program", func(c lantern.Correction) string {
			if c.Program == 0 {
				return ""
			}
			return c.Program.String()
		}),
		display.Col("opened", func(c lantern.Correction) string { return display.Stamp(c.Opened) }),
		display.Col("masked", func(c lantern.Correction) string {
			return progress(c, func(r lantern.Receivership) bool { return !r.Masked.IsZero() })
		}),
		display.Col("purged", func(c lantern.Correction) string {
			return progress(c, func(r lantern.Receivership) bool { return !r.Purged.IsZero() })
		}),
		display.Col("overdue", func(c lantern.Correction) string {
			n := 0
			for _, r := range c.Recipients {
				if r.Overdue {
					n++
				}
			}
			return some(n)
		}),
		display.Col("attested", func(c lantern.Correction) string {
			if c.Progress == nil {
				return ""
			}
			return some(c.Progress.Attested)
		}),
		display.Col("repeat", func(c lantern.Correction) string { return some(c.Repeat) }),
	}
}

// some shows a number, and nothing for none.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// progress shows how many of a correction's recipients have done a step.
func progress(c lantern.Correction, done func(lantern.Receivership) bool) string {
	n := 0
	for _, r := range c.Recipients {
		if done(r) {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(c.Recipients))
}

type correctionsList struct {
	command.ExchangeAccess
	Overdue bool `help:"Only those of which a recipient is late."`
}

func (c *correctionsList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, correctionColumns(), func(x *client.Client) ([]lantern.Correction, error) {
		if c.Overdue {
			return x.OverdueCorrections(ctx)
		}
		return x.Corrections(ctx)
	})
}

type correctionsAck struct {
	command.ExchangeAccess
	Correction lantern.ID `arg:"" help:"Id of the correction."`
	Step       string     `arg:"" enum:"masked,purged" help:"masked: it matches no more. purged: every copy is gone."`
}

// Help says who needs it.
func (*correctionsAck) Help() string {
	return "An agent acknowledges by itself. This is for members who keep signals in systems of their own: with the key of a trained person it is that person's attestation, and recorded as such."
}

func (c *correctionsAck) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, correctionColumns(), func(x *client.Client) (lantern.Correction, error) {
		return x.Acknowledge(ctx, lantern.Ack{Correction: c.Correction, Step: lantern.AckStep(c.Step)})
	})
}
