package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// coverWithin is how long a disclosure may be missing from the exchange's checkpoints. A
// replica of the exchange may lag for a moment; a log that leaves entries out lags forever.
const coverWithin = time.Minute

// verifyLog fetches the newest checkpoint and holds it to what the agent knows: it must
// be signed by the pinned key, continue the newest checkpoint seen, and cover every entry
// the agent was told of. A contradiction is a fault that stays: the feed is not followed
// any more, after a restart neither, until somebody looked into it and accepted a restore
// ([Agent.AcceptRestore]) or made the agent anew.
func (a *Agent) verifyLog(ctx context.Context) error {
	a.verifying.Lock()
	defer a.verifying.Unlock()
	if a.faultText() != "" || a.memberID() == 0 {
		return nil
	}
	var state map[string]string
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		state, err = agentstore.LoadState(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what was verified: %w", err)
	}
	key, err := a.pinnedKey(ctx, state[agentstore.StateLogKey])
	if err != nil {
		return err
	}
	signed, err := a.exchange.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("fetching a checkpoint: %w", err)
	}
	newest, err := audit.OpenCheckpoint(signed, key)
	if err != nil {
		return a.setFault(ctx, "a checkpoint of the exchange's log is not signed by the pinned key")
	}
	if state[agentstore.StateCheckpoint] != "" {
		seen, err := audit.OpenCheckpoint([]byte(state[agentstore.StateCheckpoint]), key)
		if err != nil {
			return a.setFault(ctx, "the newest checkpoint seen is not signed by the pinned key")
		}
		if err := a.continues(ctx, seen, newest); err != nil {
			return err
		}
	}
	if a.faultText() != "" {
		return nil
	}
	if err := a.keepCheckpoint(ctx, state, string(signed), newest.Size); err != nil {
		return err
	}
	a.mu.Lock()
	a.verified = a.clock()
	a.mu.Unlock()
	a.changed.wake()
	return nil
}

// openCheckpoint opens the newest checkpoint seen.
func openCheckpoint(state map[string]string) (audit.Checkpoint, error) {
	return audit.OpenCheckpoint([]byte(state[agentstore.StateCheckpoint]), state[agentstore.StateLogKey])
}

// pinnedKey returns the key the log is verified with. Without one configured the first
// the exchange gives is pinned: trust on first use.
func (a *Agent) pinnedKey(ctx context.Context, pinned string) (string, error) {
	key := a.logKey
	if key == "" && pinned == "" {
		var err error
		if key, err = a.exchange.LogKey(ctx); err != nil {
			return "", fmt.Errorf("fetching the log's key: %w", err)
		}
	}
	if key == "" || key == pinned {
		return pinned, nil
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.SaveState(ctx, tx, agentstore.StateLogKey, key) })
	if err != nil {
		return "", fmt.Errorf("pinning the log's key: %w", err)
	}
	return key, nil
}

// continues checks that a checkpoint continues the newest one seen, and raises a fault if
// it does not. An error means that this could not be found out.
func (a *Agent) continues(ctx context.Context, seen, newest audit.Checkpoint) error {
	if newest.Origin != seen.Origin {
		return a.setFault(ctx, "the exchange's log has another origin than before")
	}
	var proof []audit.Hash
	if newest.Size > seen.Size && seen.Size > 0 {
		var err error
		proof, err = a.exchange.Consistency(ctx, seen.Size, newest.Size)
		if kind := lantern.KindOf(err); err != nil && kind != lantern.Invalid && kind != lantern.NotFound {
			return fmt.Errorf("fetching a consistency proof: %w", err)
		}
	}
	err := audit.VerifyConsistency(proof, seen.Size, seen.Root, newest.Size, newest.Root)
	switch {
	case errors.Is(err, audit.ErrOlder):
		return a.setFault(ctx, fmt.Sprintf("the exchange's log went back from %d to %d entries", seen.Size, newest.Size))
	case err != nil:
		return a.setFault(ctx, fmt.Sprintf("the exchange's log of %d entries does not continue the one of %d entries seen before", newest.Size, seen.Size))
	}
	return nil
}

// keepCheckpoint makes a verified checkpoint the newest seen, and raises a fault if it
// goes on not to cover a disclosure.
func (a *Agent) keepCheckpoint(ctx context.Context, before map[string]string, signed string, size int64) error {
	now := a.clock()
	leaf, err := strconv.ParseInt(before[agentstore.StateLeaf], 10, 64)
	covered := err != nil || leaf < size
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SaveState(ctx, tx, agentstore.StateCheckpoint, signed); err != nil {
			return err
		}
		if !covered {
			return nil // keeps the time of the last checkpoint that covered everything
		}
		return agentstore.SaveState(ctx, tx, agentstore.StateChecked, strconv.FormatInt(agentstore.Micros(now), 10))
	})
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	checked, _ := strconv.ParseInt(before[agentstore.StateChecked], 10, 64)
	if !covered && checked != 0 && now.Sub(agentstore.FromMicros(checked)) > coverWithin {
		return a.setFault(ctx, fmt.Sprintf("the exchange's log of %d entries leaves out entry %d, a disclosure to this agent", size, leaf))
	}
	return nil
}

// setFault stops the feeds for good.
func (a *Agent) setFault(ctx context.Context, what string) error {
	a.log.Error("the exchange's log contradicts itself", "fault", what)
	// Kept first and in any case: an agent that is being stopped must not forget it.
	ctx = context.WithoutCancel(ctx)
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.SaveState(ctx, tx, agentstore.StateFault, what) })
	a.mu.Lock()
	a.fault = what
	a.mu.Unlock()
	a.joined.wake()
	a.changed.wake()
	if err != nil {
		return fmt.Errorf("recording a fault of the log: %w", err)
	}
	return nil
}

func (a *Agent) faultText() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fault
}
