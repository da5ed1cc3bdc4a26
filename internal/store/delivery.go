package store

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// DeliveryRow is the way of one event to one webhook.
type DeliveryRow struct {
	Member, Webhook, Event lantern.ID
	Urgent                 bool
	State                  lantern.DeliveryState
	Attempts               int
	First                  time.Time // when the first attempt was due
	Due                    time.Time // when the next one is
	Lease                  time.Time // until then somebody is sending it
	Settled                time.Time
	Status                 int
	Failure                string
}

const deliveryColumns = `d.member_id, d.endpoint_id, d.event_id, d.urgency, d.state, d.attempts, d.first_at, d.due_at, d.lease_until, d.settled_at, d.status, d.failure`

func scanDelivery(s scanner) (d DeliveryRow, err error) {
	var urgency, first, due, lease, settled int64
	err = s.Scan(&d.Member, &d.Webhook, &d.Event, &urgency, &d.State, &d.Attempts, &first, &due, &lease, &settled, &d.Status, &d.Failure)
	d.Urgent = urgency == 0
	d.First, d.Due, d.Lease, d.Settled = fromMicros(first), fromMicros(due), fromMicros(lease), fromMicros(settled)
	return d, err
}

// urgency is what the column of that name orders by.
func urgency(urgent bool) int64 {
	if urgent {
		return 0
	}
	return 1
}

// InsertDeliveries stores deliveries of events.
func InsertDeliveries(ctx context.Context, tx *sqldb.Tx, list []DeliveryRow) error {
	rows := make([][]any, len(list))
	for i, d := range list {
		rows[i] = []any{d.Member, d.Webhook, d.Event, urgency(d.Urgent), string(d.State), int64(0), micros(d.First), micros(d.Due), int64(0), micros(d.Settled), int64(0), d.Failure}
	}
	_, err := tx.InsertMany(ctx, "webhook_delivery", []string{"member_id", "endpoint_id", "event_id", "urgency", "state", "attempts",
		"first_at", "due_at", "lease_until", "settled_at", "status", "failure"}, "", rows)
	return err
}

// Queue is a webhook with deliveries that are due.
type Queue struct{ Member, Webhook lantern.ID }

// DueQueues reads the webhooks that have something to send: urgent things first, then who
// has waited longest.
func DueQueues(ctx context.Context, tx *sqldb.Tx, now time.Time) ([]Queue, error) {
	rows, err := tx.Query(ctx, `SELECT member_id, endpoint_id FROM webhook_delivery
		WHERE state = 'pending' AND due_at <= $1 AND lease_until <= $1
		GROUP BY member_id, endpoint_id ORDER BY MIN(urgency), MIN(due_at), endpoint_id`, micros(now))
	return all(rows, err, "queues", func(s scanner) (q Queue, err error) {
		return q, s.Scan(&q.Member, &q.Webhook)
	})
}

// DueDelivery is a delivery with all that is needed to make it.
type DueDelivery struct {
	DeliveryRow
	What        lantern.Event
	MemberKind  lantern.MemberKind
	MemberState lantern.MemberState
}

// DueDeliveries reads what a webhook should be sent next: urgent first, then in the order
// in which things are due.
func DueDeliveries(ctx context.Context, tx *sqldb.Tx, q Queue, now time.Time, limit int) ([]DueDelivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+`, `+eventColumns+`, m.kind, m.state
		FROM webhook_delivery d
		JOIN webhook_event e ON e.member_id = d.member_id AND e.id = d.event_id
		JOIN member m ON m.id = d.member_id
		WHERE d.member_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending' AND d.due_at <= $3 AND d.lease_until <= $3
		ORDER BY d.urgency, d.due_at, d.event_id LIMIT $4`, q.Member, q.Webhook, micros(now), limit)
	return all(rows, err, "due deliveries", scanDue)
}

func scanDue(s scanner) (d DueDelivery, err error) {
	var at int64
	d.DeliveryRow, err = scanDelivery(extra{s, []any{&d.What.ID, &d.What.Type, &d.What.Data.Program, &d.What.Data.Signal, &d.What.Data.Object, &at,
		&d.MemberKind, &d.MemberState}})
	d.What.At = fromMicros(at)
	return d, err
}

// LeaseDelivery takes a delivery that was read as d until the given time, and reports
// whether nobody else did in between.
func LeaseDelivery(ctx context.Context, tx *sqldb.Tx, d DeliveryRow, until time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE webhook_delivery SET lease_until = $5
		WHERE member_id = $1 AND endpoint_id = $2 AND event_id = $3 AND lease_until = $4 AND state = 'pending'`,
		d.Member, d.Webhook, d.Event, micros(d.Lease), micros(until))
	return n > 0, err
}

// SettleDelivery writes what became of an attempt and ends the lease. It reports false,
// and writes nothing, if the lease is no longer the one in d.
func SettleDelivery(ctx context.Context, tx *sqldb.Tx, d DeliveryRow) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE webhook_delivery SET state = $5, attempts = $6, due_at = $7, settled_at = $8, status = $9, failure = $10, lease_until = 0
		WHERE member_id = $1 AND endpoint_id = $2 AND event_id = $3 AND lease_until = $4 AND state = 'pending'`,
		d.Member, d.Webhook, d.Event, micros(d.Lease), string(d.State), d.Attempts, micros(d.Due), micros(d.Settled), d.Status, d.Failure)
	return n > 0, err
}

// BuryDeliveries gives up everything that waits for a webhook.
func BuryDeliveries(ctx context.Context, tx *sqldb.Tx, w WebhookRow, now time.Time, why string) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_delivery SET state = 'dead', settled_at = $3, failure = $4, lease_until = 0
		WHERE member_id = $1 AND endpoint_id = $2 AND state = 'pending'`, w.Member, w.ID, micros(now), why)
	return err
}

// Deliveries reads the latest deliveries of a webhook, newest event first.
func Deliveries(ctx context.Context, tx *sqldb.Tx, w WebhookRow, limit int) ([]lantern.Delivery, error) {
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+`, `+eventColumns+`
		FROM webhook_delivery d JOIN webhook_event e ON e.member_id = d.member_id AND e.id = d.event_id
		WHERE d.member_id = $1 AND d.endpoint_id = $2 ORDER BY e.at DESC, e.id DESC LIMIT $3`, w.Member, w.ID, limit)
	return all(rows, err, "deliveries", func(s scanner) (lantern.Delivery, error) {
		var e lantern.Event
		var at int64
		d, err := scanDelivery(extra{s, []any{&e.ID, &e.Type, &e.Data.Program, &e.Data.Signal, &e.Data.Object, &at}})
		e.At = fromMicros(at)
		shown := lantern.Delivery{Event: e, Webhook: d.Webhook, State: d.State, Attempts: d.Attempts, Settled: d.Settled, Status: d.Status, Failure: d.Failure}
		if d.State == lantern.DeliveryPending {
			shown.Next = d.Due
		}
		return shown, err
	})
}

// EventsSince reads a member's events since a time, oldest first; one event with an id.
func EventsSince(ctx context.Context, tx *sqldb.Tx, member, id lantern.ID, since time.Time, limit int) ([]lantern.Event, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM webhook_event e
		WHERE e.member_id = $1 AND e.at >= $2 AND (e.id = $3 OR $3 = 0) ORDER BY e.at, e.id LIMIT $4`, member, micros(since), id, limit)
	return all(rows, err, "events", scanEvent)
}

// Redeliver makes events due again for a webhook, delivered or not, as if they were new.
// One that is being sent this moment is left alone.
func Redeliver(ctx context.Context, tx *sqldb.Tx, list []DeliveryRow) (int, error) {
	rows := make([][]any, len(list))
	for i, d := range list {
		rows[i] = []any{d.Member, d.Webhook, d.Event, urgency(d.Urgent), string(d.State), int64(0), micros(d.First), micros(d.Due), int64(0), int64(0), int64(0), ""}
	}
	n, err := tx.InsertMany(ctx, "webhook_delivery", []string{"member_id", "endpoint_id", "event_id", "urgency", "state", "attempts",
		"first_at", "due_at", "lease_until", "settled_at", "status", "failure"},
		`ON CONFLICT (member_id, endpoint_id, event_id) DO UPDATE SET state = excluded.state, attempts = 0, first_at = excluded.first_at,
		due_at = excluded.due_at, settled_at = 0, status = 0, failure = '', urgency = excluded.urgency
		WHERE webhook_delivery.lease_until = 0`, rows)
	return int(n), err
}
