package agent

import (
	"context"
	"fmt"
	"iter"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/sqldb"
)

// Bounds of a round.
const (
	chunkSize = casework.ChunkSize
	maxLinks  = 50        // link kinds of one round
	maxRound  = 1_000_000 // candidates of one round
	broadStep = 10        // a round that makes a case this many times larger gets a warning
)

// AddRound widens a case by candidates, read from the stream in chunks so that memory
// stays bounded. The round stands as a whole or not at all: if the stream or the agent
// breaks off, nothing of it is seen and the next round takes its number. Accounts the
// case has already stay as they are. A round of the same case cannot be added meanwhile.
func (a *Agent) AddRound(ctx context.Context, c Caller, id lantern.ID, candidates iter.Seq2[lantern.Candidate, error]) (lantern.Round, error) {
	var round lantern.Round
	if err := c.person(); err != nil {
		return round, err
	}
	if !a.beginRound(id) {
		return round, &lantern.Error{Kind: lantern.Conflict, Reason: "a round of this case is being read", Fix: "wait until it ended"}
	}
	defer a.endRound(id)
	before, err := a.openRound(ctx, id)
	if err != nil {
		return round, err
	}
	round = lantern.Round{Number: len(before.Rounds), Links: make(map[string]int)}
	if err := a.readRound(ctx, id, &round, candidates); err != nil {
		return lantern.Round{}, err
	}
	round.Total, round.At = before.Accounts+round.Added, a.clock()
	if before.Accounts > 0 && round.Total > broadStep*before.Accounts {
		round.Warning = fmt.Sprintf("the case grew from %d to %d accounts: check that these links mean what they seem to", before.Accounts, round.Total)
	}
	err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := casework.OpenCase(ctx, tx, id); err != nil {
			return err // closed while the round was read
		}
		if err := agentstore.InsertRound(ctx, tx, id, round); err != nil {
			return err
		}
		event := lantern.CaseEvent{Kind: lantern.CaseRound, Person: c.Person, Count: round.Added, At: round.At}
		if err := agentstore.AddCaseEvent(ctx, tx, id, event); err != nil {
			return err
		}
		return a.record(ctx, tx, logged{audit.Decide, map[string]any{"person": c.Person},
			map[string]any{"case": id, "round": round.Number, "links": round.Links, "added": round.Added, "seed": a.desk.Seed(id, round.Number)}})
	})
	if err != nil {
		return lantern.Round{}, fmt.Errorf("adding a round: %w", err)
	}
	return round, nil
}

// beginRound marks that a case's round is being read; it reports false if one is.
func (a *Agent) beginRound(id lantern.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rounds[id] {
		return false
	}
	a.rounds[id] = true
	return true
}

func (a *Agent) endRound(id lantern.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rounds, id)
}

// openRound returns the case and clears what an earlier attempt left.
func (a *Agent) openRound(ctx context.Context, id lantern.ID) (lantern.Case, error) {
	var c lantern.Case
	err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if c, err = casework.OpenCase(ctx, tx, id); err != nil {
			return err
		}
		return agentstore.DropLeftovers(ctx, tx, id, len(c.Rounds))
	})
	return c, err
}

// readRound stores the candidates of a round that does not stand yet.
func (a *Agent) readRound(ctx context.Context, id lantern.ID, round *lantern.Round, candidates iter.Seq2[lantern.Candidate, error]) error {
	chunk := make([]lantern.CaseAccount, 0, chunkSize)
	flush := func() error {
		added := 0
		err := a.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			added, err = agentstore.InsertCandidates(ctx, tx, id, chunk, nil)
			return err
		})
		if err != nil {
			return fmt.Errorf("adding candidates: %w", err)
		}
		round.Added += added
		chunk = chunk[:0]
		return nil
	}
	n := 0
	for c, err := range candidates {
		if err != nil {
			return err
		}
		if err := checkCandidate(&c); err != nil {
			return casework.AtLine(err, n)
		}
		round.Links[c.Link]++
		if n++; n > maxRound || len(round.Links) > maxLinks {
			return lantern.Errorf(lantern.TooLarge, "a round has at most %d candidates and %d kinds of link", maxRound, maxLinks)
		}
		if chunk = append(chunk, lantern.CaseAccount{Candidate: c, Round: round.Number}); len(chunk) == chunkSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return lantern.Errorf(lantern.Invalid, "the round is empty")
	}
	return flush()
}

func checkCandidate(c *lantern.Candidate) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if !plain(c.Account) || !plain(c.Via) {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/account", Reason: "the account or what it is linked to holds control characters"}
	}
	return nil
}
