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

// HitAccounts returns a page of the own accounts that have open hits, the one with the most
// urgent hit first, after the one given; "" begins. show puts hits into their wire form.
// What the hits of an account rest on is added up: how many signals, of how many
// independent sharers.
func (w *Desk) HitAccounts(ctx context.Context, after string, limit int, show func(context.Context, *sqldb.Tx, []agentstore.HitRow) ([]lantern.Hit, error)) ([]lantern.AccountHits, error) {
	accounts := []lantern.AccountHits{}
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := agentstore.ListAccounts(ctx, tx, after, limit)
		if err != nil {
			return err
		}
		var first, signals []lantern.ID
		for _, r := range rows {
			first, signals = append(first, r.First), append(signals, r.Signals...)
		}
		hits, err := agentstore.LoadHits(ctx, tx, first)
		if err != nil {
			return err
		}
		held, err := agentstore.LoadReplica(ctx, tx, signals)
		if err != nil {
			return err
		}
		ordered := make([]agentstore.HitRow, len(rows))
		for i, r := range rows {
			ordered[i] = hits[r.First]
		}
		shown, err := show(ctx, tx, ordered)
		if err != nil {
			return err
		}
		for i, r := range rows {
			entry := lantern.AccountHits{Account: r.Account, Hits: r.Hits, Imminent: shown[i].Match.Imminent, First: shown[i]}
			if entry.Signals, entry.Sharers, err = standBehind(r.Signals, held); err != nil {
				return err
			}
			accounts = append(accounts, entry)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing accounts with hits: %w", err)
	}
	return accounts, nil
}

// standBehind counts the signals, each once, and their independent sharers.
func standBehind(signals []lantern.ID, held map[lantern.ID]*agentstore.ReplicaRow) (n, sharers int, err error) {
	members := make(map[lantern.ID]lantern.ID)
	from := make(map[lantern.ID][]lantern.ID)
	for _, id := range signals {
		row := held[id]
		if _, seen := members[id]; seen || row == nil {
			continue
		}
		var s lantern.Signal
		if err := json.Unmarshal([]byte(row.Opinion), &s); err != nil {
			return 0, 0, fmt.Errorf("reading an opinion: %w", err)
		}
		members[id] = row.Member
		for _, l := range s.Links {
			if l.Kind == lantern.DerivedFrom {
				from[id] = append(from[id], l.Signal)
			}
		}
	}
	return len(members), policy.Independent(members, from), nil
}
