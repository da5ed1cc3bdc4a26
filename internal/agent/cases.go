package agent

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/sqldb"
)

// OpenCase opens a case on signals whose hits deserve a wider look. The accounts their
// open and confirmed hits name become round 0, with the decisions they have; the hits
// belong to the case.
func (a *Agent) OpenCase(ctx context.Context, c Caller, d lantern.CaseDraft) (lantern.Case, error) {
	var opened lantern.Case
	if err := c.person(); err != nil {
		return opened, err
	}
	if err := d.Validate(); err != nil {
		return opened, err
	}
	id, err := a.newID()
	if err != nil {
		return opened, err
	}
	seeds := slices.Clone(d.Signals)
	slices.Sort(seeds)
	seeds = slices.Compact(seeds)
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := checkSeeds(ctx, tx, d.Program, d.Signals); err != nil {
			return err
		}
		draft := lantern.Case{ID: id, Title: d.Title, Program: d.Program, Signals: seeds, Opened: a.clock()}
		if err := agentstore.InsertCase(ctx, tx, draft, c.Person); err != nil {
			return err
		}
		if err := a.seedRound(ctx, tx, draft); err != nil {
			return err
		}
		if err := agentstore.ClaimHits(ctx, tx, id, seeds); err != nil {
			return err
		}
		event := lantern.CaseEvent{Kind: lantern.CaseOpened, Person: c.Person, Count: len(seeds), At: draft.Opened}
		if err := agentstore.AddCaseEvent(ctx, tx, id, event); err != nil {
			return err
		}
		if err := a.record(ctx, tx, logged{audit.Decide, map[string]any{"person": c.Person},
			map[string]any{"case": id, "program": d.Program, "signals": seeds, "seed": a.desk.Seed(id, 0)}}); err != nil {
			return err
		}
		opened, err = casework.MustCase(ctx, tx, id)
		return err
	})
	if err != nil {
		return lantern.Case{}, fmt.Errorf("opening a case: %w", err)
	}
	return opened, nil
}

// checkSeeds refuses signals that are not active in the case's program.
func checkSeeds(ctx context.Context, tx *sqldb.Tx, program lantern.ID, seeds []lantern.ID) error {
	if _, found, err := agentstore.LoadProgram(ctx, tx, program); err != nil || !found {
		if err != nil {
			return err
		}
		return &lantern.Error{Kind: lantern.Invalid, Field: "/program", Reason: "not a program this member has joined", Fix: "GET /v1/status lists them"}
	}
	held, err := agentstore.LoadReplica(ctx, tx, seeds)
	if err != nil {
		return err
	}
	places, err := agentstore.LoadPlaces(ctx, tx, seeds)
	if err != nil {
		return err
	}
	for i, id := range seeds {
		if r := held[id]; r == nil || r.State != lantern.Active || !slices.Contains(places[id], program) {
			return &lantern.Error{Kind: lantern.Invalid, Field: fmt.Sprintf("/signals/%d", i), Reason: "not an active signal of the case's program"}
		}
	}
	return nil
}

// seedRound makes round 0 of the accounts that the seeds' hits name.
func (a *Agent) seedRound(ctx context.Context, tx *sqldb.Tx, c lantern.Case) error {
	accounts := make(map[string]*lantern.CaseAccount)
	var order []*lantern.CaseAccount
	acts := make(map[string]lantern.ID)
	err := agentstore.SeedHits(ctx, tx, c.Signals, func(h agentstore.HitRow) {
		entry := accounts[h.Account]
		if entry == nil {
			entry = &lantern.CaseAccount{Candidate: lantern.Candidate{Account: h.Account, Link: "hit", Via: h.Ref}}
			accounts[h.Account] = entry
			order = append(order, entry)
		}
		if h.Decision == lantern.Confirmed {
			entry.Decision, entry.Reason, entry.Bulk, entry.Person, entry.Decided = h.Decision, h.Reason, h.Bulk, h.Person, h.Decided
			acts[h.Account] = h.Act
		}
	})
	if err != nil {
		return err
	}
	all := make([]lantern.CaseAccount, len(order))
	for i, entry := range order {
		all[i] = *entry
	}
	n, err := agentstore.InsertCandidates(ctx, tx, c.ID, all, acts)
	if err != nil {
		return err
	}
	return agentstore.InsertRound(ctx, tx, c.ID, lantern.Round{Links: map[string]int{"hit": n}, Added: n, Total: n, At: c.Opened})
}

// Cases returns all cases, the newest first.
func (a *Agent) Cases(ctx context.Context) ([]lantern.Case, error) {
	all := []lantern.Case{}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		ids, err := agentstore.LoadCaseIDs(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := casework.MustCase(ctx, tx, id)
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing cases: %w", err)
	}
	return all, nil
}

// Case returns one case.
func (a *Agent) Case(ctx context.Context, id lantern.ID) (lantern.Case, error) {
	return a.desk.Case(ctx, id)
}

// Candidates calls emit for every account of a case in the order of rounds. It holds no
// lock while emit runs, so a slow reader stops nobody; a round that is added meanwhile
// may be seen or not.
func (a *Agent) Candidates(ctx context.Context, id lantern.ID, emit func(lantern.CaseAccount) error) error {
	if _, err := a.Case(ctx, id); err != nil {
		return err
	}
	round, account := -1, ""
	for {
		var page []lantern.CaseAccount
		err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = agentstore.CandidatesAfter(ctx, tx, id, round, account, 1000)
			return err
		})
		if err != nil {
			return fmt.Errorf("listing candidates: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, c := range page {
			if err := emit(c); err != nil {
				return err
			}
		}
		last := page[len(page)-1]
		round, account = last.Round, last.Account
	}
}
