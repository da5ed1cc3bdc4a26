package agent

import (
	"context"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// Quarantine returns the signals whose matches wait outside the queue, the first first, each
// with a sample of the hits that are kept.
func (a *Agent) Quarantine(ctx context.Context) ([]lantern.Quarantine, error) {
	var all []lantern.Quarantine
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = queue.List(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the quarantine: %w", err)
	}
	return all, nil
}

// Release lets a quarantined signal hit again, on a person's decision, which is recorded in
// the agent's own log. What lies in quarantine enters the queue or is deleted. The guard
// trips again only at twice of what made it trip. The sharer is told nothing: that is
// for a person to do, by feedback or a challenge. Releasing twice is a NotFound.
func (a *Agent) Release(ctx context.Context, c Caller, signal lantern.ID, r lantern.QuarantineRelease) error {
	if err := c.person(); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	a.applying.Lock() // the engine may have to follow
	defer a.applying.Unlock()
	var done *edit
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		done = a.newEdit()
		if err := done.release(ctx, tx, c, signal, r); err != nil {
			return err
		}
		return done.arrive(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("releasing a signal: %w", err)
	}
	a.finish(done)
	return nil
}

func (e *edit) release(ctx context.Context, tx *sqldb.Tx, c Caller, signal lantern.ID, r lantern.QuarantineRelease) error {
	if r.Hits == lantern.DropHits { // unlike those that enter the queue, nobody will decide them
		if err := e.a.desk.MayDecide(ctx, tx, c.actor(), []lantern.ID{signal}, ""); err != nil {
			return err
		}
	}
	done, err := queue.Release(ctx, tx, signal, r, e.now)
	if err != nil {
		return err
	}
	if err := e.enter(ctx, done.Row); err != nil {
		return err
	}
	if done.Lost { // a hunt finds them again if it looks for the signal once more
		if _, err := agentstore.Depart(ctx, tx, []lantern.ID{signal}); err != nil {
			return err
		}
	}
	if err := e.a.queue.TellRestored(ctx, tx, e.now, []lantern.ID{signal}); err != nil {
		return err
	}
	return e.a.record(ctx, tx, logged{audit.Decide, map[string]any{"person": c.Person, "reason": r.Reason}, done.Facts})
}
