package monitor

import (
	"context"
	"fmt"
	"strconv"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Restores returns a fault if the exchange went back below a log entry it had told this
// agent of, and "" if not. It remembers the newest restore, so that each is looked at once.
func (m *Monitor) Restores(ctx context.Context) (fault string, err error) {
	list, err := m.Exchange.Restores(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the exchange's restores: %w", err)
	}
	newest := int64(-1)
	if n := len(list); n > 0 {
		newest = list[n-1].Entry
	}
	var back bool
	var told int64
	err = m.DB.Write(ctx, func(tx *sqldb.Tx) error {
		back = false
		state, err := agentstore.LoadState(ctx, tx)
		if err != nil {
			return err
		}
		// The very first look, before anything was read, only remembers.
		known, looked := strconv.ParseInt(state[agentstore.StateRestore], 10, 64)
		told, err = strconv.ParseInt(state[agentstore.StateLeaf], 10, 64)
		if looked == nil && err == nil && newest > known && newest <= told {
			back = true
			return nil
		}
		return agentstore.SaveState(ctx, tx, agentstore.StateRestore, strconv.FormatInt(newest, 10))
	})
	if err != nil {
		return "", fmt.Errorf("remembering the exchange's restores: %w", err)
	}
	if back {
		return fmt.Sprintf("the exchange went back to a backup of %d entries, and had told this agent of entry %d", newest, told), nil
	}
	return "", nil
}

// RestoreProof has the exchange prove that it logged a restore below what was seen of its log.
// It returns the proof, and fills in how many entries were lost and when that was accepted:
// now. What does not explain a fault is a Conflict.
func (m *Monitor) RestoreProof(ctx context.Context, r *lantern.Restore) (proof audit.Receipt, err error) {
	state, key, err := m.known(ctx)
	if err != nil {
		return proof, err
	}
	text, err := m.Exchange.Receipt(ctx, r.Entry)
	if err != nil {
		return proof, fmt.Errorf("fetching the proof of the restore: %w", err)
	}
	refuse := func(reason string) error {
		return &lantern.Error{Kind: lantern.Conflict, Field: "/entry", Reason: reason, Fix: "ask the exchange's operator for the number of the log entry that records the restore"}
	}
	proof, _, err = audit.VerifyProof(text, key)
	switch {
	case err != nil:
		return proof, refuse("the exchange's log does not prove that entry")
	case proof.Leaf.Kind() != audit.BackupRestored:
		return proof, refuse("that entry records no restore")
	}
	var seen int64
	if c, err := Newest(state); err == nil {
		seen = c.Size
	}
	if leaf, err := strconv.ParseInt(state[agentstore.StateLeaf], 10, 64); err == nil {
		seen = max(seen, leaf+1)
	}
	if r.Entry >= seen {
		return proof, refuse("that restore lost nothing this agent has seen, so it does not explain the fault")
	}
	r.Lost, r.Accepted = seen-r.Entry, m.Clock()
	return proof, nil
}
