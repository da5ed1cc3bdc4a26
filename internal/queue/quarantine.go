package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/guard"
	"lantern/internal/sqldb"
)

// errNotQuarantined is also the answer for a signal that is suspended: what it matched
// nobody can see.
var errNotQuarantined = &lantern.Error{Kind: lantern.NotFound, Reason: "no such signal in quarantine", Fix: "see GET /v1/quarantine"}

// Imminent reports what the row of a signal, nil if there is none, says of it.
func Imminent(r *agentstore.ReplicaRow) (bool, error) {
	if r == nil {
		return false, nil
	}
	var said lantern.Signal
	if err := json.Unmarshal([]byte(r.Opinion), &said); err != nil {
		return false, fmt.Errorf("reading the opinion of signal %s: %w", r.Signal, err)
	}
	return said.Imminent, nil
}

// trip puts those of the signals into quarantine that hit too much. The hits of the burst
// leave the queue; those of an imminent signal stay, for a child may be at risk now.
func (q *Queue) trip(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, known map[lantern.ID]*agentstore.QuarantineRow, replica map[lantern.ID]*agentstore.ReplicaRow, now time.Time) error {
	burst := now.Add(-guard.Window)
	counts, err := agentstore.CountFound(ctx, tx, signals, burst, now)
	if err != nil {
		return err
	}
	for _, id := range signals {
		row := replica[id]
		c := guard.Count{Hour: counts[id]}
		if was := known[id]; was != nil {
			c.Allowed = was.Hourly
		}
		if !q.Flood.Trips(row.Kind, c) {
			continue
		}
		before, err := agentstore.CountFound(ctx, tx, []lantern.ID{id}, burst.Add(-guard.Usual), burst)
		if err != nil {
			return err
		}
		if c.Before = before[id]; !q.Flood.Trips(row.Kind, c) {
			continue
		}
		imminent, err := Imminent(row)
		if err != nil {
			return err
		}
		in := agentstore.QuarantineRow{Signal: id, Cause: lantern.CauseFlood, Since: now, Hourly: c.Hour}
		if !imminent {
			moved, err := agentstore.QuarantineHits(ctx, tx, id, lantern.HitOpen, burst)
			if err != nil {
				return err
			}
			in.Matches = int(moved)
		}
		if err := q.lock(ctx, tx, in); err != nil {
			return err
		}
		q.Log.Warn("a signal hits too much and is in quarantine: a person must look", "signal", id.String(), "hits in an hour", c.Hour)
	}
	return nil
}

// lock puts a signal into quarantine.
func (q *Queue) lock(ctx context.Context, tx *sqldb.Tx, in agentstore.QuarantineRow) error {
	if err := agentstore.SaveQuarantine(ctx, tx, in); err != nil {
		return err
	}
	return q.Tell(ctx, tx, in.Since, Event{lantern.SignalQuarantined, in.Signal, in.Signal})
}

// quarantineAgain puts hits of restored signals back where they were before the suspension:
// those of the burst into quarantine, if a person did not release it.
func quarantineAgain(ctx context.Context, tx *sqldb.Tx, restored []lantern.ID, replica map[lantern.ID]*agentstore.ReplicaRow) error {
	known, err := agentstore.LoadQuarantine(ctx, tx, restored)
	if err != nil {
		return err
	}
	for _, id := range restored {
		q := known[id]
		if !q.In() {
			continue
		}
		imminent, err := Imminent(replica[id])
		if err != nil {
			return err
		}
		burst := q.Since
		if !imminent {
			burst = burst.Add(-guard.Window)
		}
		if _, err := agentstore.QuarantineHits(ctx, tx, id, lantern.HitHeld, burst); err != nil {
			return err
		}
	}
	return nil
}

// lockAway stores hits of a quarantined signal outside the queue, as far as there is room.
func (q *Queue) lockAway(ctx context.Context, tx *sqldb.Tx, in *agentstore.QuarantineRow, rows []*agentstore.HitRow) error {
	before, err := agentstore.CountQuarantined(ctx, tx, in.Signal)
	if err != nil {
		return err
	}
	room := min(max(q.Flood.Keeps()-before, 0), len(rows))
	for _, h := range rows[:room] {
		h.State = lantern.HitQuarantined
	}
	added, err := agentstore.InsertHits(ctx, tx, rows[:room])
	if err != nil {
		return err
	}
	missed := len(rows) - room
	in.Missed += missed
	in.Matches += added + missed
	return agentstore.SaveQuarantine(ctx, tx, *in)
}

// Released is what a release changed.
type Released struct {
	Row   *agentstore.ReplicaRow // of the signal, which may be matched again
	Lost  bool                   // matches of which nothing was kept would be wanted
	Facts map[string]any         // for the agent's own log
}

// Release lets a quarantined signal hit again. What lies in quarantine enters the queue in
// its right places or is deleted. The guard trips again only at twice of what made it
// trip. A signal that is not in quarantine, or suspended, is a NotFound.
func Release(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, r lantern.QuarantineRelease, now time.Time) (*Released, error) {
	ids := []lantern.ID{signal}
	known, err := agentstore.LoadQuarantine(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	replica, err := agentstore.LoadReplica(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	in, row := known[signal], replica[signal]
	if !in.In() || row == nil || row.State != lantern.Active {
		return nil, errNotQuarantined
	}
	hour, err := agentstore.CountFound(ctx, tx, ids, now.Add(-guard.Window), now)
	if err != nil {
		return nil, err
	}
	kept, err := agentstore.CountQuarantined(ctx, tx, signal)
	if err != nil {
		return nil, err
	}
	if r.Hits == lantern.OpenHits {
		err = agentstore.SetHitStates(ctx, tx, ids, lantern.HitQuarantined, lantern.HitOpen)
	} else {
		err = agentstore.DropQuarantined(ctx, tx, ids)
	}
	if err != nil {
		return nil, err
	}
	incidents, err := agentstore.IncidentsOf(ctx, tx, signal)
	if err != nil {
		return nil, err
	}
	if err := agentstore.LeadIncidents(ctx, tx, incidents); err != nil {
		return nil, err
	}
	done := &Released{Row: row, Lost: in.Missed > 0 && r.Hits == lantern.OpenHits, Facts: map[string]any{"quarantine": signal, "cause": in.Cause, "matches": in.Matches, "missed": in.Missed, "kept": kept, "hits": r.Hits}}
	in.Released, in.Hourly = now, guard.Allow(max(in.Hourly, hour[signal]))
	in.Matches, in.Missed = 0, 0
	if err := agentstore.SaveQuarantine(ctx, tx, *in); err != nil {
		return nil, err
	}
	return done, nil
}
