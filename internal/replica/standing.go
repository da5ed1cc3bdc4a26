package replica

import (
	"context"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Known is what a transaction knows of signals without looking.
type Known struct {
	Standing map[lantern.ID]lantern.SignalState    // of signals that stood nowhere before
	Saved    map[lantern.ID]*agentstore.ReplicaRow // rows as they were saved
}

// Stand returns how signals stand over all programs, as [agentstore.LoadStandings] does, and
// the rows the replica has of them.
func (k Known) Stand(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]lantern.SignalState, map[lantern.ID]*agentstore.ReplicaRow, error) {
	var unknown, unsaved []lantern.ID
	for _, id := range ids {
		if k.Standing[id] == "" {
			unknown = append(unknown, id)
		}
		if k.Saved[id] == nil {
			unsaved = append(unsaved, id)
		}
	}
	standings, err := agentstore.LoadStandings(ctx, tx, unknown)
	if err != nil {
		return nil, nil, err
	}
	held, err := agentstore.LoadReplica(ctx, tx, unsaved)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		if state := k.Standing[id]; state != "" {
			standings[id] = state
		}
		if row := k.Saved[id]; row != nil {
			held[id] = row
		}
	}
	return standings, held, nil
}
