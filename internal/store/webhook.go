package store

import (
	"context"
	"slices"

	"lantern"
	"lantern/internal/sqldb"
)

// WebhookRow is a webhook as stored; URL and secrets are sealed under the key that
// Wrapped holds.
type WebhookRow struct {
	lantern.Webhook
	Wrapped  []byte
	URL      []byte
	Secret   []byte
	Previous []byte // the secret before; signs too until Webhook.Rotating
}

const webhookColumns = `w.id, w.member_id, w.events, w.state, w.wrapped, w.url, w.secret, w.previous, w.previous_until, w.created_at,
	w.delivered_at, w.failing_since, w.failure`

func scanWebhook(s scanner) (w WebhookRow, err error) {
	var events string
	var until, created, delivered, failing int64
	err = s.Scan(&w.ID, &w.Member, &events, &w.State, &w.Wrapped, &w.URL, &w.Secret, &w.Previous, &until, &created, &delivered, &failing, &w.Failure)
	w.Events = fromWords[lantern.EventType](events)
	w.Rotating, w.Created, w.Delivered, w.Failing = fromMicros(until), fromMicros(created), fromMicros(delivered), fromMicros(failing)
	return w, err
}

// InsertWebhook stores a new webhook.
func InsertWebhook(ctx context.Context, tx *sqldb.Tx, w WebhookRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO webhook_endpoint (member_id, id, events, state, wrapped, url, secret, previous_until, created_at, delivered_at, failing_since, failure)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, 0, 0, '')`,
		w.Member, w.ID, words(w.Events), string(w.State), w.Wrapped, w.URL, w.Secret, micros(w.Created))
	return err
}

// ReadWebhook reads one webhook of a member, without its counts.
func ReadWebhook(ctx context.Context, tx *sqldb.Tx, member, id lantern.ID) (WebhookRow, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+webhookColumns+` FROM webhook_endpoint w WHERE w.member_id = $1 AND w.id = $2`, member, id), "a webhook", scanWebhook)
}

// Webhooks reads a member's webhooks, oldest first, with how many deliveries wait and how
// many were given up.
func Webhooks(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]WebhookRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+webhookColumns+`,
		(SELECT COUNT(*) FROM webhook_delivery d WHERE d.member_id = w.member_id AND d.endpoint_id = w.id AND d.state = 'pending'),
		(SELECT COUNT(*) FROM webhook_delivery d WHERE d.member_id = w.member_id AND d.endpoint_id = w.id AND d.state = 'dead')
		FROM webhook_endpoint w WHERE w.member_id = $1 ORDER BY w.created_at, w.id`, member)
	return all(rows, err, "webhooks", func(s scanner) (w WebhookRow, err error) {
		var pending, dead int
		w, err = scanWebhook(extra{s, []any{&pending, &dead}})
		w.Pending, w.Dead = pending, dead
		return w, err
	})
}

// RemoveWebhook forgets a webhook, its secrets and its deliveries.
func RemoveWebhook(ctx context.Context, tx *sqldb.Tx, w WebhookRow) error {
	if _, err := tx.Exec(ctx, `DELETE FROM webhook_delivery WHERE member_id = $1 AND endpoint_id = $2`, w.Member, w.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM webhook_endpoint WHERE member_id = $1 AND id = $2`, w.Member, w.ID)
	return err
}

// SetWebhookSecrets replaces the secrets.
func SetWebhookSecrets(ctx context.Context, tx *sqldb.Tx, w WebhookRow) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_endpoint SET secret = $3, previous = $4, previous_until = $5 WHERE member_id = $1 AND id = $2`,
		w.Member, w.ID, w.Secret, w.Previous, micros(w.Rotating))
	return err
}

// SetWebhookHealth writes how a webhook fares.
func SetWebhookHealth(ctx context.Context, tx *sqldb.Tx, w WebhookRow) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_endpoint SET state = $3, delivered_at = $4, failing_since = $5, failure = $6 WHERE member_id = $1 AND id = $2`,
		w.Member, w.ID, string(w.State), micros(w.Delivered), micros(w.Failing), w.Failure)
	return err
}

// Subscription is what decides whether a webhook is told of an event.
type Subscription struct {
	Webhook, Member lantern.ID
	Events          []lantern.EventType // none: all
	State           lantern.WebhookState
	MemberKind      lantern.MemberKind
	MemberState     lantern.MemberState
}

// Wants reports whether the webhook chose that type.
func (s Subscription) Wants(e lantern.EventType) bool {
	return len(s.Events) == 0 || slices.Contains(s.Events, e)
}

// Subscriptions reads what every webhook wants, by member.
func Subscriptions(ctx context.Context, tx *sqldb.Tx) ([]Subscription, error) {
	rows, err := tx.Query(ctx, `SELECT w.id, w.member_id, w.events, w.state, m.kind, m.state
		FROM webhook_endpoint w JOIN member m ON m.id = w.member_id ORDER BY w.member_id, w.id`)
	return all(rows, err, "subscriptions", func(s scanner) (v Subscription, err error) {
		var events string
		err = s.Scan(&v.Webhook, &v.Member, &events, &v.State, &v.MemberKind, &v.MemberState)
		v.Events = fromWords[lantern.EventType](events)
		return v, err
	})
}

// EventRow is an event for one member.
type EventRow struct {
	lantern.Event
	Member lantern.ID
}

// InsertEvents stores events.
func InsertEvents(ctx context.Context, tx *sqldb.Tx, list []EventRow) error {
	rows := make([][]any, len(list))
	for i, e := range list {
		rows[i] = []any{e.Member, e.ID, string(e.Type), e.Data.Program, e.Data.Signal, e.Data.Object, micros(e.At)}
	}
	_, err := tx.InsertMany(ctx, "webhook_event", []string{"member_id", "id", "type", "program_id", "signal_id", "object_id", "at"}, "", rows)
	return err
}

const eventColumns = `e.id, e.type, e.program_id, e.signal_id, e.object_id, e.at`

func scanEvent(s scanner) (e lantern.Event, err error) {
	var at int64
	err = s.Scan(&e.ID, &e.Type, &e.Data.Program, &e.Data.Signal, &e.Data.Object, &at)
	e.At = fromMicros(at)
	return e, err
}
