package stix

import (
	"time"

	"lantern"
)

// outcomeExtension carries what others did because of a signal. Its schema is schemas/outcome.json.
const outcomeExtension = "extension-definition--7d2c1f0e-93a4-4c58-8b6f-0e5a1d9c2b47"

// Sighting is what came of a signal at other members, as a summary: ranges, and never who.
type Sighting struct {
	Type        string         `json:"type"`
	SpecVersion string         `json:"spec_version"`
	ID          string         `json:"id"`
	Created     string         `json:"created"`
	Modified    string         `json:"modified"`
	SightingOf  string         `json:"sighting_of_ref"`
	Summary     bool           `json:"summary"`
	MarkingRefs []string       `json:"object_marking_refs"`
	Extensions  map[string]any `json:"extensions"`
}

// totaled is the extension on it.
type totaled struct {
	ExtensionType string                               `json:"extension_type"`
	Signal        lantern.ID                           `json:"signal_id"`
	Through       string                               `json:"through"`
	Members       lantern.Cell                         `json:"members"`
	Counts        map[lantern.OutcomeKind]lantern.Cell `json:"counts"`
	Meanings      map[lantern.OutcomeKind]string       `json:"meanings"`
}

// Outcomes writes the sums of a signal of a type, created and last changed at these times, as its owner
// may read them. Sums that are not delayed are through at whatever time they are read, and a version
// has one content: it says through when they last changed.
func Outcomes(program lantern.ID, t lantern.SignalType, created, changed time.Time, o lantern.OutcomeTotals) Object {
	head := OutcomesHeader(program, o.Signal, created, changed)
	through := min(Stamp(o.Through), head.Version)
	head.Body = Sighting{Type: head.Type, SpecVersion: SpecVersion, ID: head.ID, Created: Stamp(created), Modified: head.Version,
		SightingOf: ID(objectType(t), program, o.Signal), Summary: true, MarkingRefs: []string{marking(lantern.AmberStrict)},
		Extensions: map[string]any{outcomeExtension: totaled{propertyExtension, o.Signal, through, o.Members, o.Counts, o.Meanings}}}
	return head
}

// OutcomesHeader is what is known of the object without reading the sums.
func OutcomesHeader(program, signal lantern.ID, created, changed time.Time) Object {
	if changed.Before(created) {
		changed = created
	}
	return Object{ID: ID("sighting", program, signal), Type: "sighting", Version: Stamp(changed)}
}
