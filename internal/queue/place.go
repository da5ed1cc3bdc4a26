package queue

import (
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/signal"
)

// Place is the part of a match that only this agent knows; what the signal says is
// read again whenever the hit is shown.
type Place struct {
	Distance int     `json:"distance,omitempty"`
	OfQuery  float64 `json:"query_percent,omitempty"`
	OfSignal float64 `json:"signal_percent,omitempty"`
	Weak     bool    `json:"weak,omitempty"`
	Field    string  `json:"field,omitempty"`
	Offset   int     `json:"offset"`
	Length   int     `json:"length"`
	Line     int     `json:"line,omitempty"`
	Column   int     `json:"column,omitempty"`
}

// Hit makes a hit of a match that was found in what the member calls ref.
func (q *Queue) Hit(m *lantern.Match, ref, account string, now time.Time) (*agentstore.HitRow, error) {
	id, err := lantern.NewID(q.Random)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(Place{Distance: m.Distance, OfQuery: m.QueryPercent, OfSignal: m.SignalPercent, Weak: m.Weak, Field: m.Field, Offset: m.Offset, Length: m.Length, Line: m.Line, Column: m.Column})
	if err != nil {
		return nil, fmt.Errorf("writing a hit: %w", err)
	}
	return &agentstore.HitRow{
		ID: id, Signal: m.Signal, Kind: m.Type, Ref: ref, Account: account, How: m.How,
		State: lantern.HitOpen, Urgency: Later, Place: string(text), Found: now,
	}, nil
}

// Later stands for the urgency of a hit whose signal was not looked at yet: its place in the
// queue follows from what the signal says when the hit is stored, or shown.
const Later = -1

// place gives a hit that was held its place in the queue, by what its signal says at present.
func place(h *agentstore.HitRow, row *agentstore.ReplicaRow) error {
	var s lantern.Signal
	if err := json.Unmarshal([]byte(row.Opinion), &s); err != nil {
		return fmt.Errorf("reading the opinion of signal %s: %w", row.Signal, err)
	}
	var p Place
	if err := json.Unmarshal([]byte(h.Place), &p); err != nil {
		return fmt.Errorf("reading a hit: %w", err)
	}
	m := lantern.Match{Weak: p.Weak}
	Describe(&m, &s)
	h.Urgency, h.Incident = Urgency(&m), s.Incident
	return nil
}

// Urgency orders the queue by risk to a child now, not by age: 0 comes first. What is
// imminent stands before all else, however it was found.
func Urgency(m *lantern.Match) int64 {
	doubtful := m.Weak || m.Disputed
	if m.Imminent {
		return map[bool]int64{false: 0, true: LastImminent}[doubtful]
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

// LastImminent is the urgency of an imminent signal's hit that is weak or disputed.
const LastImminent = 1

// Describe fills in what the sharer and the program say of a matched signal.
func Describe(m *lantern.Match, s *lantern.Signal) {
	m.Type, m.Incident, m.Sharer, m.Status, m.Tags = s.Type, s.Incident, s.Member, s.Status, s.Tags
	m.Severity, m.Imminent, m.Disputed, m.Reactions = s.Severity, s.Imminent, s.Disputed, s.Reactions
	m.Shared, m.RequiresReview = s.Created, true
	if t, known := signal.Lookup(s.Type); known && t.Weak {
		m.Weak = true
	}
}
