// Package engine keeps an agent's match engine in a folder beside its database, and knows
// how far the folder's files are.
//
// The database is the truth and the engine its shadow: the files hold what is matchable up
// to a [Place], and whoever opens them brings them from there to what the database says. A
// folder that belongs to another database, to another state of it, or to a version that
// matches by other rules is of no use and is begun anew.
package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// Place is how far the files of an engine are.
type Place struct {
	Database  string `json:"database"`  // a name that only the database these files belong to has
	Rules     string `json:"rules"`     // by which settings it was decided what is matchable
	Arrival   int64  `json:"arrival"`   // all signals that arrived up to here are held
	Departure int64  `json:"departure"` // none that departed up to here, and did not arrive again, is
}

// Leads reports whether files at p can be brought to q, where a database is that forgot what
// departed up to a departure: they are of the same database and rules, no farther than it, and
// not from before what it forgot.
func (p Place) Leads(q Place, forgotten int64) bool {
	return p.Departure >= forgotten && p.Database != "" && p.Database == q.Database && p.Rules == q.Rules && p.Arrival <= q.Arrival && p.Departure <= q.Departure
}

// Open opens the engine in a folder, which it makes if need be, and says how far it is. What
// cannot be used is begun anew, at the zero Place; why is returned beside, and is nothing to
// stop for.
func Open(dir string, key [32]byte) (e *match.Engine, at Place, why error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, at, nil, fmt.Errorf("making the folder of the engine: %w", err)
	}
	e, err = match.Open(dir, key)
	var damage *match.Damage
	if errors.As(err, &damage) {
		e, err = match.Create(dir, key)
		return e, Place{}, damage, err
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, at, nil, &lantern.Error{Kind: lantern.Conflict, Reason: "another agent has this folder open", Fix: "stop it first, or give this one a folder of its own"}
	}
	if err != nil {
		return nil, at, nil, fmt.Errorf("opening the engine: %w", err)
	}
	if position := e.Position(); position != nil && json.Unmarshal(position, &at) != nil {
		at = Place{}
	}
	return e, at, nil, nil
}

// Save brings the files of an engine to a place: everything up to there was applied.
func Save(e *match.Engine, at Place) error {
	text, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("writing how far the engine is: %w", err)
	}
	if err := e.Save(text); err != nil {
		return fmt.Errorf("saving the engine: %w", err)
	}
	return nil
}

// Rules names what decides which signals are matchable for a member, with its own or without,
// in this version. By which forms values are compared is the engine's own affair.
func Rules(member lantern.ID, own bool) string {
	text := fmt.Sprintf("member %s own %t types", member, own)
	for _, t := range signal.Types() {
		text += " " + string(t.Name)
	}
	return text
}
