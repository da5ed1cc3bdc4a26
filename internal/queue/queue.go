package queue

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/guard"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
)

// Queue holds what the decisions need beside the transaction. It may be used by any number
// of goroutines.
type Queue struct {
	Sealer *seal.Sealer
	Random io.Reader // safe for concurrent use
	Flood  guard.Flood
	Log    *slog.Logger
}

// Keep stores matches as what they are at this moment: hits of signals that stand, held
// matches of suspended ones, nothing of others. A signal found several times in one reference
// in the same way is one hit, the first. Of hits that enter the queue is told.
func (q *Queue) Keep(ctx context.Context, tx *sqldb.Tx, hits []*agentstore.HitRow, now time.Time) error {
	// Found in several places, a signal is one hit, the first; a statement that met both
	// would change one row twice.
	type same struct {
		signal lantern.ID
		ref    string
		how    lantern.How
	}
	seen := make(map[same]bool)
	var ids []lantern.ID
	var rows []*agentstore.HitRow
	for _, h := range hits {
		if k := (same{h.Signal, h.Ref, h.How}); !seen[k] {
			seen[k] = true
			rows = append(rows, h)
			ids = append(ids, h.Signal)
		}
	}
	replica, err := agentstore.LoadReplica(ctx, tx, ids)
	if err != nil {
		return err
	}
	left, err := q.undismissed(ctx, tx, rows)
	if err != nil {
		return err
	}
	var stand, held []*agentstore.HitRow
	for _, h := range left {
		switch r := replica[h.Signal]; {
		case r == nil || !r.Expires.IsZero() && !r.Expires.After(now):
		case r.State == lantern.Active:
			stand = append(stand, h)
		case r.State == lantern.Suspended:
			held = append(held, h)
		}
	}
	if err := q.hold(ctx, tx, held); err != nil {
		return err
	}
	if err := q.admit(ctx, tx, stand, replica, now); err != nil {
		return err
	}
	return q.tellHits(ctx, tx, now, stand)
}

// admit stores hits of active signals: into the queue, or into quarantine if their signal
// is there, or goes there because of them. What a person dismissed before is left out.
func (q *Queue) admit(ctx context.Context, tx *sqldb.Tx, rows []*agentstore.HitRow, replica map[lantern.ID]*agentstore.ReplicaRow, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	signals := signalsOf(rows)
	known, err := agentstore.LoadQuarantine(ctx, tx, signals)
	if err != nil {
		return err
	}
	var open []*agentstore.HitRow
	locked := make(map[lantern.ID][]*agentstore.HitRow)
	for _, h := range rows {
		if h.Urgency == Later {
			if err := place(h, replica[h.Signal]); err != nil {
				return err
			}
		}
		if known[h.Signal].In() {
			locked[h.Signal] = append(locked[h.Signal], h)
		} else {
			open = append(open, h)
		}
	}
	if _, err := agentstore.InsertHits(ctx, tx, open); err != nil {
		return err
	}
	if err := q.trip(ctx, tx, signalsOf(open), known, replica, now); err != nil {
		return err
	}
	for _, id := range signals {
		if of := locked[id]; of != nil {
			if err := q.lockAway(ctx, tx, known[id], of); err != nil {
				return err
			}
		}
	}
	var incidents []lantern.ID
	for _, h := range open {
		if h.Incident != 0 && !slices.Contains(incidents, h.Incident) {
			incidents = append(incidents, h.Incident)
		}
	}
	return agentstore.LeadIncidents(ctx, tx, incidents)
}

// signalsOf returns the signals of hits, each once, in the order of their ids.
func signalsOf(rows []*agentstore.HitRow) []lantern.ID {
	ids := make([]lantern.ID, len(rows))
	for i, h := range rows {
		ids[i] = h.Signal
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
