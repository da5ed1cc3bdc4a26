package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

const (
	sweepBatch = 200                   // rows of one transaction
	expirePart = 50                    // signals that are ended together, in few statements
	sweepTime  = 40 * time.Millisecond // after which a transaction makes room for other writers
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
// may run at any time and in several processes at once. However much there is to do, it
// is done in small transactions, between which others write.
func (x *Exchange) Sweep(ctx context.Context) error {
	for _, step := range []func(*txn) (int, error){x.expireDue, x.passLate, x.remindLate, x.eraseFallen, x.purgeTombstones, x.purgeMemories} {
		for n := 1; n > 0; {
			if err := x.write(ctx, func(t *txn) (err error) { n, err = step(t); return err }); err != nil {
				return err
			}
		}
	}
	x.swept.Store(x.Clock().UnixMicro())
	return nil
}

// inTime runs fn for the items of a list until the transaction has lasted long enough, and
// reports for how many.
func inTime[T any](list []T, fn func(T) error) (n int, err error) {
	for began := time.Now(); n < len(list) && time.Since(began) < sweepTime && err == nil; n++ {
		err = fn(list[n])
	}
	return n, err
}

// expireDue ends signals whose time ran out.
func (x *Exchange) expireDue(t *txn) (int, error) {
	due, err := store.Due(t.ctx, t.Tx, t.now, sweepBatch)
	if err != nil {
		return 0, err
	}
	return inTime(slices.Collect(slices.Chunk(due, expirePart)), func(rows []store.SignalRow) error { return x.expire(t, rows) })
}

// expire ends signals whose time ran out.
func (x *Exchange) expire(t *txn, rows []store.SignalRow) error {
	if err := x.turnAll(t, rows, lantern.Expired, entry{kind: audit.Expire}); err != nil {
		return err
	}
	ids := make([]lantern.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return x.orphan(t, ids)
}

// passLate passes challenges on whose sharer let its time pass.
func (x *Exchange) passLate(t *txn) (int, error) {
	late, err := store.LateChallenges(t.ctx, t.Tx, t.now, sweepBatch)
	if err != nil {
		return 0, err
	}
	return inTime(late, func(c store.ChallengeRow) error {
		since := t.now
		if c.Imminent {
			since = c.Deadline // the hour does not grow because somebody looked late
		}
		move, err := policy.Step(c.State, policy.Clock, "", c.Imminent, since)
		if err != nil {
			return fmt.Errorf("passing challenge %s on: %w", c.ID, err)
		}
		_, err = x.move(t, policy.Actor{}, c, move, "")
		return err
	})
}

// eraseFallen erases signals that ended longer ago than tombstones are kept.
func (x *Exchange) eraseFallen(t *txn) (int, error) {
	old, err := store.Fallen(t.ctx, t.Tx, t.now.Add(-policy.TombstoneLife), sweepBatch)
	if err != nil {
		return 0, err
	}
	return inTime(old, func(row store.SignalRow) error {
		if err := x.erase(t, row); err != nil {
			return err
		}
		_, err := t.record(entry{kind: audit.Erase, facts: facts{Signal: row.ID, Owner: row.Member, Reason: "retention"}})
		return err
	})
}

// purgeTombstones drops old tombstones, raising the horizon of their feeds.
func (x *Exchange) purgeTombstones(t *txn) (int, error) {
	n, horizons, err := store.PurgeTombstones(t.ctx, t.writing(), t.now.Add(-policy.TombstoneLife), sweepBatch)
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
	return n, nil
}

// purgeMemories forgets what was kept for repetition: answers, events, marks, secrets.
func (x *Exchange) purgeMemories(t *txn) (int, error) {
	tx := t.writing()
	answers, e1 := store.ForgetAnswers(t.ctx, tx, t.now.Add(-policy.AnswerLife), sweepBatch)
	events, e2 := store.PurgeEvents(t.ctx, tx, t.now.Add(-policy.EventLife), sweepBatch)
	marks, e3 := store.DropMarkers(t.ctx, tx, t.now, sweepBatch)
	secrets, e4 := store.DropSecrets(t.ctx, tx, t.now, sweepBatch)
	return answers + events + marks + secrets, errors.Join(e1, e2, e3, e4)
}

// Overdue counts, by kind, what is past its time and was not dealt with yet although the
// sweeper should have been there: all zero, unless something is wrong.
func (x *Exchange) Overdue(ctx context.Context) (counts map[string]int, err error) {
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		counts, err = store.Overdue(ctx, tx, x.Clock().Add(-policy.SweepGrace))
		return err
	})
	return counts, err
}

// Status tells the steward how the exchange stands.
func (x *Exchange) Status(ctx context.Context, a policy.Actor) (s lantern.ExchangeStatus, err error) {
	if err := policy.Can(a, policy.ReadStatus, x.Clock()); err != nil {
		return s, err
	}
	if at := x.swept.Load(); at > 0 {
		s.Swept = time.UnixMicro(at).UTC()
	}
	v, err := x.sealing(ctx)
	if err != nil {
		return s, err
	}
	s.Sealing = lantern.Sealing{Key: v.KEK, Begun: v.Begun, Done: v.Done}
	s.Overdue, err = x.Overdue(ctx)
	return s, err
}
