package agent

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// verifiedFor is how long a verification of the log is good enough to apply what a feed
// brought.
const verifiedFor = 3 * verifyEvery

// mayApply verifies the log first if that was not done for a while: whoever was away must
// not take the feed of an exchange that went back for the continuation of what it knew.
func (a *Agent) mayApply(ctx context.Context) error {
	a.mu.Lock()
	age := a.clock().Sub(a.verified)
	a.mu.Unlock()
	if age >= 0 && age < verifiedFor {
		return nil
	}
	if err := a.verifyLog(ctx); err != nil {
		return err
	}
	return a.faultErr()
}

// mayResync verifies the log and looks for restores of the exchange below what it told
// this agent, before a feed is read again from its beginning.
func (a *Agent) mayResync(ctx context.Context) error {
	if err := a.verifyLog(ctx); err != nil {
		return err
	}
	if err := a.faultErr(); err != nil {
		return err
	}
	if err := a.checkRestores(ctx); err != nil {
		return err
	}
	return a.faultErr()
}

func (a *Agent) faultErr() error {
	if fault := a.faultText(); fault != "" {
		return lantern.Errorf(lantern.Unavailable, "the feed is not followed any more: %s", fault)
	}
	return nil
}

// firstRestores remembers the exchange's restores before anything of it is read.
func (a *Agent) firstRestores(ctx context.Context) error {
	known := false
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		state, err := agentstore.LoadState(ctx, tx)
		known = state[agentstore.StateRestore] != ""
		return err
	})
	if err != nil || known {
		return err
	}
	return a.checkRestores(ctx)
}

// checkRestores raises a fault if the exchange went back below what it had told this agent.
func (a *Agent) checkRestores(ctx context.Context) error {
	fault, err := a.monitor.Restores(ctx)
	if err != nil || fault == "" {
		return err
	}
	return a.setFault(ctx, fault)
}

// AcceptRestore records that a person knows why the exchange's log went back, and has the
// agent go on from there. The exchange must prove that r.Entry is its own statement of
// the restore, and that lies within the log the agent had seen. Everything is read again; what
// was suspended here or had fallen stays so until its owner reshapes it, although the
// backup is older. Without a fault of the log that is a Conflict.
func (a *Agent) AcceptRestore(ctx context.Context, c Caller, r lantern.Restore) (lantern.Restore, error) {
	if err := c.person(); err != nil {
		return r, err
	}
	if err := r.Validate(); err != nil {
		return r, err
	}
	if a.faultText() == "" {
		if err := a.verifyLog(ctx); err != nil {
			return r, err
		}
	}
	if a.faultText() == "" {
		return r, &lantern.Error{Kind: lantern.Conflict, Reason: "the exchange's log continues what this agent has seen", Fix: "there is nothing to accept"}
	}
	a.verifying.Lock()
	defer a.verifying.Unlock()
	proof, err := a.monitor.RestoreProof(ctx, &r)
	if err != nil {
		return r, err
	}
	if err := a.goOn(ctx, c, r, proof); err != nil {
		return r, fmt.Errorf("accepting a restore: %w", err)
	}
	return r, nil
}

// goOn writes the acceptance and starts every feed again.
func (a *Agent) goOn(ctx context.Context, c Caller, r lantern.Restore, proof audit.Receipt) error {
	a.applying.Lock()
	defer a.applying.Unlock()
	// A leaf shows whole seconds; the backup may be of the same one.
	since := proof.Leaf.Time().Add(time.Second)
	now := strconv.FormatInt(agentstore.Micros(a.clock()), 10)
	fault := a.faultText()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.BarAll(ctx, tx, since); err != nil {
			return err
		}
		if err := agentstore.StartFeedsAgain(ctx, tx); err != nil {
			return err
		}
		if err := agentstore.OweAcksAgain(ctx, tx); err != nil {
			return err
		}
		for name, value := range map[string]string{
			agentstore.StateCheckpoint: string(proof.Checkpoint), agentstore.StateChecked: now,
			agentstore.StateLeaf: strconv.FormatInt(r.Entry, 10), agentstore.StateRestore: strconv.FormatInt(r.Entry, 10),
		} {
			if err := agentstore.SaveState(ctx, tx, name, value); err != nil {
				return err
			}
		}
		if err := agentstore.DropState(ctx, tx, agentstore.StateFault, fault); err != nil {
			return err
		}
		return a.record(ctx, tx, logged{audit.BackupRestored,
			map[string]any{"person": c.Person, "reason": r.Reason}, map[string]any{"entry": r.Entry, "lost": r.Lost, "fault": fault}})
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.fault, a.verified = "", a.clock()
	for _, f := range a.feeds {
		f.loaded = false
		f.generation++
	}
	a.mu.Unlock()
	a.joined.wake()
	a.acks.wake()
	a.changed.wake()
	return nil
}

// heldBack judges what the exchange says of a signal that was suspended here or had
// fallen when a restore was accepted: keep says that it stays what it was, as.
func (e *edit) heldBack(ctx context.Context, tx *sqldb.Tx, c *lantern.Change, b agentstore.BarredRow) (keep bool, as lantern.SignalState, err error) {
	s := &c.Signal
	switch {
	case s.State == lantern.Active && !s.Updated.After(b.Since):
		return true, b.State, agentstore.ShowBarred(ctx, tx, s.ID, s.Member)
	case s.State == lantern.Suspended && b.State == lantern.Withdrawn:
		return true, b.State, nil // when it is restored there, it is still not its owner's word
	}
	return false, "", agentstore.Unbar(ctx, tx, s.ID)
}
