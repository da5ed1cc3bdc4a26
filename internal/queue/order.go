package queue

import (
	"context"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Reorder moves the hits of signals that were found before they became imminent, or part
// of an incident, to where they belong in the queue.
func Reorder(ctx context.Context, tx *sqldb.Tx, rows []*agentstore.ReplicaRow) error {
	var imminent, incidents []lantern.ID
	for _, r := range rows {
		if r.Imminent {
			imminent = append(imminent, r.Signal)
		}
		if r.Incident == 0 {
			continue
		}
		if err := agentstore.TellIncident(ctx, tx, r.Signal, r.Incident); err != nil {
			return err
		}
		incidents = append(incidents, r.Incident)
	}
	if err := agentstore.RaiseHits(ctx, tx, imminent); err != nil {
		return err
	}
	slices.Sort(incidents)
	return agentstore.LeadIncidents(ctx, tx, slices.Compact(incidents))
}
