package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// logged is an entry of the agent's own log. Who holds what the member would have to
// erase: persons, accounts, references. What holds ids, kinds and counts.
type logged struct {
	kind audit.Kind
	who  any
	what any
}

// record appends an entry in the transaction of the act it records.
func (a *Agent) record(ctx context.Context, tx *sqldb.Tx, l logged) error {
	who, err := json.Marshal(l.who)
	if err != nil {
		return fmt.Errorf("writing a log entry: %w", err)
	}
	what, err := json.Marshal(l.what)
	if err != nil {
		return fmt.Errorf("writing a log entry: %w", err)
	}
	leaf, opening, err := audit.Commit(audit.Record{Kind: l.kind, Time: a.clock(), Person: who, Facts: what}, a.random)
	if err != nil {
		return fmt.Errorf("committing to a log entry: %w", err)
	}
	text, err := json.Marshal(opening)
	if err != nil {
		return fmt.Errorf("writing an opening: %w", err)
	}
	var tree audit.Tree
	edge, err := agentstore.LoadLogHead(ctx, tx)
	if err != nil {
		return fmt.Errorf("reading the log's head: %w", err)
	}
	if edge != nil {
		if err := tree.UnmarshalBinary(edge); err != nil {
			return err
		}
	}
	number := tree.Size()
	tree.Append(audit.LeafHash(leaf))
	if edge, err = tree.MarshalBinary(); err != nil {
		return err
	}
	return agentstore.AppendLog(ctx, tx, number, leaf[:], string(text), edge)
}

// VerifyOwnLog recomputes the agent's own log from its leaves and openings and returns
// how many entries of each kind it has. It reads the whole log.
func (a *Agent) VerifyOwnLog(ctx context.Context) (map[audit.Kind]int, error) {
	counts := make(map[audit.Kind]int)
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		var tree, head audit.Tree
		err := agentstore.EachLogLeaf(ctx, tx, func(stored []byte, text string) error {
			leaf, err := audit.ParseLeaf(stored)
			if err != nil {
				return err
			}
			var opening audit.Opening
			if err := json.Unmarshal([]byte(text), &opening); err != nil {
				return errors.New("an opening is damaged")
			}
			if err := opening.Verify(leaf); err != nil {
				return err
			}
			tree.Append(audit.LeafHash(leaf))
			counts[leaf.Kind()]++
			return nil
		})
		if err != nil {
			return err
		}
		edge, err := agentstore.LoadLogHead(ctx, tx)
		if err != nil {
			return err
		}
		if edge != nil {
			if err := head.UnmarshalBinary(edge); err != nil {
				return err
			}
		}
		if head.Size() != tree.Size() || head.Root() != tree.Root() {
			return errors.New("the leaves are not those of the log's head")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("verifying the agent's own log: %w", err)
	}
	return counts, nil
}

// Reveal shows a person what a signal says, with its value. That is recorded before the
// value is handed out. Suspended and fallen signals cannot be revealed.
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
		s.Value, s.Tactic, s.Note, s.Programs = part.Value, part.Tactic, part.Note, places[id]
		return a.record(ctx, tx, logged{audit.Reveal,
			map[string]any{"person": c.Person}, map[string]any{"signal": id, "type": row.Kind}})
	})
	if err != nil {
		return lantern.Signal{}, fmt.Errorf("revealing a signal: %w", err)
	}
	return s, nil
}
