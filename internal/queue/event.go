package queue

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Event is an event in the making.
type Event struct {
	Kind           lantern.EventType
	Object, Signal lantern.ID
}

// Tell writes events. Whoever calls it wakes those that follow after the commit.
func (q *Queue) Tell(ctx context.Context, tx *sqldb.Tx, now time.Time, list ...Event) error {
	events := make([]lantern.Event, len(list))
	for i, h := range list {
		id, err := lantern.NewID(q.Random)
		if err != nil {
			return err
		}
		events[i] = lantern.Event{ID: id, Type: h.Kind, At: now, Data: lantern.EventData{Object: h.Object, Signal: h.Signal}}
	}
	return agentstore.InsertEvents(ctx, tx, events)
}

// tellHits tells of those of the rows that were stored under their ids: the others were
// there before.
func (q *Queue) tellHits(ctx context.Context, tx *sqldb.Tx, now time.Time, rows []*agentstore.HitRow) error {
	ids := make([]lantern.ID, len(rows))
	for i, h := range rows {
		ids[i] = h.ID
	}
	stored, err := agentstore.StandingHits(ctx, tx, ids)
	if err != nil {
		return err
	}
	return q.tellOpen(ctx, tx, now, stored)
}

// tellOpen tells of the hits that wait.
func (q *Queue) tellOpen(ctx context.Context, tx *sqldb.Tx, now time.Time, hits []agentstore.HitRow) error {
	var list []Event
	for _, h := range hits {
		if h.State != lantern.HitOpen {
			continue
		}
		kind := lantern.HitOpened
		if h.Urgency <= LastImminent {
			kind = lantern.HitImminent
		}
		list = append(list, Event{kind, h.ID, h.Signal})
	}
	return q.Tell(ctx, tx, now, list...)
}

// TellImminent tells of hits that wait and were found before their signal became imminent.
// It must run before their urgency is raised.
func (q *Queue) TellImminent(ctx context.Context, tx *sqldb.Tx, now time.Time, rows []*agentstore.ReplicaRow) error {
	var signals []lantern.ID
	for _, r := range rows {
		if r.Imminent {
			signals = append(signals, r.Signal)
		}
	}
	hits, err := agentstore.HitsOf(ctx, tx, signals)
	if err != nil {
		return err
	}
	var list []Event
	for _, h := range hits {
		if h.State == lantern.HitOpen && h.Urgency > LastImminent {
			list = append(list, Event{lantern.HitImminent, h.ID, h.Signal})
		}
	}
	return q.Tell(ctx, tx, now, list...)
}

// TellSignals tells once of each of the signals that has hits in one of the states.
func (q *Queue) TellSignals(ctx context.Context, tx *sqldb.Tx, now time.Time, kind lantern.EventType, signals []lantern.ID, states ...lantern.HitState) error {
	hits, err := agentstore.HitsOf(ctx, tx, signals)
	if err != nil {
		return err
	}
	var list []Event
	seen := make(map[lantern.ID]bool)
	for _, h := range hits {
		for _, s := range states {
			if h.State == s && !seen[h.Signal] {
				seen[h.Signal] = true
				list = append(list, Event{kind, h.Signal, h.Signal})
			}
		}
	}
	return q.Tell(ctx, tx, now, list...)
}

// TellRestored tells of the hits that a restored signal brings back.
func (q *Queue) TellRestored(ctx context.Context, tx *sqldb.Tx, now time.Time, signals []lantern.ID) error {
	hits, err := agentstore.HitsOf(ctx, tx, signals)
	if err != nil {
		return err
	}
	return q.tellOpen(ctx, tx, now, hits)
}
