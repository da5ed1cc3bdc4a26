package courier

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/internal/webhook"
)

// Config is what a courier needs.
type Config struct {
	DB     *sqldb.DB       // the agent's database
	File   string          // the operator's file of webhooks; it may change, come and go
	Sender *webhook.Client // with [webhook.Config.Own]
	Told   func() <-chan struct{}
	Clock  func() time.Time
	Random io.Reader
	Log    *slog.Logger
}

// How the courier paces itself, and what it lists.
const (
	every          = time.Second // how often what is due is looked for
	readTogether   = 1000        // events entered for delivery in one transaction
	maxReplay      = 10_000
	listDeliveries = 200
)

// Courier sends the events of one agent. Its methods may be called by any number of
// goroutines; [Courier.Run] once.
type Courier struct {
	Config
	places webhook.Places
	nudge  chan struct{} // holds one token when a place became free

	mu      sync.Mutex
	sending map[way]bool // attempts under way; guarded by mu
	under   sync.WaitGroup
}

// way is one event on its way to one webhook.
type way struct{ hook, event lantern.ID }

// New returns a courier.
func New(c Config) *Courier {
	return &Courier{Config: c, nudge: make(chan struct{}, 1), sending: make(map[way]bool)}
}

// Run delivers until ctx ends, and returns nil once what was under way is written down.
func (c *Courier) Run(ctx context.Context) error {
	defer c.under.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	said := ""
	for {
		told := c.Told()
		_, err := c.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			said = ""
		} else if err.Error() != said { // a damaged file is no news every second
			said = err.Error()
			c.Log.ErrorContext(ctx, "sending webhooks", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-told:
		case <-c.nudge:
		case <-tick.C:
		}
	}
}

// Deliver makes every attempt that is due and returns once each has an answer or failed.
func (c *Courier) Deliver(ctx context.Context) error {
	for {
		n, err := c.round(ctx)
		c.under.Wait()
		if n == 0 || err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// round enters what happened and begins as many of the attempts that are due as there are
// places for; it returns how many those are.
func (c *Courier) round(ctx context.Context) (begun int, err error) {
	hooks, err := Load(c.File)
	if err != nil {
		return 0, err
	}
	if err := c.enter(ctx, hooks); err != nil {
		return 0, fmt.Errorf("entering deliveries: %w", err)
	}
	now := c.Clock()
	for _, h := range hooks {
		var due []agentstore.DeliveryRow
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			due, err = agentstore.DueDeliveries(ctx, tx, h.ID, now, 2*webhook.PerWebhook)
			return err
		})
		if err != nil {
			return begun, fmt.Errorf("reading what is due: %w", err)
		}
		for _, d := range due {
			if c.begin(ctx, h, d) {
				begun++
			}
		}
	}
	return begun, nil
}

// begin makes an attempt in a goroutine of its own, unless it is under way or there is no
// place for it.
func (c *Courier) begin(ctx context.Context, h Hook, d agentstore.DeliveryRow) bool {
	w := way{h.ID, d.Event.ID}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sending[w] || !c.places.Enter(h.ID, d.Urgent) {
		return false
	}
	c.sending[w] = true
	c.under.Go(func() {
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.sending, w)
			c.places.Leave(h.ID)
			select {
			case c.nudge <- struct{}{}:
			default:
			}
		}()
		result, err := c.post(ctx, h, d.Event)
		if err == nil {
			err = c.settle(context.WithoutCancel(ctx), d, result)
		}
		if err != nil {
			c.Log.ErrorContext(ctx, "settling a webhook", "webhook", h.ID, "event", d.Event.ID, "error", err)
		}
	})
	return true
}

// post signs and sends one event.
func (c *Courier) post(ctx context.Context, h Hook, e lantern.Event) (webhook.Result, error) {
	now := c.Clock()
	secrets, err := h.secrets(now)
	if err != nil {
		return webhook.Result{}, err
	}
	body, err := json.Marshal(e)
	if err != nil {
		return webhook.Result{}, fmt.Errorf("encoding an event: %w", err)
	}
	headers := http.Header{}
	if err := webhook.Sign(headers, e.ID.String(), now, body, secrets...); err != nil {
		return webhook.Result{}, err
	}
	return c.Sender.Post(ctx, h.URL, headers, body), nil
}

// enter brings the database to what the file says, and turns events into deliveries.
func (c *Courier) enter(ctx context.Context, hooks []Hook) error {
	known, head, err := c.state(ctx)
	if err != nil {
		return err
	}
	for id := range known {
		if !slices.ContainsFunc(hooks, func(h Hook) bool { return h.ID == id }) {
			if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.DropHook(ctx, tx, id) }); err != nil {
				return err
			}
		}
	}
	for _, h := range hooks {
		row, ok := known[h.ID]
		if !ok {
			row = agentstore.HookRow{ID: h.ID, State: lantern.WebhookActive}
			err := c.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
				if row.Upto, err = agentstore.LastBefore(ctx, tx, h.Created); err != nil {
					return err
				}
				return agentstore.SaveHook(ctx, tx, row)
			})
			if err != nil {
				return err
			}
		}
		for row.Upto < head {
			if err := c.enterSome(ctx, h, &row); err != nil {
				return err
			}
		}
	}
	return nil
}

// state reads how the webhooks fare and the number of the last event.
func (c *Courier) state(ctx context.Context) (known map[lantern.ID]agentstore.HookRow, head int64, err error) {
	err = c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if known, err = agentstore.LoadHooks(ctx, tx); err != nil {
			return err
		}
		head, err = agentstore.EventHead(ctx, tx)
		return err
	})
	return known, head, err
}

// enterSome enters the next events for one webhook. What a disabled one misses is dead at
// once, and can be replayed.
func (c *Courier) enterSome(ctx context.Context, h Hook, row *agentstore.HookRow) error {
	now := c.Clock()
	return c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		hooks, err := agentstore.LoadHooks(ctx, tx)
		if err != nil {
			return err
		}
		next := hooks[h.ID]
		events, err := agentstore.EventsAfter(ctx, tx, next.Upto, readTogether)
		if err != nil {
			return err
		}
		var list []agentstore.DeliveryRow
		for _, e := range events {
			next.Upto = e.Seq
			if !h.wants(e.Type) {
				continue
			}
			d := delivery(h.ID, e.Event, now)
			if next.State == lantern.WebhookDisabled {
				d.State, d.Settled, d.Failure = lantern.DeliveryDead, now, webhook.Disabled
			}
			list = append(list, d)
		}
		if err := agentstore.InsertDeliveries(ctx, tx, list); err != nil {
			return err
		}
		*row = next
		return agentstore.SaveHook(ctx, tx, next)
	})
}

// delivery is one that is due now.
func delivery(hook lantern.ID, e lantern.Event, now time.Time) agentstore.DeliveryRow {
	return agentstore.DeliveryRow{Hook: hook, Event: e,
		Attempt: webhook.Attempt{State: lantern.DeliveryPending, First: now, Due: now, Urgent: e.Type.Urgent()}}
}

// settle writes down what came of an attempt, and how the webhook fares by it.
func (c *Courier) settle(ctx context.Context, d agentstore.DeliveryRow, result webhook.Result) error {
	now := c.Clock()
	jitter, err := webhook.Jitter(c.Random)
	if err != nil {
		return err
	}
	d.Attempt = d.After(result, now, jitter)
	err = c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SettleDelivery(ctx, tx, d); err != nil || result.Failure == webhook.Closing {
			return err
		}
		return fare(ctx, tx, d.Hook, d.Attempt, now)
	})
	if err != nil {
		return fmt.Errorf("settling a delivery: %w", err)
	}
	return nil
}

// fare writes how a webhook fares after an attempt; one that is being disabled gives up
// what waits.
func fare(ctx context.Context, tx *sqldb.Tx, id lantern.ID, after webhook.Attempt, now time.Time) error {
	hooks, err := agentstore.LoadHooks(ctx, tx)
	row, ok := hooks[id]
	if err != nil || !ok {
		return err
	}
	w := lantern.Webhook{State: row.State, Delivered: row.Delivered, Failing: row.Failing, Failure: row.Failure}
	webhook.Fare(&w, after, now)
	buried := w.State == lantern.WebhookDisabled && row.State != w.State
	row.State, row.Delivered, row.Failing, row.Failure = w.State, w.Delivered, w.Failing, w.Failure
	if err := agentstore.SaveHook(ctx, tx, row); err != nil || !buried {
		return err
	}
	return agentstore.BuryDeliveries(ctx, tx, id, now)
}
