package courier

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/internal/webhook"
)

// List shows the webhooks of the file and how they fare. Of an address it shows the host: the
// rest may hold a secret, and whoever may match may call this.
func (c *Courier) List(ctx context.Context) ([]lantern.Webhook, error) {
	hooks, err := Load(c.File)
	if err != nil {
		return nil, err
	}
	list := []lantern.Webhook{}
	err = c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list = list[:0]
		known, err := agentstore.LoadHooks(ctx, tx)
		if err != nil {
			return err
		}
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil {
			return err
		}
		member, _ := lantern.ParseID(state[agentstore.StateMember]) // none before the first contact
		for _, h := range hooks {
			w := Shown(h)
			w.Member = member
			if row, ok := known[h.ID]; ok {
				w.State, w.Delivered, w.Failing, w.Failure = row.State, row.Delivered, row.Failing, row.Failure
			}
			if w.Pending, w.Dead, err = agentstore.CountDeliveries(ctx, tx, h.ID); err != nil {
				return err
			}
			list = append(list, w)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing webhooks: %w", err)
	}
	return list, nil
}

// Shown is a webhook of the file as it may be shown: without secrets, and of the address the
// host.
func Shown(h Hook) lantern.Webhook {
	w := lantern.Webhook{ID: h.ID, Events: h.Events, State: lantern.WebhookActive, Created: h.Created, Rotating: h.Rotating}
	if u, err := url.Parse(h.URL); err == nil {
		w.URL = u.Scheme + "://" + u.Host + "/…"
	}
	return w
}

// hook finds a webhook in the file.
func (c *Courier) hook(id lantern.ID) (Hook, error) {
	hooks, err := Load(c.File)
	if err != nil {
		return Hook{}, err
	}
	i := slices.IndexFunc(hooks, func(h Hook) bool { return h.ID == id })
	if i < 0 {
		return Hook{}, errNoHook
	}
	return hooks[i], nil
}

// Deliveries lists the latest deliveries of a webhook, the newest event first.
func (c *Courier) Deliveries(ctx context.Context, id lantern.ID) ([]lantern.Delivery, error) {
	if _, err := c.hook(id); err != nil {
		return nil, err
	}
	list := []lantern.Delivery{}
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list = list[:0]
		rows, err := agentstore.Deliveries(ctx, tx, id, listDeliveries)
		for _, d := range rows {
			list = append(list, shown(d.Event, d.Hook, d.Attempt))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing deliveries: %w", err)
	}
	return list, nil
}

// shown is a delivery in wire form.
func shown(e lantern.Event, hook lantern.ID, a webhook.Attempt) lantern.Delivery {
	d := lantern.Delivery{Event: e, Webhook: hook, State: a.State, Attempts: a.Attempts, Settled: a.Settled, Status: a.Status, Failure: string(a.Failure)}
	if a.State == lantern.DeliveryPending {
		d.Next = a.Due
	}
	return d
}

// Test sends an event of type webhook.test at once, once, and says what came of it. A
// webhook that answers is active again. The event is kept nowhere.
func (c *Courier) Test(ctx context.Context, id lantern.ID) (lantern.Delivery, error) {
	h, err := c.hook(id)
	if err != nil {
		return lantern.Delivery{}, err
	}
	event, err := lantern.NewID(c.Random)
	if err != nil {
		return lantern.Delivery{}, err
	}
	now := c.Clock()
	e := lantern.Event{ID: event, Type: lantern.WebhookTest, At: now, Data: lantern.EventData{Object: id}}
	result, err := c.post(ctx, h, e)
	if err != nil {
		return lantern.Delivery{}, err
	}
	if result.Failure == webhook.Closing {
		return lantern.Delivery{}, &lantern.Error{Kind: lantern.Unavailable, Reason: "the test was broken off", Fix: "try again"}
	}
	a := webhook.Attempt{State: lantern.DeliveryDead, Attempts: 1, First: now, Settled: c.Clock(), Status: result.Status, Failure: result.Failure}
	if result.Failure != webhook.None {
		return shown(e, id, a), nil
	}
	a.State = lantern.DeliveryDone
	err = c.DB.Write(context.WithoutCancel(ctx), func(tx *sqldb.Tx) error { return fare(ctx, tx, id, a, a.Settled) })
	if err != nil {
		return lantern.Delivery{}, fmt.Errorf("writing how a webhook fares: %w", err)
	}
	return shown(e, id, a), nil
}

// Replay delivers events again, delivered or not, under the same ids: one, or all the
// webhook wants since a time. It makes a disabled webhook active.
func (c *Courier) Replay(ctx context.Context, id lantern.ID, r lantern.Replay) (done lantern.Replayed, err error) {
	h, err := c.hook(id)
	if err != nil {
		return done, err
	}
	now := c.Clock()
	err = c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		list, err := c.again(ctx, tx, h, r, now)
		if err != nil {
			return err
		}
		hooks, err := agentstore.LoadHooks(ctx, tx)
		if err != nil {
			return err
		}
		if row, ok := hooks[id]; ok && row.State == lantern.WebhookDisabled {
			row.State, row.Failing = lantern.WebhookActive, time.Time{}
			if err := agentstore.SaveHook(ctx, tx, row); err != nil {
				return err
			}
		}
		done.Deliveries = len(list)
		return agentstore.InsertDeliveries(ctx, tx, list)
	})
	if err != nil {
		return lantern.Replayed{}, fmt.Errorf("replaying events: %w", err)
	}
	return done, nil
}

// again lists the deliveries of a replay. What is being sent this moment is left alone.
func (c *Courier) again(ctx context.Context, tx *sqldb.Tx, h Hook, r lantern.Replay, now time.Time) ([]agentstore.DeliveryRow, error) {
	events, err := agentstore.EventsSince(ctx, tx, r.Event, r.Since, maxReplay+1)
	if err != nil {
		return nil, err
	}
	if len(events) > maxReplay {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Field: "/since", Reason: fmt.Sprintf("more than %d events since", maxReplay), Fix: "give a later time"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []agentstore.DeliveryRow
	found := false
	for _, e := range events {
		if !h.wants(e.Type) {
			continue
		}
		if found = true; !c.sending[way{h.ID, e.ID}] {
			list = append(list, delivery(h.ID, e.Event, now))
		}
	}
	if r.Event != 0 && !found {
		return nil, &lantern.Error{Kind: lantern.NotFound, Field: "/event", Reason: "no such event of the webhook in the last 30 days"}
	}
	return list, nil
}
