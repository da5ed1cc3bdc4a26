package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/ownlog"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// logged is an entry of the agent's own log (package ownlog).
type logged struct {
	kind audit.Kind
	who  any
	what any
}

// record appends an entry in the transaction of the act it records.
func (a *Agent) record(ctx context.Context, tx *sqldb.Tx, l logged) error {
	return ownlog.Append(ctx, tx, ownlog.Entry{Kind: l.kind, Who: l.who, What: l.what}, a.clock(), a.random)
}

// Reveal shows a person what a signal says, with its value. That is recorded before the
// value is handed out. Suspended and fallen signals cannot be revealed, nor one to a person who
// lacks the training that all its programs want, as at the exchange.
func (a *Agent) Reveal(ctx context.Context, c Caller, id lantern.ID) (lantern.Signal, error) {
	var s lantern.Signal
	if err := c.person(); err != nil {
		return s, err
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		held, err := agentstore.LoadReplica(ctx, tx, []lantern.ID{id})
		if err != nil {
			return err
		}
		row := held[id]
		if row == nil || row.State != lantern.Active {
			return lantern.Errorf(lantern.NotFound, "no such signal is held here")
		}
		part, err := a.unseal(ctx, row)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(row.Opinion), &s); err != nil {
			return fmt.Errorf("reading an opinion: %w", err)
		}
		places, err := agentstore.LoadPlaces(ctx, tx, []lantern.ID{id})
		if err != nil {
			return err
		}
		rules, err := casework.Policies(ctx, tx, places[id]...)
		if err != nil {
			return err
		}
		if err := policy.MayReview(c.actor(), rules, a.clock()); err != nil {
			return err
		}
		s.Value, s.Tactic, s.Note, s.Programs = part.Value, part.Tactic, part.Note, places[id]
		return a.record(ctx, tx, logged{audit.Reveal,
			map[string]any{"person": c.Person}, map[string]any{"signal": id, "type": row.Kind}})
	})
	if err != nil {
		return lantern.Signal{}, fmt.Errorf("revealing a signal: %w", err)
	}
	return s, nil
}
