// Package replica seals what an agent keeps of a signal, and opens it again. Every row has a key
// of its own, wrapped by the agent's key-encryption key and kept apart, so that destroying a
// key destroys the value with it.
package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/seal"
	"lantern/match"
	"lantern/signal"
)

// Part is what a row seals of a signal.
type Part struct {
	Value  string          `json:"value"`
	Tactic *lantern.Tactic `json:"tactic,omitempty"`
	Note   string          `json:"note,omitempty"`
}

// Row makes the row of an active signal. random gives its key and must be a secure source.
func Row(ctx context.Context, sealer *seal.Sealer, random io.Reader, s *lantern.Signal) (*agentstore.ReplicaRow, error) {
	opinion := *s
	opinion.Value, opinion.Tactic, opinion.Note = "", nil, ""
	text, err := json.Marshal(opinion)
	if err != nil {
		return nil, fmt.Errorf("writing an opinion: %w", err)
	}
	secret, err := json.Marshal(Part{Value: s.Value, Tactic: s.Tactic, Note: s.Note})
	if err != nil {
		return nil, fmt.Errorf("writing a value: %w", err)
	}
	record, wrapped, err := sealer.NewRecord(ctx, random)
	if err != nil {
		return nil, fmt.Errorf("making a record key: %w", err)
	}
	sealed, err := record.Seal(random, place(s.ID), secret)
	if err != nil {
		return nil, fmt.Errorf("sealing a value: %w", err)
	}
	return &agentstore.ReplicaRow{
		Signal: s.ID, Member: s.Member, Kind: s.Type, State: lantern.Active,
		Expires: s.Expires, Opinion: string(text), Sealed: sealed, Wrapped: wrapped,
		Imminent: s.Imminent, Incident: s.Incident,
	}, nil
}

// Open opens the sealed part of a row. An error names the signal and nothing it holds.
func Open(ctx context.Context, sealer *seal.Sealer, r *agentstore.ReplicaRow) (Part, error) {
	var part Part
	record, err := sealer.OpenRecord(ctx, r.Wrapped)
	if err != nil {
		return part, fmt.Errorf("opening the key of signal %s: %w", r.Signal, err)
	}
	plain, err := record.Open(place(r.Signal), r.Sealed)
	if err != nil {
		return part, fmt.Errorf("opening the value of signal %s: %w", r.Signal, err)
	}
	if err := json.Unmarshal(plain, &part); err != nil {
		return part, fmt.Errorf("the sealed part of signal %s is damaged", r.Signal)
	}
	return part, nil
}

// place binds a sealed part to its row.
func place(signal lantern.ID) string { return "replica/" + signal.String() + "/value" }

// Entry makes what the engine holds of a signal; ok is false if this version cannot read the
// value: a type of a newer exchange, or one that normalises differently.
func Entry(id lantern.ID, kind lantern.SignalType, value string) (entry match.Entry, ok bool) {
	t, known := signal.Lookup(kind)
	if !known {
		return entry, false
	}
	v, err := t.Normalize(value)
	if err != nil {
		return entry, false
	}
	return match.Entry{Signal: id, Type: kind, Canonical: v.Canonical, Weak: v.Weak}, true
}
