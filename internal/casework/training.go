package casework

import (
	"context"
	"encoding/json"
	"fmt"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// Policies returns the rules of programs. One that was left asks for nothing, and has none.
func Policies(ctx context.Context, tx *sqldb.Tx, programs ...lantern.ID) (rules []lantern.Policy, err error) {
	for _, id := range programs {
		p, found, err := agentstore.LoadProgram(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		var one lantern.Policy
		if err := json.Unmarshal([]byte(p.Policy), &one); err != nil {
			return nil, fmt.Errorf("reading a policy: %w", err)
		}
		rules = append(rules, one)
	}
	return rules, nil
}

// MayDecide refuses a decision on what the signals found ([policy.MayDecide]).
func (w *Desk) MayDecide(ctx context.Context, tx *sqldb.Tx, who policy.Actor, signals []lantern.ID, d lantern.HitDecision) error {
	places, err := agentstore.LoadPlaces(ctx, tx, signals)
	for i := 0; err == nil && i < len(signals); i++ {
		err = w.mayDecideIn(ctx, tx, who, places[signals[i]], d)
	}
	return err
}

// mayDecideIn refuses a decision on what belongs to programs.
func (w *Desk) mayDecideIn(ctx context.Context, tx *sqldb.Tx, who policy.Actor, programs []lantern.ID, d lantern.HitDecision) error {
	rules, err := Policies(ctx, tx, programs...)
	if err != nil {
		return err
	}
	return policy.MayDecide(who, rules, d, w.Clock())
}

// mayDecideAct refuses to settle anew what an act decided.
func (w *Desk) mayDecideAct(ctx context.Context, tx *sqldb.Tx, who policy.Actor, act *agentstore.ActRow) error {
	if act.Case != 0 {
		k, err := MustCase(ctx, tx, act.Case)
		if err != nil {
			return err
		}
		return w.mayDecideIn(ctx, tx, who, []lantern.ID{k.Program}, "")
	}
	signals, err := agentstore.ActSignals(ctx, tx, act.ID)
	if err != nil {
		return err
	}
	return w.MayDecide(ctx, tx, who, signals, "")
}

// programsOf returns the programs to which evidence belongs.
func programsOf(ctx context.Context, tx *sqldb.Tx, e lantern.Evidence) ([]lantern.ID, error) {
	if e.Case != 0 {
		c, err := MustCase(ctx, tx, e.Case)
		return []lantern.ID{c.Program}, err
	}
	places, err := agentstore.LoadPlaces(ctx, tx, []lantern.ID{e.Signal})
	return places[e.Signal], err
}

// mayDecideAlike refuses a decision on all that has an evidence.
func (w *Desk) mayDecideAlike(ctx context.Context, tx *sqldb.Tx, who policy.Actor, b *lantern.Bulk) error {
	programs, err := programsOf(ctx, tx, b.Evidence)
	if err != nil {
		return err
	}
	return w.mayDecideIn(ctx, tx, who, programs, b.Decision)
}
