package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/engine"
	"lantern/internal/sqldb"
)

// EngineDir is the folder of the engine's files within the agent's own.
const EngineDir = "engine"

// How often the engine is saved while it changes, and its files and the replica are read
// through. A million signals in files take 20 ms of a core, in the replica several seconds.
const (
	saveEvery    = 30 * time.Second
	filesEvery   = 2 * time.Minute
	replicaEvery = 24 * time.Hour
)

// openEngine brings the engines to what the database says. Values that cannot be opened are
// asked for again: every feed starts from its beginning, and until it was read to its end
// the agent says that it cannot look.
func (a *Agent) openEngine(ctx context.Context, state map[string]string) error {
	name := state[agentstore.StateEngine]
	if name == "" || a.back {
		id, err := a.newID()
		if err != nil {
			return err
		}
		name = id.String()
		if err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.SaveState(ctx, tx, agentstore.StateEngine, name) }); err != nil {
			return fmt.Errorf("naming the engine's files: %w", err)
		}
	}
	a.keeper = &engine.Keeper{
		DB: a.db, Dir: filepath.Join(a.dir, EngineDir), Held: a.held, Log: a.log, Clock: a.clock, Applying: &a.applying,
		// The engine's digests are under a key of this installation, which never leaves it.
		Key:   a.sealer.Index("agent/engine"),
		Rules: func() string { return engine.Rules(a.memberID(), a.matchOwn) }, Entry: a.entry,
		Matchable: func(row *agentstore.ReplicaRow) bool {
			return row.Kind != lantern.TacticType && a.matchable(row.Member, a.memberID(), row.Expires, a.clock())
		},
	}
	found, err := a.keeper.Open(ctx, name, a.back)
	if err != nil {
		return err
	}
	a.engine = a.keeper.Engine
	for _, id := range found.Unread {
		a.unread[id] = true // nobody else has the agent yet
	}
	if found.Damaged > 0 {
		a.log.Error("values of the replica cannot be opened; loading the feeds again", "signals", found.Damaged)
	}
	if found.Damaged > 0 || a.back {
		return a.reload(ctx)
	}
	return nil
}

// keepEngine saves the engine, and fills it anew if some of it was damaged.
func (a *Agent) keepEngine(ctx context.Context) error {
	mended, err := a.keeper.Mend(ctx)
	if mended {
		a.changed.wake()
	}
	return errors.Join(err, a.saveEngine(ctx))
}

// saveEngine saves the engine, but not what it lacks while an older database is read anew.
func (a *Agent) saveEngine(ctx context.Context) error {
	a.mu.Lock()
	back := a.back
	a.mu.Unlock()
	if back {
		return nil
	}
	return a.keeper.Save(ctx)
}

// checkFiles reads the engine's files through. A damaged one is out at once, which answers
// say, and is made anew.
func (a *Agent) checkFiles(ctx context.Context) error {
	whole, err := a.keeper.Check(ctx)
	if !whole {
		a.files.wake()
		a.changed.wake()
	}
	return err
}

// checkReplica reads the replica through, which a start does not. Values that cannot be
// opened are asked for again.
func (a *Agent) checkReplica(ctx context.Context) error {
	damaged := 0
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		damaged = 0
		return agentstore.EachRow(ctx, tx, func(row *agentstore.ReplicaRow) error {
			if len(row.Sealed) == 0 {
				return nil
			}
			if _, err := a.unseal(ctx, row); err != nil {
				damaged++
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return fmt.Errorf("checking the replica: %w", err)
	}
	if damaged == 0 {
		return nil
	}
	a.log.Error("values of the replica cannot be opened; loading the feeds again", "signals", damaged)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.feeds {
		f.again = true // by whoever reads the feed: a page may be on its way
	}
	return nil
}
