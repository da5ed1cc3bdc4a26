package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lantern/internal/agentstore"
	"lantern/internal/mend"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// A damaged database. What the feeds brought is taken out and read again; until then the
// agent says that it cannot look. Of hits, cases and decisions, which nobody else has,
// everything is kept that can be read, and the status says of which tables that is not all.

// DatabaseFile is the file of the database within the agent's folder.
const DatabaseFile = "agent.db"

// hurtFile says, beside the database, that it was found damaged: the next start mends it.
const hurtFile = "agent.damaged"

// fetched are the tables that the feeds fill.
var fetched = []string{"replica", "secret", "placement"}

// database is the URL of the database in a file. Each of its connections may keep 4 MB of the
// file at hand: an agent that was asked much has one for each that asked at once, and what
// they keep is most of what it holds in memory.
func database(path string) string { return "sqlite:" + path + "?cache_size=-4096" }

// heed notes that the database was found damaged.
func (a *Agent) heed(err error) {
	if a.hurt.Swap(true) {
		return
	}
	a.log.Error("the agent's database is damaged; it is mended at the next start", "error", err)
	if err := os.WriteFile(filepath.Join(a.dir, hurtFile), nil, 0o600); err != nil {
		a.log.Error("the damage cannot be noted", "error", err)
	}
	a.changed.wake()
}

// stillThere notes that the file of the database was removed, or another put into its place,
// while the agent writes to the one that was there.
func (a *Agent) stillThere(context.Context) error {
	info, err := os.Stat(filepath.Join(a.dir, DatabaseFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	gone := err != nil || !os.SameFile(info, a.file)
	a.mu.Lock()
	changed := a.gone != gone
	a.gone = gone
	a.mu.Unlock()
	if changed {
		a.log.Error("whether the database's file is the one this agent writes changed", "removed or replaced", gone)
		a.changed.wake()
	}
	return nil
}

// wasHurt reports whether the database was found damaged before.
func (a *Agent) wasHurt() (bool, error) {
	_, err := os.Stat(filepath.Join(a.dir, hurtFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// open opens the database and brings memory to what it says; one that is damaged is mended
// first. Damage that is met later is heeded, whatever meets it.
func (a *Agent) open(ctx context.Context) error {
	err := a.openMended(ctx)
	if err == nil {
		a.db.Watch(a.heed)
	}
	return err
}

// openMended opens it.
func (a *Agent) openMended(ctx context.Context) error {
	path := filepath.Join(a.dir, DatabaseFile)
	if err := mend.Finish(path); err != nil {
		return fmt.Errorf("mending the agent's database: %w", err)
	}
	hurt, err := a.wasHurt()
	if err != nil {
		return err
	}
	if a.db, err = sqldb.Open(ctx, database(path)); err != nil {
		return fmt.Errorf("opening the agent's database: %w", mend.Beyond(path, err))
	}
	found := "noted before this start"
	if !hurt {
		if err = a.start(ctx); !sqldb.Damaged(err) {
			return err
		}
		found = err.Error()
	}
	a.log.Error("the agent's database is damaged and is being mended; every feed is read again", "found", found)
	if err := a.mend(ctx, path); err != nil {
		return fmt.Errorf("mending the agent's database: %w", mend.Beyond(path, err))
	}
	if a.db, err = sqldb.Open(ctx, database(path)); err != nil {
		return fmt.Errorf("opening the mended database: %w", err)
	}
	return a.start(ctx)
}

// mend puts what can be read into a fresh database, and closes the damaged one.
func (a *Agent) mend(ctx context.Context, path string) error {
	err := mend.Replace(path, func(fresh string) error {
		to, err := sqldb.Open(ctx, database(fresh))
		if err != nil {
			return err
		}
		return errors.Join(a.salvage(ctx, to), to.Close(), a.db.Close())
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(a.dir, hurtFile))
}

// salvage fills a fresh database.
func (a *Agent) salvage(ctx context.Context, to *sqldb.DB) error {
	partial, err := mend.Copy(ctx, a.db, to, agentstore.Migrations(), fetched...)
	if err != nil {
		return err
	}
	err = to.Write(ctx, func(tx *sqldb.Tx) error {
		own, err := ownlog.Mend(ctx, tx, partial, a.clock(), a.random)
		if err != nil {
			return fmt.Errorf("mending the own log: %w", err)
		}
		if own.Head || own.Entry {
			a.log.Error("the own log was mended with its database", "entries lost", own.Lost, "head made again", own.Head, "recorded", own.Entry)
		}
		if err := agentstore.ForgetFeeds(ctx, tx); err != nil {
			return err
		}
		// The engine's files belong to what the feeds had brought.
		if err := agentstore.SaveState(ctx, tx, agentstore.StateEngine, ""); err != nil {
			return err
		}
		if len(partial) == 0 {
			return nil
		}
		// What is lost may be hits, and a hunt would not look for them again.
		if err := agentstore.ForgetArrivals(ctx, tx); err != nil {
			return err
		}
		a.log.Error("not everything could be read of some tables; bring a backup in if you need it", "tables", strings.Join(partial, ", "))
		return agentstore.SaveLoss(ctx, tx, a.clock(), partial)
	})
	if err != nil {
		return err
	}
	return to.Scrub(ctx) // all of it into the one file that is moved
}
