package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/sqldb"
)

// plain reports whether s is UTF-8 without control characters, fit to be kept as a
// reference and shown in a terminal.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// hit makes a hit of a match.
func (a *Agent) hit(l *look, m *lantern.Match) (*agentstore.HitRow, error) {
	id, err := a.newID()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(casework.Place{Distance: m.Distance, Weak: m.Weak, Field: m.Field, Offset: m.Offset, Length: m.Length, Line: m.Line, Column: m.Column})
	if err != nil {
		return nil, fmt.Errorf("writing a hit: %w", err)
	}
	return &agentstore.HitRow{
		ID: id, Signal: m.Signal, Kind: m.Type, Ref: l.answer.Ref, Account: l.account, How: m.How,
		State: lantern.HitOpen, Incident: m.Incident, Urgency: urgency(m), Place: string(text), Found: a.clock(),
	}, nil
}

// urgency orders the queue by risk to a child now, not by age: 0 comes first. What is
// imminent stands before all else, however it was found.
func urgency(m *lantern.Match) int64 {
	doubtful := m.Weak || m.Disputed
	if m.Imminent {
		return map[bool]int64{false: 0, true: lastImminent}[doubtful]
	}
	u := map[lantern.Severity]int64{lantern.Critical: 2, lantern.High: 3, lantern.Medium: 4, lantern.Low: 5}[m.Severity]
	if u == 0 {
		u = 4
	}
	if doubtful {
		u += 5
	}
	return u
}

// lastImminent is the urgency of an imminent signal's hit that is weak or disputed.
const lastImminent = 1

// keepHits stores hits whose signals still stand. That is asked again in the same
// transaction: a correction in between must leave no hit behind.
func (a *Agent) keepHits(ctx context.Context, hits []*agentstore.HitRow) error {
	if len(hits) == 0 {
		return nil
	}
	// Found in several places, a signal is one hit, the first; a statement that met both
	// would change one row twice.
	type same struct {
		signal lantern.ID
		ref    string
		how    lantern.How
	}
	seen := make(map[same]bool)
	var ids []lantern.ID
	var rows []*agentstore.HitRow
	for _, h := range hits {
		if k := (same{h.Signal, h.Ref, h.How}); !seen[k] {
			seen[k] = true
			rows = append(rows, h)
			ids = append(ids, h.Signal)
		}
	}
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		held, err := agentstore.LoadReplica(ctx, tx, ids)
		if err != nil {
			return err
		}
		var kept []*agentstore.HitRow
		for _, h := range rows {
			if r := held[h.Signal]; r != nil && r.State == lantern.Active {
				kept = append(kept, h)
			}
		}
		if err := agentstore.InsertHits(ctx, tx, kept); err != nil {
			return err
		}
		if err := a.tellHits(ctx, tx, a.clock(), kept); err != nil {
			return err
		}
		var incidents []lantern.ID
		for _, h := range kept {
			if h.Incident != 0 && !slices.Contains(incidents, h.Incident) {
				incidents = append(incidents, h.Incident)
			}
		}
		return agentstore.LeadIncidents(ctx, tx, incidents)
	})
	if err != nil {
		return fmt.Errorf("keeping hits: %w", err)
	}
	a.told.wake()
	return nil
}

// HitFilter chooses hits. The zero filter asks for the first open ones; held hits cannot be
// asked for.
type HitFilter = agentstore.HitFilter

// MaxHits bounds a page of hits.
const MaxHits = 1000

// Hits returns a page of the queue: the greatest risk to a child first, then the oldest.
// Hits of one incident stand together, where the first of them belongs.
func (a *Agent) Hits(ctx context.Context, f agentstore.HitFilter) ([]lantern.Hit, error) {
	if f.State == "" {
		f.State = lantern.HitOpen
	}
	if f.State == lantern.HitHeld {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/state", Reason: "held hits cannot be seen", Fix: "ask for open, decided or void"}
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, MaxHits)
	hits := []lantern.Hit{}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		var after *agentstore.HitRow
		if f.After != 0 {
			h, found, err := agentstore.LoadHit(ctx, tx, f.After)
			if err != nil {
				return err
			}
			if !found || h.State == lantern.HitHeld {
				return &lantern.Error{Kind: lantern.NotFound, Field: "/after", Reason: "no such hit", Fix: "start again without it"}
			}
			after = &h
		}
		rows, err := agentstore.ListHits(ctx, tx, f, after)
		if err != nil {
			return err
		}
		hits, err = showHits(ctx, tx, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing hits: %w", err)
	}
	return hits, nil
}

// Hit returns one hit. Held ones are not found.
func (a *Agent) Hit(ctx context.Context, id lantern.ID) (hit lantern.Hit, err error) {
	err = a.db.Read(ctx, func(tx *sqldb.Tx) error {
		row, found, err := agentstore.LoadHit(ctx, tx, id)
		if err != nil {
			return err
		}
		if !found || row.State == lantern.HitHeld {
			return lantern.Errorf(lantern.NotFound, "no such hit")
		}
		shown, err := showHits(ctx, tx, []agentstore.HitRow{row})
		if err == nil {
			hit = shown[0]
		}
		return err
	})
	if err != nil {
		return lantern.Hit{}, fmt.Errorf("reading a hit: %w", err)
	}
	return hit, nil
}

// showHits returns rows in wire form, with what their signals say at this moment.
func showHits(ctx context.Context, tx *sqldb.Tx, rows []agentstore.HitRow) ([]lantern.Hit, error) {
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
	var p casework.Place
	if err := json.Unmarshal([]byte(place), &p); err != nil {
		return fmt.Errorf("reading a hit: %w", err)
	}
	m.Distance, m.Weak, m.Field = p.Distance, p.Weak, p.Field
	m.Offset, m.Length, m.Line, m.Column = p.Offset, p.Length, p.Line, p.Column
	if row == nil {
		return nil
	}
	var s lantern.Signal
	if err := json.Unmarshal([]byte(row.Opinion), &s); err != nil {
		return fmt.Errorf("reading an opinion: %w", err)
	}
	describe(m, &s)
	return nil
}
