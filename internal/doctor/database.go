package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// lookDatabase opens the database beside the agent and reads it through.
func lookDatabase(ctx context.Context, v *visit) Finding {
	if _, err := os.Stat(v.Database); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(v.Fence); err == nil { // an agent ran here
			return bad("the file is gone; an agent that still runs loses what it keeps when it ends", fixGone)
		}
		return skipped("not there yet: the first run makes it")
	}
	db, err := sqldb.Open(ctx, "sqlite:"+v.Database)
	if err == nil {
		v.db = db
		err = db.Check(ctx)
	}
	if err != nil {
		return bad("cannot be read: "+damage(err), fixDatabase)
	}
	return good("read through without damage")
}

// damage keeps what a library says of a broken file, which may hold parts of it, out of what
// is shown.
func damage(err error) string {
	var e *lantern.Error
	if errors.As(err, &e) {
		return "the file is damaged, or another user's: " + e.Reason
	}
	return "the database file is damaged, or another user's"
}

// read reads of the database.
func (v *visit) read(ctx context.Context, f func(tx *sqldb.Tx) error) (Finding, bool) {
	if err := v.db.Read(ctx, f); err != nil {
		return bad("cannot be read: "+damage(err), fixDatabase), false
	}
	return Finding{}, true
}

// state reads what the agent keeps of itself.
func (v *visit) state(ctx context.Context) (state map[string]string, f Finding, ok bool) {
	f, ok = v.read(ctx, func(tx *sqldb.Tx) (err error) {
		state, err = agentstore.LoadState(ctx, tx)
		return err
	})
	return state, f, ok
}

// lookLog tells whether the exchange's log contradicted itself.
func lookLog(ctx context.Context, v *visit) Finding {
	state, f, ok := v.state(ctx)
	switch {
	case !ok:
		return f
	case state[agentstore.StateFault] != "":
		return bad("the exchange's log contradicted itself: "+state[agentstore.StateFault], fixFault)
	case state[agentstore.StateCheckpoint] == "":
		return good("not verified yet: the first contact does it")
	}
	return good("continues what was seen before")
}

// lookOwnLog recomputes the agent's own log. What was lost with a damaged database is told for as
// long as the agent tells of the damage.
func lookOwnLog(ctx context.Context, v *visit) Finding {
	var r ownlog.Report
	var wrong error // with the log, not with reading it
	f, ok := v.read(ctx, func(tx *sqldb.Tx) (err error) {
		if r, err = ownlog.Verify(ctx, tx, nil); !sqldb.Damaged(err) {
			wrong, err = err, nil
		}
		return err
	})
	entries := 0
	for _, n := range r.Counts {
		entries += n
	}
	lost, at := r.Lost()
	_, told := agentstore.Told(at.Format(time.RFC3339), v.now)
	switch {
	case !ok:
		return f
	case wrong != nil:
		return bad("not in order: "+wrong.Error(), fixOwnLog)
	case !at.IsZero() && told:
		return doubt(fmt.Sprintf("in order, and %d of its entries were lost with a damaged database that was mended on %s", lost, at.Format(time.DateOnly)), fixLost)
	}
	return good(fmt.Sprintf("%d entries, in order", entries))
}

// lookLease tells how long ago the exchange was reached.
func lookLease(ctx context.Context, v *visit) Finding {
	var programs []agentstore.ProgramRow
	f, ok := v.read(ctx, func(tx *sqldb.Tx) (err error) {
		programs, err = agentstore.LoadPrograms(ctx, tx)
		return err
	})
	if !ok {
		return f
	}
	if len(programs) == 0 {
		return doubt("no feed was read yet", fixLease)
	}
	oldest := programs[0]
	for _, p := range programs {
		if p.Contact.Before(oldest.Contact) {
			oldest = p
		}
	}
	if oldest.Contact.IsZero() {
		return doubt("a feed was not read yet: program "+oldest.ID.String(), fixLease)
	}
	age := v.now.Sub(oldest.Contact)
	found := fmt.Sprintf("the last contact was %s ago", age.Round(time.Second))
	switch {
	case age >= lantern.LeaseEnds:
		return bad(found+": values that name a person are not looked up any more", fixLease)
	case age >= lantern.StaleAfter:
		return doubt(found+": answers are stale", fixLease)
	}
	return good(found)
}

func lookAcks(ctx context.Context, v *visit) Finding {
	owed, overdue := 0, 0
	f, ok := v.read(ctx, func(tx *sqldb.Tx) (err error) {
		if owed, err = agentstore.CountAcks(ctx, tx); err != nil {
			return err
		}
		overdue, err = agentstore.OverdueAcks(ctx, tx, v.now, lantern.MaskWithin, lantern.PurgeWithin)
		return err
	})
	switch {
	case !ok:
		return f
	case overdue > 0:
		return bad(fmt.Sprintf("acknowledgements of corrections overdue: %d of %d owed", overdue, owed), fixAcks)
	}
	return good(fmt.Sprintf("%d owed, none overdue", owed))
}
