package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

func keyColumns() []display.Column[lantern.Key] {
	return []display.Column[lantern.Key]{
		display.Col("id", func(k lantern.Key) string { return k.ID.String() }),
		display.Col("actor", func(k lantern.Key) string { return k.Actor.String() }),
		display.Col("scopes", func(k lantern.Key) string { return display.Words(k.Scopes) }),
		display.Col("expires", func(k lantern.Key) string { return display.Stamp(k.Expires) }),
		display.Col("revoked", func(k lantern.Key) string { return display.Stamp(k.Revoked) }),
	}
}

type keyIssue struct {
	command.ExchangeAccess
	Actor   lantern.ID      `arg:"" help:"Id of the person or service the key speaks for."`
	Scope   []lantern.Scope `required:"" enum:"read,share,respond,manage,audit" help:"What the key may be used for; repeat for several: read, share, respond, manage, audit."`
	Expires command.When    `default:"90d" help:"When the key ends: a time, a date, or days (${default})."`
	To      string          `required:"" type:"path" placeholder:"FILE" help:"File to write the key to. It must not exist yet; the key is shown nowhere else."`
}

func (c *keyIssue) Run(ctx context.Context, a *command.App) error {
	if _, err := os.Lstat(c.To); !errors.Is(err, fs.ErrNotExist) {
		return command.Misuse("name a file that does not exist yet", "%s exists", c.To)
	}
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	k, err := x.IssueKey(ctx, lantern.Key{Actor: c.Actor, Scopes: c.Scope, Expires: c.Expires.From(a.Clock)})
	if err != nil {
		return err
	}
	if err := command.SaveSecret(c.To, k.Secret); err != nil {
		return command.Failed("the key cannot be shown again: revoke it (lantern exchange key revoke "+k.ID.String()+") and issue another", "writing the key file: %w", err)
	}
	k.Secret = ""
	return display.One(a.Printer, k, keyColumns()...)
}

type keyRotate struct {
	command.ExchangeAccess
	Key     lantern.ID `arg:"" help:"Id of the key to replace: the number in lk_NUMBER_…."`
	To      string     `required:"" type:"path" placeholder:"FILE" help:"File to write the new key to. It is shown nowhere else."`
	Replace bool       `help:"Overwrite the file, in one step: an agent that reads its key there goes on with the new one."`
	Overlap int        `default:"24" placeholder:"HOURS" help:"How long the replaced key stays good, 0 to 168 hours (${default}); 0 ends it at once."`
}

func (c *keyRotate) Run(ctx context.Context, a *command.App) error {
	if _, err := os.Lstat(c.To); !c.Replace && !errors.Is(err, fs.ErrNotExist) {
		return command.Misuse("name a file that does not exist yet, or say --replace", "%s exists", c.To)
	}
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	k, err := x.RotateKey(ctx, c.Key, lantern.Rotation{OverlapHours: &c.Overlap})
	if err != nil {
		return err
	}
	save := command.SaveSecret
	if c.Replace {
		save = command.ReplaceSecret
	}
	if err := save(c.To, k.Secret); err != nil {
		return command.Failed("the key cannot be shown again: revoke it (lantern exchange key revoke "+k.ID.String()+") and rotate again", "writing the key file: %w", err)
	}
	k.Secret = ""
	a.Note("key %s stays good for %d hours", c.Key, c.Overlap)
	return display.One(a.Printer, k, keyColumns()...)
}

type keyList struct{ command.ExchangeAccess }

func (c *keyList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, keyColumns(), func(x *client.Client) ([]lantern.Key, error) {
		return x.Keys(ctx)
	})
}

type keyRevoke struct {
	command.ExchangeAccess
	Key lantern.ID `arg:"" help:"Id of the key: the number in lk_NUMBER_…."`
}

func (c *keyRevoke) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, keyColumns(), func(x *client.Client) (lantern.Key, error) {
		return x.RevokeKey(ctx, c.Key)
	})
}

type whoamiCmd struct{ command.ExchangeAccess }

func (c *whoamiCmd) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	me, err := x.Whoami(ctx)
	if err != nil {
		return err
	}
	return display.One(a.Printer, me,
		display.Col("member", func(w lantern.Whoami) string { return w.Member.Name + " (" + string(w.Member.State) + ")" }),
		display.Col("member id", func(w lantern.Whoami) string { return w.Member.ID.String() }),
		display.Col("person", func(w lantern.Whoami) string {
			if w.Person == nil {
				return ""
			}
			return w.Person.Label + ": " + display.Words(w.Person.Roles)
		}),
		display.Col("service", func(w lantern.Whoami) string {
			if w.Service == nil {
				return ""
			}
			return w.Service.Name
		}),
		display.Col("scopes", func(w lantern.Whoami) string { return display.Words(w.Scopes) }),
		display.Col("key expires", func(w lantern.Whoami) string { return display.Stamp(w.Expires) }),
		display.Col("programs", func(w lantern.Whoami) string {
			names := make([]string, len(w.Programs))
			for i, p := range w.Programs {
				names[i] = p.ID.String() + " " + p.Name
			}
			return display.Join(names)
		}),
	)
}
