package agent

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/fair"
	"lantern/internal/sqldb"
)

// How long to rest after overwriting freed bytes, for each second it took, and at most.
const (
	restFactor  = 20
	longestRest = 10 * time.Minute
)

// sendAcks sends every acknowledgement that is true here and not yet taken. One the
// exchange does not expect, because the member never received the signal, is settled too.
func (a *Agent) sendAcks(ctx context.Context) error {
	// An owed ack is committed before the engine followed; wait until it did.
	a.applying.Lock()
	var due []agentstore.AckRow
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		due, err = agentstore.LoadAcks(ctx, tx, true)
		return err
	})
	a.applying.Unlock()
	if err != nil {
		return fmt.Errorf("reading owed acknowledgements: %w", err)
	}
	// A purge says that the signal is masked too: one that came first would leave no entry of when it was.
	correction := func(ack agentstore.AckRow) lantern.ID { return ack.Correction }
	failed := fair.InTurn(due, correction, func(ack agentstore.AckRow) error { return a.sendAck(ctx, ack) })
	if len(due) > 0 {
		a.changed.wake()
	}
	return failed
}

// sendAck sends one acknowledgement and notes that it was taken.
func (a *Agent) sendAck(ctx context.Context, ack agentstore.AckRow) error {
	correction, err := a.exchange.Acknowledge(ctx, ack.Ack)
	kind := lantern.KindOf(err)
	if unowed := kind == lantern.NotFound || kind == lantern.Forbidden; err != nil && (ack.Known || !unowed) {
		return fmt.Errorf("acknowledging correction %s: %w", ack.Correction, err)
	}
	now := a.clock()
	var done *edit
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		gone, err := agentstore.SettleRefuted(ctx, tx, ack.Correction, correction.Kind)
		if err == nil && gone {
			err = done.freed(ctx, tx)
		}
		if err != nil {
			return err
		}
		return agentstore.SettleAck(ctx, tx, ack.Ack, correction.Kind, now)
	})
	if err != nil {
		return fmt.Errorf("recording an acknowledgement: %w", err)
	}
	if done.destroyed {
		a.scrub.wake()
	}
	return nil
}

// scrubFreed destroys freed bytes, and then rests.
func (a *Agent) scrubFreed(ctx context.Context) error {
	took, err := a.scrubOnce(ctx)
	if err != nil || took == 0 {
		return err
	}
	a.acks.wake()
	// Rewriting a large replica stops its writers for seconds; corrections that come
	// together share the next run. Purging is due within a day.
	sleep(ctx, min(restFactor*took, longestRest), nil)
	return nil
}

// scrubOnce overwrites the bytes that deleted values and keys left in the database's
// files; only then the purges are true and may be acknowledged. What is owed is read
// before the overwriting begins, so that a purge that comes meanwhile waits for the next
// run. It returns how long it took, 0 if there was nothing to overwrite.
func (a *Agent) scrubOnce(ctx context.Context) (took time.Duration, err error) {
	var freed []agentstore.AckRow
	var mark string
	err = a.db.Read(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil {
			return err
		}
		mark = state[agentstore.StateFreed]
		freed, err = agentstore.LoadAcks(ctx, tx, false)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reading owed purges: %w", err)
	}
	if mark == "" && len(freed) == 0 {
		return 0, nil
	}
	start := time.Now()
	if err := a.engine.Purge(ctx); err != nil {
		return 0, fmt.Errorf("overwriting what the engine's files held: %w", err)
	}
	if err := a.db.Scrub(ctx, "replica", "secret"); err != nil {
		return 0, fmt.Errorf("overwriting freed bytes: %w", err)
	}
	took = max(time.Since(start), 1)
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, ack := range freed {
			if err := agentstore.ReadyAck(ctx, tx, ack.Ack); err != nil {
				return err
			}
		}
		return agentstore.DropState(ctx, tx, agentstore.StateFreed, mark)
	})
	if err != nil {
		return 0, fmt.Errorf("recording purges: %w", err)
	}
	return took, nil
}

// readOwed asks the exchange which corrections this member has not acknowledged, and
// takes up those that no feed will bring: of signals sent before a program was left, or
// to an agent that is no more. Of a signal that is held the feed brings the tombstone.
func (a *Agent) readOwed(ctx context.Context) error {
	if a.memberID() == 0 {
		return nil
	}
	a.mu.Lock()
	a.losing = false // until the list says so again
	a.mu.Unlock()
	list, err := a.exchange.OwedCorrections(ctx)
	if err != nil {
		return fmt.Errorf("reading what is owed: %w", err)
	}
	for _, c := range list {
		if err := a.takeUp(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// takeUp owes the acknowledgements of a correction, unless that is known or the feed's business.
func (a *Agent) takeUp(ctx context.Context, c lantern.Correction) error {
	a.applying.Lock()
	defer a.applying.Unlock()
	var done *edit
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		if c.Kind == lantern.CorrectionNarrowed {
			return done.lose(ctx, tx, c)
		}
		_, known, err := agentstore.LoadTask(ctx, tx, c.ID)
		if err != nil || known {
			return err
		}
		held, err := agentstore.LoadReplica(ctx, tx, []lantern.ID{c.Signal})
		if err != nil || held[c.Signal] != nil {
			return err
		}
		done.destroyed = true // or was, by whatever deleted it; the purge waits for the bytes
		state := lantern.Withdrawn
		if c.Kind == lantern.CorrectionErased {
			state = lantern.Erased
		}
		return done.owe(ctx, tx, &lantern.Change{Signal: lantern.Signal{ID: c.Signal, State: state}, Correction: c.ID}, true, false)
	})
	if err != nil {
		return fmt.Errorf("taking up a correction: %w", err)
	}
	a.finish(done)
	return nil
}
