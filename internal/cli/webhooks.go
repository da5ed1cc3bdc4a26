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

type webhookAdd struct {
	command.ExchangeAccess
	URL   string              `arg:"" help:"Where to call: https, a host of the public network."`
	Event []lantern.EventType `enum:"signal.imminent,correction.opened,challenge.opened,challenge.waits,challenge.overdue,challenge.decided,feedback.received,outcome.received,member.changed" help:"What to be told of; repeat for several: signal.imminent, correction.opened, challenge.opened, challenge.waits, challenge.overdue, challenge.decided, feedback.received, outcome.received, member.changed. Default: all."`
	To    string              `required:"" type:"path" placeholder:"FILE" help:"File to write the secret to, which verifies what is sent. It must not exist yet; the secret is shown nowhere else."`
}

// Help says what is sent and how it is verified.
func (*webhookAdd) Help() string {
	return "The exchange calls the address with the id and type of what happened, never with what a signal says: fetch that with a key. " +
		"Requests are signed after the Standard Webhooks specification; docs/protocol/webhooks.md says how to verify one. " +
		"Attempts go on for 72 hours; what is given up then can be replayed."
}

func (c *webhookAdd) Run(ctx context.Context, a *command.App) error {
	return saveWebhook(a, &c.ExchangeAccess, c.To, func(x *client.Client) (lantern.Webhook, error) {
		return x.CreateWebhook(ctx, lantern.Webhook{URL: c.URL, Events: c.Event})
	})
}

// saveWebhook calls the exchange for a webhook with a secret, which goes into a file that must
// not exist yet.
func saveWebhook(a *command.App, e *command.ExchangeAccess, to string, call func(*client.Client) (lantern.Webhook, error)) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return command.Misuse("name a file that does not exist yet", "%s exists", to)
	}
	x, err := e.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	w, err := call(x)
	if err != nil {
		return err
	}
	again := "the secret cannot be shown again: make another with lantern webhook rotate " + w.ID.String()
	if w.Secret == "" {
		return command.Failed(again, "the answer with the secret was lost on the way")
	}
	if err := command.SaveSecret(to, w.Secret); err != nil {
		return command.Failed(again, "writing the secret's file: %w", err)
	}
	w.Secret = ""
	return display.One(a.Printer, w, command.WebhookColumns()...)
}

type webhookList struct{ command.ExchangeAccess }

func (c *webhookList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, command.WebhookColumns(), func(x *client.Client) ([]lantern.Webhook, error) {
		return x.Webhooks(ctx)
	})
}

type webhookRemove struct {
	command.ExchangeAccess
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
}

func (c *webhookRemove) Run(ctx context.Context, a *command.App) error {
	return command.Ask(a, &c.ExchangeAccess, command.WebhookColumns(), func(x *client.Client) (lantern.Webhook, error) {
		return x.RemoveWebhook(ctx, c.Webhook)
	})
}

type webhookTest struct {
	command.ExchangeAccess
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
}

// Help says where the result shows.
func (*webhookTest) Help() string {
	return "Sends an event of type webhook.test, to a disabled webhook too, which is enabled if it answers. " +
		"lantern webhook deliveries shows what came of it."
}

func (c *webhookTest) Run(ctx context.Context, a *command.App) error {
	err := command.Ask(a, &c.ExchangeAccess, command.DeliveryColumns(), func(x *client.Client) (lantern.Delivery, error) {
		return x.TestWebhook(ctx, c.Webhook)
	})
	if err == nil {
		a.Note("it is on its way; lantern webhook deliveries %s shows what comes of it", c.Webhook)
	}
	return err
}

type webhookDeliveries struct {
	command.ExchangeAccess
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
}

func (c *webhookDeliveries) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, command.DeliveryColumns(), func(x *client.Client) ([]lantern.Delivery, error) {
		return x.Deliveries(ctx, c.Webhook)
	})
}

type webhookReplay struct {
	command.ExchangeAccess
	Webhook lantern.ID   `arg:"" help:"Id of the webhook."`
	Event   lantern.ID   `xor:"what" required:"" help:"Deliver this event again."`
	Since   command.When `xor:"what" required:"" help:"Deliver everything since then again: a time such as 2026-03-01T12:00:00Z, or a date."`
}

// Help says what a replay does beside.
func (*webhookReplay) Help() string { return command.ReplayHelp }

func (c *webhookReplay) Run(ctx context.Context, a *command.App) error {
	if c.Since.Days > 0 {
		return command.Misuse("give a time or a date", "--since counts no days")
	}
	return command.Ask(a, &c.ExchangeAccess, command.ReplayedColumns(), func(x *client.Client) (lantern.Replayed, error) {
		return x.ReplayWebhook(ctx, c.Webhook, lantern.Replay{Event: c.Event, Since: c.Since.Time})
	})
}

type webhookRotate struct {
	command.ExchangeAccess
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
	To      string     `required:"" type:"path" placeholder:"FILE" help:"File to write the secret to. It must not exist yet; the secret is shown nowhere else."`
}

// Help says how long both are good.
func (*webhookRotate) Help() string { return command.RotationHelp }

func (c *webhookRotate) Run(ctx context.Context, a *command.App) error {
	return saveWebhook(a, &c.ExchangeAccess, c.To, func(x *client.Client) (lantern.Webhook, error) { return x.RotateWebhook(ctx, c.Webhook) })
}
