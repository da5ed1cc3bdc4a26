package cli

import (
	"context"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type signalsList struct {
	command.ExchangeAccess
	State string             `enum:",held,active,suspended,withdrawn,expired,erased" default:"" help:"Only those in this state: held, active, suspended, withdrawn, expired or erased."`
	Type  lantern.SignalType `help:"Only those of this type."`
	Limit int                `help:"At most so many. Default: all."`
}

// Run lists all pages.
func (c *signalsList) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	l := display.List(a.Printer, command.SignalColumns()...)
	filter := client.SignalFilter{State: lantern.SignalState(c.State), Type: c.Type, Limit: lantern.MaxPage}
	for left := c.Limit; ; {
		if c.Limit > 0 {
			filter.Limit = min(left, lantern.MaxPage)
		}
		page, err := x.Signals(ctx, filter)
		if err != nil {
			return err
		}
		for _, s := range page {
			if err := l.Add(s); err != nil {
				return err
			}
			filter.After = s.ID
		}
		left -= len(page)
		if len(page) < filter.Limit || c.Limit > 0 && left <= 0 {
			return l.Close()
		}
	}
}

type signalsGet struct {
	command.ExchangeAccess
	Signal lantern.ID `arg:"" help:"Id of the signal."`
}

func (c *signalsGet) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, command.SignalColumns(), func(x *client.Client) (lantern.Signal, error) {
		return x.Signal(ctx, c.Signal)
	})
}

type signalsRenew struct {
	command.ExchangeAccess
	Signal     lantern.ID         `arg:"" help:"Id of the signal."`
	Expires    command.When       `required:"" help:"The new end: a time, a date, or days such as 90d."`
	Policy     string             `required:"" help:"Your own policy the fresh review rests on."`
	ReviewedBy lantern.ReviewedBy `required:"" enum:"human,both" help:"Who reviewed: human or both."`
	Action     string             `help:"What you did."`
}

func (c *signalsRenew) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, command.SignalColumns(), func(x *client.Client) (lantern.Signal, error) {
		return x.Renew(ctx, c.Signal, lantern.Renewal{
			Expires: c.Expires.From(a.Clock),
			Basis:   lantern.Basis{Policy: c.Policy, ReviewedBy: c.ReviewedBy, Action: c.Action, At: a.Clock().UTC()},
		})
	})
}

type signalsNarrow struct {
	command.ExchangeAccess
	Signal  lantern.ID `arg:"" help:"Id of the signal."`
	Program lantern.ID `required:"" help:"Id of the program to take it out of."`
}

// Help says how it differs from a withdrawal.
func (*signalsNarrow) Help() string {
	return "Nothing is said against the signal. Members that are in that program, and in none of the others in which it stands, lose it: it stops matching there, is purged, and they acknowledge that. " +
		"All others keep it. Sharing it to the program again brings it back. If the signal is wrong, withdraw it: a withdrawal has everybody look again at what they did because of it."
}

func (c *signalsNarrow) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, correctionColumns(), func(x *client.Client) (lantern.Correction, error) {
		return x.Narrow(ctx, c.Signal, lantern.Narrowing{Program: c.Program})
	})
}

type signalsWithdraw struct {
	command.ExchangeAccess
	Signal lantern.ID `arg:"" help:"Id of the signal."`
	Reason string     `required:"" enum:"shared-in-error,appeal-upheld,identifier-reused,outdated,lawful-request" help:"shared-in-error, appeal-upheld, identifier-reused, outdated or lawful-request."`
	Erase  bool       `help:"Destroy the value and its keys at once; this cannot be taken back and needs --yes."`
	Yes    bool       `help:"Yes, erase."`
}

// mayErase refuses an erasure that was not confirmed.
func mayErase(erase, yes bool) error {
	if erase && !yes {
		return command.Misuse("add --yes if that is what you want", "erasing cannot be taken back")
	}
	return nil
}

func (c *signalsWithdraw) Run(ctx context.Context, a *command.App) error {
	if err := mayErase(c.Erase, c.Yes); err != nil {
		return err
	}
	return command.Ask(a, &c.ExchangeAccess, correctionColumns(), func(x *client.Client) (lantern.Correction, error) {
		return x.Withdraw(ctx, c.Signal, lantern.Withdrawal{Reason: lantern.WithdrawReason(c.Reason), Erase: c.Erase})
	})
}
