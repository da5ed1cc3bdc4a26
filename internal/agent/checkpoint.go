package agent

import (
	"context"
	"fmt"

	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// verifyLog holds the newest checkpoint of the exchange's log to what the agent knows. A
// contradiction is a fault that stays: the feed is not followed any more, after a restart
// neither, until somebody looked into it and accepted a restore ([Agent.AcceptRestore]) or
// made the agent anew.
func (a *Agent) verifyLog(ctx context.Context) error {
	a.verifying.Lock()
	defer a.verifying.Unlock()
	if a.faultText() != "" || a.memberID() == 0 {
		return nil
	}
	fault, err := a.monitor.Verify(ctx)
	if err != nil {
		return err
	}
	if fault != "" {
		return a.setFault(ctx, fault)
	}
	a.mu.Lock()
	a.verified = a.clock()
	a.mu.Unlock()
	a.changed.wake()
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
