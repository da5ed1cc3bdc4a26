package exchange

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/internal/webhook"
)

const (
	maxWebhooks    = 10             // of one member
	rotationLife   = 24 * time.Hour // both secrets sign, so that a receiver can take over the new one
	maxReplay      = 10_000         // events of one replay
	listDeliveries = 200
)

// What a webhook's sealed fields are bound to.
func webhookAAD(id lantern.ID, field string) string { return "webhook/" + id.String() + "/" + field }

// CreateWebhook adds an address of the actor's member that is called when something
// happens. The secret is in the answer and nowhere else.
func (x *Exchange) CreateWebhook(ctx context.Context, a policy.Actor, w lantern.Webhook) (lantern.Webhook, error) {
	if err := w.Validate(); err != nil {
		return lantern.Webhook{}, err
	}
	if err := policy.Can(a, policy.ManageWebhooks, x.Clock()); err != nil {
		return lantern.Webhook{}, err
	}
	if err := x.Sender.CheckURL(w.URL); err != nil {
		return lantern.Webhook{}, err
	}
	id, err := x.newID()
	if err != nil {
		return lantern.Webhook{}, err
	}
	row := store.WebhookRow{Webhook: lantern.Webhook{ID: id, Member: a.Member, Events: w.Events, State: lantern.WebhookActive}}
	record, wrapped, err := x.Sealer.NewRecord(ctx, x.Random)
	if err != nil {
		return lantern.Webhook{}, fmt.Errorf("making a record key: %w", err)
	}
	row.Wrapped = wrapped
	if row.URL, err = record.Seal(x.Random, webhookAAD(id, "url"), []byte(w.URL)); err != nil {
		return lantern.Webhook{}, fmt.Errorf("sealing an address: %w", err)
	}
	secret, err := x.drawSecret(record, &row)
	if err != nil {
		return lantern.Webhook{}, err
	}
	err = x.write(ctx, func(t *txn) error {
		have, err := store.Webhooks(t.ctx, t.Tx, a.Member)
		if err != nil {
			return err
		}
		if len(have) >= maxWebhooks {
			return &lantern.Error{Kind: lantern.Conflict, Reason: fmt.Sprintf("the member has %d webhooks", maxWebhooks), Fix: "remove one first"}
		}
		if row.Wrapped, err = t.inForce(wrapped); err != nil {
			return err
		}
		row.Created = t.now
		if err := store.InsertWebhook(t.ctx, t.writing(), row); err != nil {
			return fmt.Errorf("storing a webhook: %w", err)
		}
		return t.changed(a, row, "added")
	})
	if err != nil {
		return lantern.Webhook{}, err
	}
	made := row.Webhook
	made.URL, made.Secret = w.URL, secret
	return made, nil
}

// drawSecret gives a webhook a secret, sealed, and returns its text.
func (x *Exchange) drawSecret(record seal.Record, row *store.WebhookRow) (string, error) {
	secret, err := webhook.NewSecret(x.Random)
	if err != nil {
		return "", err
	}
	text := secret.Text()
	if row.Secret, err = record.Seal(x.Random, webhookAAD(row.ID, "secret"), []byte(text)); err != nil {
		return "", fmt.Errorf("sealing a webhook's secret: %w", err)
	}
	return text, nil
}

// changed records what was done to a webhook.
func (t *txn) changed(a policy.Actor, row store.WebhookRow, what string) error {
	_, err := t.record(entry{kind: audit.WebhookChange, by: a, facts: facts{Object: row.ID, Owner: row.Member, State: what}})
	return err
}

// openWebhook unseals where to send and the secrets to sign with, the one in force first.
func (x *Exchange) openWebhook(ctx context.Context, row store.WebhookRow, now time.Time) (url string, secrets []webhook.Secret, err error) {
	record, err := x.Sealer.OpenRecord(ctx, row.Wrapped)
	if err != nil {
		return "", nil, fmt.Errorf("opening the key of webhook %s: %w", row.ID, err)
	}
	b, err := record.Open(webhookAAD(row.ID, "url"), row.URL)
	if err != nil {
		return "", nil, fmt.Errorf("opening webhook %s: %w", row.ID, err)
	}
	sealed := [][]byte{row.Secret}
	if row.Previous != nil && row.Rotating.After(now) {
		sealed = append(sealed, row.Previous)
	}
	for _, s := range sealed {
		text, err := record.Open(webhookAAD(row.ID, "secret"), s)
		if err != nil {
			return "", nil, fmt.Errorf("opening the secret of webhook %s: %w", row.ID, err)
		}
		secret, err := webhook.ParseSecret(string(text))
		if err != nil {
			return "", nil, fmt.Errorf("reading the secret of webhook %s: %w", row.ID, err)
		}
		secrets = append(secrets, secret)
	}
	return string(b), secrets, nil
}

// shownWebhook is a webhook as its admin sees it: with its address, without secrets.
func (x *Exchange) shownWebhook(ctx context.Context, row store.WebhookRow) (lantern.Webhook, error) {
	w, now := row.Webhook, x.Clock()
	url, _, err := x.openWebhook(ctx, row, now)
	w.URL = url
	if !w.Rotating.After(now) {
		w.Rotating = time.Time{}
	}
	return w, err
}

// Webhooks lists the webhooks of the actor's member, without secrets.
func (x *Exchange) Webhooks(ctx context.Context, a policy.Actor) (list []lantern.Webhook, err error) {
	if err := policy.Can(a, policy.ManageWebhooks, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		rows, err := store.Webhooks(ctx, tx, a.Member)
		list = make([]lantern.Webhook, len(rows))
		for i, r := range rows {
			if err == nil {
				list[i], err = x.shownWebhook(ctx, r)
			}
		}
		return err
	})
	return list, err
}

// ownWebhook reads a webhook of the actor's member; another member's is not there.
func ownWebhook(ctx context.Context, tx *sqldb.Tx, a policy.Actor, id lantern.ID) (store.WebhookRow, error) {
	row, ok, err := store.ReadWebhook(ctx, tx, a.Member, id)
	if err == nil && !ok {
		err = errMissing("webhook")
	}
	return row, err
}

// alter runs fn on a webhook of the actor's member and records what was done.
func (x *Exchange) alter(ctx context.Context, a policy.Actor, id lantern.ID, what string, fn func(t *txn, row *store.WebhookRow) error) (row store.WebhookRow, err error) {
	if err := policy.Can(a, policy.ManageWebhooks, x.Clock()); err != nil {
		return row, err
	}
	err = x.write(ctx, func(t *txn) error {
		if row, err = ownWebhook(t.ctx, t.Tx, a, id); err != nil {
			return err
		}
		if err := fn(t, &row); err != nil {
			return err
		}
		return t.changed(a, row, what)
	})
	return row, err
}

// RemoveWebhook forgets a webhook: its secrets, and what was on its way to it.
func (x *Exchange) RemoveWebhook(ctx context.Context, a policy.Actor, id lantern.ID) (lantern.Webhook, error) {
	row, err := x.alter(ctx, a, id, "removed", func(t *txn, row *store.WebhookRow) error {
		if err := store.RemoveWebhook(t.ctx, t.writing(), *row); err != nil {
			return fmt.Errorf("removing a webhook: %w", err)
		}
		return nil
	})
	if err != nil {
		return lantern.Webhook{}, err
	}
	return x.shownWebhook(ctx, row)
}

// RotateWebhook gives a webhook another secret, which is in the answer and nowhere else.
// For a day requests are signed with the earlier one too. Rotating again in that time
// ends the earlier one at once: whoever fears for a secret rotates twice.
func (x *Exchange) RotateWebhook(ctx context.Context, a policy.Actor, id lantern.ID) (lantern.Webhook, error) {
	var secret string
	row, err := x.alter(ctx, a, id, "rotated", func(t *txn, row *store.WebhookRow) error {
		record, err := x.Sealer.OpenRecord(t.ctx, row.Wrapped)
		if err != nil {
			return fmt.Errorf("opening the key of webhook %s: %w", id, err)
		}
		row.Previous, row.Rotating = row.Secret, t.now.Add(rotationLife)
		if secret, err = x.drawSecret(record, row); err != nil {
			return err
		}
		if err := store.SetWebhookSecrets(t.ctx, t.writing(), *row); err != nil {
			return fmt.Errorf("storing a webhook's secret: %w", err)
		}
		return nil
	})
	if err != nil {
		return lantern.Webhook{}, err
	}
	w, err := x.shownWebhook(ctx, row)
	w.Secret = secret
	return w, err
}

// TestWebhook sends an event of type webhook.test, to a disabled webhook too: one that is
// answered enables it. The answer is the delivery that was begun; Deliveries tells what
// came of it.
func (x *Exchange) TestWebhook(ctx context.Context, a policy.Actor, id lantern.ID) (d lantern.Delivery, err error) {
	_, err = x.alter(ctx, a, id, "tested", func(t *txn, row *store.WebhookRow) error {
		event, err := x.newID()
		if err != nil {
			return err
		}
		e := lantern.Event{ID: event, Type: lantern.WebhookTest, At: t.now, Data: lantern.EventData{Object: id}}
		d = lantern.Delivery{Event: e, Webhook: id, State: lantern.DeliveryPending, Next: t.now}
		return t.deliver([]store.EventRow{{Event: e, Member: row.Member}}, []store.DeliveryRow{delivery(row.Member, id, e, t.now)})
	})
	return d, err
}

// ReplayWebhook delivers events of the last 30 days again, delivered or not: one, or all
// the webhook wants since a time. It enables a disabled webhook.
func (x *Exchange) ReplayWebhook(ctx context.Context, a policy.Actor, id lantern.ID, r lantern.Replay) (done lantern.Replayed, err error) {
	if err := r.Validate(); err != nil {
		return done, err
	}
	_, err = x.alter(ctx, a, id, "replayed", func(t *txn, row *store.WebhookRow) error {
		list, err := replayed(t, *row, r)
		if err != nil {
			return err
		}
		if row.State == lantern.WebhookDisabled {
			row.State, row.Failing = lantern.WebhookActive, time.Time{}
			if err := store.SetWebhookHealth(t.ctx, t.writing(), *row); err != nil {
				return fmt.Errorf("enabling a webhook: %w", err)
			}
		}
		t.told = true
		done.Deliveries, err = store.Redeliver(t.ctx, t.writing(), list)
		if err != nil {
			return fmt.Errorf("replaying events: %w", err)
		}
		return nil
	})
	return done, err
}

// replayed lists the deliveries of a replay.
func replayed(t *txn, row store.WebhookRow, r lantern.Replay) ([]store.DeliveryRow, error) {
	events, err := store.EventsSince(t.ctx, t.Tx, row.Member, r.Event, r.Since, maxReplay+1)
	if err != nil {
		return nil, err
	}
	if len(events) > maxReplay {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Field: "/since", Reason: fmt.Sprintf("more than %d events since", maxReplay), Fix: "give a later time"}
	}
	wants := store.Subscription{Events: row.Events}.Wants
	var list []store.DeliveryRow
	for _, e := range events {
		own := e.Type == lantern.WebhookTest && e.Data.Object == row.ID && r.Event != 0
		if own || e.Type != lantern.WebhookTest && wants(e.Type) {
			list = append(list, delivery(row.Member, row.ID, e, t.now))
		}
	}
	if r.Event != 0 && len(list) == 0 {
		return nil, &lantern.Error{Kind: lantern.NotFound, Field: "/event", Reason: "no such event of the webhook in the last 30 days"}
	}
	return list, nil
}

// Deliveries lists the latest 200 deliveries of a webhook, newest event first.
func (x *Exchange) Deliveries(ctx context.Context, a policy.Actor, id lantern.ID) (list []lantern.Delivery, err error) {
	if err := policy.Can(a, policy.ManageWebhooks, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, err := ownWebhook(ctx, tx, a, id)
		if err != nil {
			return err
		}
		list, err = store.Deliveries(ctx, tx, row, listDeliveries)
		return err
	})
	return list, err
}
