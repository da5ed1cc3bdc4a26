package agent

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// sweepEvery is how often the sweeper looks for what is past its time.
const sweepEvery = time.Hour

// refute notes the mark of a signal that falls. A value nobody can read was matched by
// nothing, and must not stop its own fall.
func (e *edit) refute(ctx context.Context, tx *sqldb.Tx, c *lantern.Change, row *agentstore.ReplicaRow) error {
	if row == nil || row.Kind == lantern.TacticType {
		return nil
	}
	if entry, ok, err := e.a.entry(ctx, row); err == nil && ok {
		return e.a.queue.Refute(ctx, tx, c, queue.Value{Type: entry.Type, Canonical: entry.Canonical}, row.State == lantern.Suspended, e.now)
	}
	return nil
}

// suspect has signals looked at that may say again what fell to a challenge.
func (e *edit) suspect(ctx context.Context, tx *sqldb.Tx, shared []*lantern.Signal) error {
	values := make(map[lantern.ID]queue.Value)
	for _, s := range shared {
		if r := e.ready[s.ID]; r.Readable && s.Member != e.member {
			values[s.ID] = queue.Value{Type: r.Entry.Type, Canonical: r.Entry.Canonical}
		}
	}
	return e.a.queue.Suspect(ctx, tx, shared, values, e.now)
}

// sweep deletes what is past its time. What the deletes leave in the database's files is
// overwritten afterwards.
func (a *Agent) sweep(ctx context.Context) error {
	for more := true; more; {
		var done *edit
		err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			done = a.newEdit()
			var freed bool
			if more, freed, err = a.queue.Sweep(ctx, tx, done.now); err == nil && freed {
				err = done.freed(ctx, tx)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("sweeping: %w", err)
		}
		if done.destroyed {
			a.scrub.wake()
			a.changed.wake()
		}
	}
	return nil
}
