package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// maxTactics bounds the list of tactics.
const maxTactics = 1000

// Tactics lists the tactics that are shared with the member, and its own: what is imminent
// first, then the newest, at most a thousand. They name nobody, so reading them is no
// reveal.
func (a *Agent) Tactics(ctx context.Context) ([]lantern.Signal, error) {
	tactics := []lantern.Signal{}
	now := a.clock()
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		tactics = tactics[:0]
		var ids []lantern.ID
		err := agentstore.EachStanding(ctx, tx, lantern.TacticType, now, func(r *agentstore.ReplicaRow) error {
			part, err := a.unseal(ctx, r)
			if err != nil {
				return err
			}
			var s lantern.Signal
			if err := json.Unmarshal([]byte(r.Opinion), &s); err != nil {
				return fmt.Errorf("reading the opinion of signal %s: %w", r.Signal, err)
			}
			s.Tactic, s.Note = part.Tactic, part.Note
			tactics, ids = append(tactics, s), append(ids, s.ID)
			return nil
		})
		if err != nil {
			return err
		}
		places, err := agentstore.LoadPlaces(ctx, tx, ids)
		for i := range tactics {
			tactics[i].Programs = places[tactics[i].ID]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing tactics: %w", err)
	}
	slices.SortFunc(tactics, func(a, b lantern.Signal) int {
		if a.Imminent != b.Imminent {
			return map[bool]int{true: -1, false: 1}[a.Imminent]
		}
		return b.Created.Compare(a.Created)
	})
	return tactics[:min(len(tactics), maxTactics)], nil
}
