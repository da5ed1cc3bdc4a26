package member

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/cli/command"
	"lantern/internal/courier"
	"lantern/internal/display"
)

// hooksFile is the operator's file of webhooks. Only who may write the agent's keys may
// change it: nobody adds a webhook by a call.
func hooksFile(s *command.AgentServer) (string, error) {
	keys := filepath.Join(s.Dir, command.KeysDir)
	if _, err := os.Stat(keys); errors.Is(err, fs.ErrNotExist) {
		return "", command.Failed("lantern agent init makes one", "there is no agent in %s", s.Dir)
	}
	return filepath.Join(keys, command.WebhooksName), nil
}

// keepHook changes the file by make and saves the secret that it drew.
func keepHook(a *command.App, s *command.AgentServer, to string, make func(file string) (courier.Hook, error)) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return command.Misuse("name a file that does not exist yet", "%s exists", to)
	}
	file, err := hooksFile(s)
	if err != nil {
		return err
	}
	h, err := make(file)
	if err != nil {
		return err
	}
	if err := command.SaveSecret(to, h.Secret); err != nil {
		return command.Failed("make another with lantern agent webhook rotate "+h.ID.String(), "writing the secret's file: %w", err)
	}
	return display.One(a.Printer, courier.Shown(h), command.WebhookColumns()...)
}

type webhookAdd struct {
	command.AgentServer
	URL   string              `arg:"" help:"Where to call: http or https, any host, inside your network too."`
	Event []lantern.EventType `enum:"hit.imminent,hit.opened,signal.masked,signal.fell,signal.quarantined,review-task.opened,agent.stale,agent.fresh" help:"What to be told of; repeat for several: hit.imminent, hit.opened, signal.masked, signal.fell, signal.quarantined, review-task.opened, agent.stale, agent.fresh. Default: all."`
	To    string              `required:"" type:"path" placeholder:"FILE" help:"File to write the secret to, which verifies what is sent. It must not exist yet; the secret is shown nowhere else."`
}

// Help says what is sent, and why any address is taken.
func (*webhookAdd) Help() string {
	return "The agent calls the address with the id and type of what happened, never with a value or an account: fetch that from the agent. " +
		"Requests are signed like the exchange's; docs/protocol/webhooks.md says how to verify one. " +
		"The webhook is entered into keys/webhooks.json in the agent's folder; a running agent takes it up within a second. " +
		"Any address is taken, because nobody but you can enter one."
}

func (c *webhookAdd) Run(a *command.App) error {
	return keepHook(a, &c.AgentServer, c.To, func(file string) (courier.Hook, error) {
		return courier.Add(file, c.URL, c.Event, a.Clock(), a.Random)
	})
}

type webhookRotate struct {
	command.AgentServer
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
	To      string     `required:"" type:"path" placeholder:"FILE" help:"File to write the secret to. It must not exist yet; the secret is shown nowhere else."`
}

// Help says how long both are good.
func (*webhookRotate) Help() string { return command.RotationHelp }

func (c *webhookRotate) Run(a *command.App) error {
	return keepHook(a, &c.AgentServer, c.To, func(file string) (courier.Hook, error) {
		return courier.Rotate(file, c.Webhook, a.Clock(), a.Random)
	})
}

type webhookRemove struct {
	command.AgentServer
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
}

func (c *webhookRemove) Run(a *command.App) error {
	file, err := hooksFile(&c.AgentServer)
	if err != nil {
		return err
	}
	h, err := courier.Remove(file, c.Webhook)
	if err != nil {
		return err
	}
	return display.One(a.Printer, courier.Shown(h), command.WebhookColumns()...)
}

// hookAccess asks the agent about its webhooks, with the token in its folder if that is named
// as it is for the commands that enter them.
type hookAccess struct {
	command.AgentAccess
	Dir string `type:"path" placeholder:"FOLDER" help:"Folder of the agent, instead of --token-file."`
}

// AfterApply names the token once all flags are read.
func (h *hookAccess) AfterApply() error {
	if h.Dir != "" {
		h.TokenFile = filepath.Join(h.Dir, command.DataDir, agent.TokenFile)
	}
	return nil
}

type webhookList struct{ hookAccess }

// Help says what there is to be seen without the agent.
func (*webhookList) Help() string {
	return "If the agent of --dir does not run, its webhooks are listed as they were entered, without what became of them."
}

func (c *webhookList) Run(ctx context.Context, a *command.App) error {
	if _, err := os.Stat(c.TokenFile); c.Dir != "" && errors.Is(err, fs.ErrNotExist) { // it never ran
		all, err := c.entered()
		if err != nil {
			return err
		}
		return display.All(a.Printer, all, command.WebhookColumns()...)
	}
	return command.Look(a, &c.AgentAccess, command.WebhookColumns(), func(g *client.Agent) ([]lantern.Webhook, error) {
		all, err := g.Webhooks(ctx)
		if c.Dir == "" || lantern.KindOf(err) != lantern.Unavailable {
			return all, err
		}
		a.Note("the agent does not answer: these are its webhooks as they were entered")
		return c.entered()
	})
}

// entered lists the webhooks of the agent's file.
func (c *webhookList) entered() ([]lantern.Webhook, error) {
	file, err := hooksFile(&command.AgentServer{Dir: c.Dir})
	if err != nil {
		return nil, err
	}
	hooks, err := courier.Load(file)
	all := make([]lantern.Webhook, len(hooks))
	for i, h := range hooks {
		all[i] = courier.Shown(h)
	}
	return all, err
}

type webhookDeliveries struct {
	hookAccess
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
}

func (c *webhookDeliveries) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, command.DeliveryColumns(), func(g *client.Agent) ([]lantern.Delivery, error) { return g.Deliveries(ctx, c.Webhook) })
}

type webhookTest struct {
	hookAccess
	Webhook lantern.ID `arg:"" help:"Id of the webhook."`
}

// Help says that it waits.
func (*webhookTest) Help() string {
	return "Sends an event of type webhook.test at once and waits for the answer. A disabled webhook that answers is active again."
}

func (c *webhookTest) Run(ctx context.Context, a *command.App) error {
	g, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer g.Close()
	d, err := g.TestWebhook(ctx, c.Webhook)
	if err != nil {
		return err
	}
	if err := display.One(a.Printer, d, command.DeliveryColumns()...); err != nil {
		return err
	}
	if d.State != lantern.DeliveryDone {
		return command.Failed("docs/protocol/webhooks.md explains the word", "the webhook did not take the test: %s", d.Failure)
	}
	return nil
}

type webhookReplay struct {
	hookAccess
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
	g, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer g.Close()
	done, err := g.ReplayWebhook(ctx, c.Webhook, lantern.Replay{Event: c.Event, Since: c.Since.Time})
	if err != nil {
		return err
	}
	return display.One(a.Printer, done, command.ReplayedColumns()...)
}
