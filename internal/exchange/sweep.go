package exchange

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/store"
)

// How long things are kept after they ended.
const (
	tombstoneLife = 90 * 24 * time.Hour // feed entries and sealed values of fallen signals
	answerLife    = 24 * time.Hour      // remembered answers
	sweepBatch    = 500                 // signals of one transaction
)

// sweepLoop looks after time: expiry, deadlines, erasure.
func (x *Exchange) sweepLoop() {
	for x.ctx.Err() == nil {
		if x.fence.err() != nil {
			x.pause(x.SweepEvery)
			continue
		}
		if err := x.Sweep(x.ctx); err != nil && x.ctx.Err() == nil {
			x.Log.ErrorContext(x.ctx, "sweeping", "error", err)
		}
		x.pause(x.SweepEvery)
	}
}

// Sweep does what is due now: ends expired signals, passes unanswered challenges on to a
// dispute officer, erases what ended long ago, purges old tombstones and memories. It
// may run at any time and in several processes at once.
func (x *Exchange) Sweep(ctx context.Context) error {
	for _, step := range []func(*txn) (int, error){x.expireDue, x.passLate, x.remindLate, x.eraseFallen, x.purgeOld, x.purgeEvents} {
		for {
			var n int
			if err := x.write(ctx, func(t *txn) (err error) { n, err = step(t); return err }); err != nil {
				return err
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return nil
}

// expireDue ends signals whose time ran out.
func (x *Exchange) expireDue(t *txn) (int, error) {
	due, err := store.Due(t.ctx, t.Tx, t.now, sweepBatch)
	if err != nil {
		return 0, err
	}
	for _, row := range due {
		if err := x.turn(t, row, lantern.Expired, entry{kind: audit.Expire}); err != nil {
			return 0, err
		}
		if err := x.orphan(t, row.ID); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// passLate passes challenges on whose sharer let its time pass.
func (x *Exchange) passLate(t *txn) (int, error) {
	late, err := store.LateChallenges(t.ctx, t.Tx, t.now)
	if err != nil {
		return 0, err
	}
	for _, c := range late {
		since := t.now
		if c.Imminent {
			since = c.Deadline // the hour does not grow because somebody looked late
		}
		move, err := policy.Step(c.State, policy.Clock, "", c.Imminent, since)
		if err != nil {
			return 0, fmt.Errorf("passing challenge %s on: %w", c.ID, err)
		}
		if _, err := x.move(t, policy.Actor{}, c, move, ""); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// eraseFallen erases signals that ended longer ago than tombstones are kept.
func (x *Exchange) eraseFallen(t *txn) (int, error) {
	old, err := store.Fallen(t.ctx, t.Tx, t.now.Add(-tombstoneLife), sweepBatch)
	if err != nil {
		return 0, err
	}
	for _, row := range old {
		if err := x.erase(t, row); err != nil {
			return 0, err
		}
		if _, err := t.record(entry{kind: audit.Erase, facts: facts{Signal: row.ID, Owner: row.Member, Reason: "retention"}}); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// purgeEvents forgets events that are too old to be replayed.
func (x *Exchange) purgeEvents(t *txn) (int, error) {
	return 0, store.PurgeEvents(t.ctx, t.writing(), t.now.Add(-eventLife))
}

// purgeOld drops old tombstones, raising the horizon of their feeds, and old memories.
func (x *Exchange) purgeOld(t *txn) (int, error) {
	horizons, err := store.PurgeTombstones(t.ctx, t.writing(), t.now.Add(-tombstoneLife))
	if err != nil {
		return 0, err
	}
	for program, seq := range horizons {
		head := t.heads[program]
		if head == nil {
			read, _, err := store.ReadHead(t.ctx, t.Tx, program, true)
			if err != nil {
				return 0, err
			}
			head = &read
			t.heads[program] = head
		}
		head.Horizon = max(head.Horizon, seq)
		if _, err := t.record(entry{kind: audit.Erase, facts: facts{Programs: []lantern.ID{program}, Reason: "tombstones"}}); err != nil {
			return 0, err
		}
	}
	if err := store.ForgetAnswers(t.ctx, t.writing(), t.now.Add(-answerLife)); err != nil {
		return 0, err
	}
	return 0, store.DropMarkers(t.ctx, t.writing(), t.now)
}
