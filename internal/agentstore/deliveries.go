package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
	"lantern/internal/webhook"
)

// HookRow is how a webhook of the agent's operator fares.
type HookRow struct {
	ID        lantern.ID
	Upto      int64 // the last event that was looked at for deliveries
	State     lantern.WebhookState
	Delivered time.Time
	Failing   time.Time
	Failure   string
}

// LoadHooks reads how all webhooks that were ever called fare.
func LoadHooks(ctx context.Context, tx *sqldb.Tx) (map[lantern.ID]HookRow, error) {
	rows, err := tx.Query(ctx, `SELECT id, upto, state, delivered, failing, failure FROM hooks`)
	all, err := collect(rows, err, func(h *HookRow) error {
		var delivered, failing int64
		err := rows.Scan(&h.ID, &h.Upto, &h.State, &delivered, &failing, &h.Failure)
		h.Delivered, h.Failing = FromMicros(delivered), FromMicros(failing)
		return err
	})
	found := make(map[lantern.ID]HookRow, len(all))
	for _, h := range all {
		found[h.ID] = h
	}
	return found, err
}

// SaveHook writes how a webhook fares.
func SaveHook(ctx context.Context, tx *sqldb.Tx, h HookRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO hooks (id, upto, state, delivered, failing, failure) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET upto = excluded.upto, state = excluded.state, delivered = excluded.delivered, failing = excluded.failing, failure = excluded.failure`,
		h.ID, h.Upto, string(h.State), Micros(h.Delivered), Micros(h.Failing), h.Failure)
	return err
}

// DropHook forgets a webhook and its deliveries.
func DropHook(ctx context.Context, tx *sqldb.Tx, id lantern.ID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE hook = $1`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM hooks WHERE id = $1`, id)
	return err
}

// DeliveryRow is the way of one event to one webhook.
type DeliveryRow struct {
	Hook lantern.ID
	webhook.Attempt
	Event lantern.Event
}

const deliveryColumns = `d.hook, d.urgency, d.state, d.attempts, d.first, d.due, d.settled, d.status, d.failure`

// InsertDeliveries stores deliveries. Those that are there already begin anew.
func InsertDeliveries(ctx context.Context, tx *sqldb.Tx, list []DeliveryRow) error {
	rows := make([][]any, len(list))
	for i, d := range list {
		rows[i] = []any{d.Hook, d.Event.ID, boolInt(!d.Urgent), string(d.State), int64(d.Attempts), Micros(d.First), Micros(d.Due), Micros(d.Settled), int64(d.Status), string(d.Failure)}
	}
	_, err := tx.InsertMany(ctx, "deliveries", []string{"hook", "event", "urgency", "state", "attempts", "first", "due", "settled", "status", "failure"},
		`ON CONFLICT (hook, event) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, first = excluded.first, due = excluded.due,
		settled = excluded.settled, status = excluded.status, failure = excluded.failure`, rows)
	return err
}

// SettleDelivery writes what became of an attempt, unless the delivery is gone.
func SettleDelivery(ctx context.Context, tx *sqldb.Tx, d DeliveryRow) error {
	_, err := tx.Exec(ctx, `UPDATE deliveries SET state = $1, attempts = $2, due = $3, settled = $4, status = $5, failure = $6 WHERE hook = $7 AND event = $8`,
		string(d.State), d.Attempts, Micros(d.Due), Micros(d.Settled), d.Status, string(d.Failure), d.Hook, d.Event.ID)
	return err
}

// BuryDeliveries gives up what waits for a webhook.
func BuryDeliveries(ctx context.Context, tx *sqldb.Tx, hook lantern.ID, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE deliveries SET state = 'dead', settled = $1, failure = $2 WHERE hook = $3 AND state = 'pending'`,
		Micros(now), string(webhook.Disabled), hook)
	return err
}

// DueDeliveries reads what a webhook should be sent next: what is urgent, then in the order
// in which it is due.
func DueDeliveries(ctx context.Context, tx *sqldb.Tx, hook lantern.ID, now time.Time, limit int) ([]DeliveryRow, error) {
	return deliveries(ctx, tx, `d.hook = $1 AND d.state = 'pending' AND d.due <= $2 ORDER BY d.urgency, d.due, e.seq LIMIT $3`, hook, Micros(now), limit)
}

// Deliveries reads the latest deliveries of a webhook, the newest event first.
func Deliveries(ctx context.Context, tx *sqldb.Tx, hook lantern.ID, limit int) ([]DeliveryRow, error) {
	return deliveries(ctx, tx, `d.hook = $1 ORDER BY e.seq DESC LIMIT $2`, hook, limit)
}

func deliveries(ctx context.Context, tx *sqldb.Tx, which string, args ...any) ([]DeliveryRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+`, `+deliveryColumns+` FROM deliveries d JOIN events e ON e.id = d.event WHERE `+which, args...)
	return collect(rows, err, func(d *DeliveryRow) error {
		var e EventRow
		var urgency, first, due, settled int64
		err := e.scan(rows, &d.Hook, &urgency, &d.State, &d.Attempts, &first, &due, &settled, &d.Status, &d.Failure)
		d.Event, d.Urgent = e.Event, urgency == 0
		d.First, d.Due, d.Settled = FromMicros(first), FromMicros(due), FromMicros(settled)
		return err
	})
}

// CountDeliveries returns how many deliveries of a webhook wait, and how many were given up.
func CountDeliveries(ctx context.Context, tx *sqldb.Tx, hook lantern.ID) (pending, dead int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(CASE WHEN state = 'pending' THEN 1 END), COUNT(CASE WHEN state = 'dead' THEN 1 END) FROM deliveries WHERE hook = $1`, hook).
		Scan(&pending, &dead)
	return pending, dead, err
}
