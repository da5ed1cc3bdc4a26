// Package monitor holds an exchange's log to what an agent has seen of it: a monitor as RFC 9162,
// section 8.2, has it, of one reader for itself. Every checkpoint must be signed by the pinned
// key, continue the newest one seen, and soon cover every entry the agent was told of. A
// contradiction is returned as a fault; what becomes of it is the agent's affair
// (docs/design/006-agent.md).
package monitor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// coverWithin is how long a disclosure may be missing from the exchange's checkpoints. A
// replica of the exchange may lag for a moment; a log that leaves entries out lags forever.
const coverWithin = time.Minute

// Monitor watches the log of one exchange. What it has seen stands in the agent's database.
// Whoever calls it orders its calls: checkpoints must be kept in the order they were fetched.
type Monitor struct {
	DB       *sqldb.DB
	Exchange *client.Client
	Key      string // verifier key of the log; "": the one the exchange gives first is pinned
	Clock    func() time.Time
}

// Verify fetches the newest checkpoint, holds it to what was seen and keeps it. It returns
// how the log contradicts itself, "" if it does not. An error means that this could not be
// found out.
func (m *Monitor) Verify(ctx context.Context) (fault string, err error) {
	state, key, err := m.known(ctx)
	if err != nil {
		return "", err
	}
	signed, err := m.Exchange.Checkpoint(ctx)
	if err != nil {
		return "", fmt.Errorf("fetching a checkpoint: %w", err)
	}
	newest, err := audit.OpenCheckpoint(signed, key)
	if err != nil {
		return "a checkpoint of the exchange's log is not signed by the pinned key", nil
	}
	if state[agentstore.StateCheckpoint] != "" {
		seen, err := audit.OpenCheckpoint([]byte(state[agentstore.StateCheckpoint]), key)
		if err != nil {
			return "the newest checkpoint seen is not signed by the pinned key", nil
		}
		if fault, err := m.continues(ctx, seen, newest); fault != "" || err != nil {
			return fault, err
		}
	}
	return m.keep(ctx, state, string(signed), newest.Size)
}

// known returns what was seen, and the key the log is verified with.
func (m *Monitor) known(ctx context.Context) (state map[string]string, key string, err error) {
	err = m.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		state, err = agentstore.LoadState(ctx, tx)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("reading what was verified: %w", err)
	}
	key, err = m.pinnedKey(ctx, state[agentstore.StateLogKey])
	return state, key, err
}

// Newest opens the newest checkpoint seen, of what [agentstore.LoadState] returned.
func Newest(state map[string]string) (audit.Checkpoint, error) {
	return audit.OpenCheckpoint([]byte(state[agentstore.StateCheckpoint]), state[agentstore.StateLogKey])
}

// pinnedKey returns the key the log is verified with. Without one configured the first
// the exchange gives is pinned: trust on first use.
func (m *Monitor) pinnedKey(ctx context.Context, pinned string) (string, error) {
	key := m.Key
	if key == "" && pinned == "" {
		var err error
		if key, err = m.Exchange.LogKey(ctx); err != nil {
			return "", fmt.Errorf("fetching the log's key: %w", err)
		}
	}
	if key == "" || key == pinned {
		return pinned, nil
	}
	err := m.DB.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.SaveState(ctx, tx, agentstore.StateLogKey, key) })
	if err != nil {
		return "", fmt.Errorf("pinning the log's key: %w", err)
	}
	return key, nil
}

// continues checks that a checkpoint continues the newest one seen.
func (m *Monitor) continues(ctx context.Context, seen, newest audit.Checkpoint) (fault string, err error) {
	if newest.Origin != seen.Origin {
		return "the exchange's log has another origin than before", nil
	}
	var proof []audit.Hash
	if newest.Size > seen.Size && seen.Size > 0 {
		proof, err = m.Exchange.Consistency(ctx, seen.Size, newest.Size)
		if kind := lantern.KindOf(err); err != nil && kind != lantern.Invalid && kind != lantern.NotFound {
			return "", fmt.Errorf("fetching a consistency proof: %w", err)
		}
	}
	err = audit.VerifyConsistency(proof, seen.Size, seen.Root, newest.Size, newest.Root)
	switch {
	case errors.Is(err, audit.ErrOlder):
		return fmt.Sprintf("the exchange's log went back from %d to %d entries", seen.Size, newest.Size), nil
	case err != nil:
		return fmt.Sprintf("the exchange's log of %d entries does not continue the one of %d entries seen before", newest.Size, seen.Size), nil
	}
	return "", nil
}

// keep makes a verified checkpoint the newest seen. It is a fault if they go on not to
// cover a disclosure.
func (m *Monitor) keep(ctx context.Context, before map[string]string, signed string, size int64) (fault string, err error) {
	now := m.Clock()
	leaf, err := strconv.ParseInt(before[agentstore.StateLeaf], 10, 64)
	covered := err != nil || leaf < size
	err = m.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.SaveState(ctx, tx, agentstore.StateCheckpoint, signed); err != nil {
			return err
		}
		if !covered {
			return nil // keeps the time of the last checkpoint that covered everything
		}
		return agentstore.SaveState(ctx, tx, agentstore.StateChecked, strconv.FormatInt(agentstore.Micros(now), 10))
	})
	if err != nil {
		return "", fmt.Errorf("keeping a checkpoint: %w", err)
	}
	checked, _ := strconv.ParseInt(before[agentstore.StateChecked], 10, 64)
	if !covered && checked != 0 && now.Sub(agentstore.FromMicros(checked)) > coverWithin {
		return fmt.Sprintf("the exchange's log of %d entries leaves out entry %d, a disclosure to this agent", size, leaf), nil
	}
	return "", nil
}
