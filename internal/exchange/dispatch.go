package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/internal/webhook"
)

// lease is for how long a process has a delivery to itself: longer than an attempt can
// take. If it dies in between, another takes over when the lease is out.
const lease = 30 * time.Second

// failedForbidden is a failure beside those of package webhook: the member may no longer be
// told of such events.
const failedForbidden = "not-permitted"

// dispatcher sends what is due. Every process of an exchange has one; leases in the
// database keep two of them from sending the same thing.
type dispatcher struct {
	x    *Exchange
	ctx  context.Context // ends when the exchange closes
	stop context.CancelFunc
	wake chan struct{} // holds one token while there may be something to send

	places  webhook.Places // attempts under way
	sending sync.WaitGroup // attempts under way, and the loop
}

func newDispatcher(x *Exchange) *dispatcher {
	d := &dispatcher{x: x, wake: make(chan struct{}, 1)}
	d.ctx, d.stop = context.WithCancel(x.ctx)
	return d
}

// nudge says that there may be something to send.
func (d *dispatcher) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// close breaks off what is under way, to be tried again by whoever runs next, and waits
// until that is written down.
func (d *dispatcher) close() {
	d.stop()
	d.sending.Wait()
}

// loop sends until the exchange closes.
func (d *dispatcher) loop() {
	tick := time.NewTicker(d.x.WebhookEvery)
	defer tick.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-tick.C:
		case <-d.wake:
		}
		if _, err := d.round(); err != nil && d.ctx.Err() == nil {
			d.x.Log.ErrorContext(d.ctx, "sending webhooks", "error", err)
			d.x.pause(time.Second)
		}
	}
}

// Deliver makes every attempt at a webhook that is due, and returns once each has an
// answer or failed. The exchange does this by itself; Deliver is for those who told it
// not to.
func (x *Exchange) Deliver(ctx context.Context) error {
	for {
		n, err := x.hooks.round()
		x.hooks.sending.Wait()
		if n == 0 || err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// round begins as many of the attempts that are due as there are places for, and returns
// how many those are.
func (d *dispatcher) round() (int, error) {
	if d.x.fence.err() != nil {
		return 0, nil // nothing leaves a database that went back
	}
	found, err := d.due()
	if err != nil || len(found) == 0 {
		return 0, err
	}
	var jobs []store.DueDelivery
	for _, j := range found {
		if d.places.Enter(j.Webhook, j.Urgent) {
			jobs = append(jobs, j)
		}
	}
	var taken []bool
	err = d.x.write(d.ctx, func(t *txn) error {
		taken = make([]bool, len(jobs))
		for i := range jobs {
			until := t.now.Add(lease)
			if taken[i], err = store.LeaseDelivery(t.ctx, t.writing(), jobs[i].DeliveryRow, until); err != nil {
				return fmt.Errorf("taking a delivery: %w", err)
			}
		}
		for i := range jobs {
			if taken[i] {
				jobs[i].Lease = t.now.Add(lease)
			}
		}
		return nil
	})
	begun := 0
	for i, j := range jobs {
		if err != nil || !taken[i] {
			d.places.Leave(j.Webhook)
			continue
		}
		begun++
		d.sending.Go(func() {
			defer d.nudge()
			defer d.places.Leave(j.Webhook)
			d.attempt(j)
		})
	}
	return begun, err
}

// due reads what could be sent now, most urgent first, no more of each webhook than it
// has places.
func (d *dispatcher) due() (list []store.DueDelivery, err error) {
	now := d.x.Clock()
	err = d.x.read(d.ctx, func(tx *sqldb.Tx) error {
		list = nil
		queues, err := store.DueQueues(d.ctx, tx, now)
		if err != nil {
			return err
		}
		for _, q := range queues {
			free := d.places.Free(q.Webhook)
			if free == 0 {
				continue
			}
			next, err := store.DueDeliveries(d.ctx, tx, q, now, free)
			if err != nil {
				return err
			}
			list = append(list, next...)
			if len(list) >= webhook.MaxSending {
				break
			}
		}
		return nil
	})
	return list, err
}

// attempt sends once and writes down what came of it. If that cannot be written the lease
// runs out and it is sent again: a receiver may get an event twice, never not at all.
func (d *dispatcher) attempt(j store.DueDelivery) {
	var result webhook.Result
	var err error
	if policy.Told(j.What.Type, j.MemberKind, j.MemberState, j.Member == j.What.Data.Object) {
		result, err = d.send(j)
	} else {
		result.Failure = failedForbidden
	}
	if err == nil {
		err = d.x.write(context.WithoutCancel(d.ctx), func(t *txn) error { return d.x.settle(t, j, result) })
	}
	if err != nil {
		d.x.Log.ErrorContext(d.ctx, "settling a webhook", "webhook", j.Webhook, "event", j.Event, "error", err)
	}
}

// send signs and posts an event with the secrets that are live.
func (d *dispatcher) send(j store.DueDelivery) (result webhook.Result, err error) {
	var row store.WebhookRow
	err = d.x.read(d.ctx, func(tx *sqldb.Tx) (err error) {
		row, _, err = store.ReadWebhook(d.ctx, tx, j.Member, j.Webhook)
		return err
	})
	if d.ctx.Err() != nil {
		return webhook.Result{Failure: webhook.Closing}, nil
	}
	if err != nil || row.ID == 0 {
		return result, err // removed in between, its deliveries with it
	}
	now := d.x.Clock()
	to, secrets, err := d.x.openWebhook(d.ctx, row, now)
	if err != nil {
		return result, err
	}
	body, err := json.Marshal(j.What)
	if err != nil {
		return result, fmt.Errorf("encoding an event: %w", err)
	}
	headers := http.Header{}
	if err := webhook.Sign(headers, j.What.ID.String(), now, body, secrets...); err != nil {
		return result, err
	}
	return d.x.Sender.Post(d.ctx, to, headers, body), nil
}

// settle writes down what came of an attempt: delivered, to be tried again, or given up.
func (x *Exchange) settle(t *txn, j store.DueDelivery, result webhook.Result) error {
	d := j.DeliveryRow
	jitter, err := webhook.Jitter(x.Random)
	if err != nil {
		return err
	}
	before := webhook.Attempt{State: d.State, Attempts: d.Attempts, First: d.First, Settled: d.Settled, Urgent: d.Urgent, Status: d.Status, Failure: webhook.Failure(d.Failure)}
	after := before.After(result, t.now, jitter)
	if result.Failure == failedForbidden {
		after.State, after.Settled, after.Due = lantern.DeliveryDead, t.now, t.now
	}
	d.State, d.Attempts, d.Due, d.Settled, d.Status, d.Failure = after.State, after.Attempts, after.Due, after.Settled, after.Status, string(after.Failure)
	mine, err := store.SettleDelivery(t.ctx, t.writing(), d)
	if err != nil {
		return fmt.Errorf("settling a delivery: %w", err)
	}
	if !mine || result.Failure == failedForbidden || result.Failure == webhook.Closing {
		return nil
	}
	return t.health(d, after)
}

// health writes how a webhook fares, and disables one that took nothing for as long as
// one delivery was tried, or that wants nothing more.
func (t *txn) health(d store.DeliveryRow, after webhook.Attempt) error {
	row, ok, err := store.ReadWebhook(t.ctx, t.Tx, d.Member, d.Webhook)
	if err != nil || !ok {
		return err
	}
	before := row.State
	webhook.Fare(&row.Webhook, after, t.now)
	if err := store.SetWebhookHealth(t.ctx, t.writing(), row); err != nil {
		return fmt.Errorf("writing how a webhook fares: %w", err)
	}
	if row.State == before {
		return nil
	}
	if row.State == lantern.WebhookDisabled {
		if err := store.BuryDeliveries(t.ctx, t.writing(), row, t.now, string(webhook.Disabled)); err != nil {
			return fmt.Errorf("giving up deliveries: %w", err)
		}
	}
	_, err = t.record(entry{kind: audit.WebhookChange, facts: facts{Object: row.ID, Owner: row.Member, State: string(row.State), Reason: row.Failure}})
	return err
}
