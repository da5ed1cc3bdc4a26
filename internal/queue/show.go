package queue

import (
	"context"
	"encoding/json"
	"fmt"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Show returns rows in wire form, with what their signals say at this moment.
func Show(ctx context.Context, tx *sqldb.Tx, rows []agentstore.HitRow) ([]lantern.Hit, error) {
	ids := make([]lantern.ID, len(rows))
	for i, h := range rows {
		ids[i] = h.Signal
	}
	held, err := agentstore.LoadReplica(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	places, err := agentstore.LoadPlaces(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	hits := make([]lantern.Hit, len(rows))
	for i := range rows {
		h := &rows[i]
		hits[i] = lantern.Hit{
			ID: h.ID, Ref: h.Ref, Account: h.Account, State: h.State, Programs: places[h.Signal], Case: h.CaseID,
			Decision: h.Decision, Reason: h.Reason, Bulk: h.Bulk, Person: h.Person, Act: h.Act, Found: h.Found, Decided: h.Decided,
			Match: lantern.Match{Signal: h.Signal, Type: h.Kind, How: h.How, RequiresReview: true},
		}
		if hits[i].Programs == nil {
			hits[i].Programs = []lantern.ID{}
		}
		if h.Place == "" {
			continue
		}
		if err := fillMatch(&hits[i].Match, h.Place, held[h.Signal]); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// fillMatch reads where a match stands and what its signal says.
func fillMatch(m *lantern.Match, place string, row *agentstore.ReplicaRow) error {
	var p Place
	if err := json.Unmarshal([]byte(place), &p); err != nil {
		return fmt.Errorf("reading a hit: %w", err)
	}
	m.Distance, m.Weak, m.Field = p.Distance, p.Weak, p.Field
	m.QueryPercent, m.SignalPercent = p.OfQuery, p.OfSignal
	m.Offset, m.Length, m.Line, m.Column = p.Offset, p.Length, p.Line, p.Column
	if row == nil {
		return nil
	}
	var s lantern.Signal
	if err := json.Unmarshal([]byte(row.Opinion), &s); err != nil {
		return fmt.Errorf("reading an opinion: %w", err)
	}
	Describe(m, &s)
	return nil
}

// List returns the signals whose matches wait in quarantine, the first first, each with a
// sample of the hits that are kept.
func List(ctx context.Context, tx *sqldb.Tx) ([]lantern.Quarantine, error) {
	rows, err := agentstore.ListQuarantine(ctx, tx)
	if err != nil {
		return nil, err
	}
	ids := make([]lantern.ID, len(rows))
	for i := range rows {
		ids[i] = rows[i].Signal
	}
	replica, err := agentstore.LoadReplica(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	places, err := agentstore.LoadPlaces(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	all := []lantern.Quarantine{}
	for i := range rows {
		q, err := showQuarantine(ctx, tx, &rows[i], replica[rows[i].Signal], places)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}

// showQuarantine returns a row in wire form.
func showQuarantine(ctx context.Context, tx *sqldb.Tx, row *agentstore.QuarantineRow, held *agentstore.ReplicaRow, places map[lantern.ID][]lantern.ID) (lantern.Quarantine, error) {
	q := lantern.Quarantine{Signal: row.Signal, Cause: row.Cause, Since: row.Since, Matches: row.Matches, Missed: row.Missed,
		Programs: places[row.Signal], Type: held.Kind, Sharer: held.Member}
	if q.Programs == nil {
		q.Programs = []lantern.ID{}
	}
	var err error
	if q.Imminent, err = Imminent(held); err != nil {
		return q, err
	}
	if q.References, q.Accounts, err = agentstore.QuarantinedRefs(ctx, tx, row.Signal); err != nil {
		return q, err
	}
	sample, err := agentstore.SampleQuarantined(ctx, tx, row.Signal, lantern.QuarantineSample)
	if err != nil {
		return q, err
	}
	q.Sample, err = Show(ctx, tx, sample)
	return q, err
}
