package stix

import (
	"slices"
	"strings"
	"time"

	"lantern"
)

// SpecVersion is the version of STIX that is written and read.
const SpecVersion = "2.1"

const (
	indicator     = "indicator"
	attackPattern = "attack-pattern"
	identityType  = "identity"
)

// Object is an object with the two names by which TAXII knows it.
type Object struct {
	ID      string // its STIX id
	Type    string
	Version string // of this version
	Body    any    // encodes to the object
}

// common are the properties that every object of a signal has.
type common struct {
	Type         string         `json:"type"`
	SpecVersion  string         `json:"spec_version"`
	ID           string         `json:"id"`
	CreatedByRef string         `json:"created_by_ref,omitempty"`
	Created      string         `json:"created"`
	Modified     string         `json:"modified"`
	Revoked      bool           `json:"revoked,omitempty"`
	Labels       []lantern.Tag  `json:"labels,omitempty"`
	Confidence   int            `json:"confidence,omitempty"`
	MarkingRefs  []string       `json:"object_marking_refs,omitempty"`
	Extensions   map[string]any `json:"extensions"`
	Description  string         `json:"description,omitempty"`
}

// Indicator is a signal on a value.
type Indicator struct {
	common
	IndicatorTypes []string `json:"indicator_types,omitempty"`
	Pattern        string   `json:"pattern"`
	PatternType    string   `json:"pattern_type"`
	PatternVersion string   `json:"pattern_version"`
	ValidFrom      string   `json:"valid_from"`
	ValidUntil     string   `json:"valid_until,omitempty"`
}

// AttackPattern is a tactic.
type AttackPattern struct {
	common
	Name string `json:"name"`
}

// Identity is a member.
type Identity struct {
	Type          string `json:"type"`
	SpecVersion   string `json:"spec_version"`
	ID            string `json:"id"`
	Created       string `json:"created"`
	Modified      string `json:"modified"`
	Name          string `json:"name"`
	Description   string `json:"description,omitempty"`
	IdentityClass string `json:"identity_class"`
}

// Member writes a member.
func Member(m lantern.Member) Object {
	return identity(memberID(m.ID), m.Name, "", Stamp(m.Created))
}

func memberID(id lantern.ID) string { return ID(identityType, 0, id) }

// parseMember returns the member whose identity has that id.
func parseMember(text string) (id lantern.ID, ok bool) {
	kind, uuid, _ := strings.Cut(text, "--")
	if kind != identityType {
		return 0, false
	}
	return ParseUUID(kind, 0, uuid)
}

func identity(id, name, about, created string) Object {
	return Object{ID: id, Type: identityType, Version: created, Body: Identity{Type: identityType, SpecVersion: SpecVersion, ID: id, Created: created, Modified: created,
		Name: name, Description: about, IdentityClass: "organization"}}
}

// objectType is the type of object that a signal of a type is.
func objectType(t lantern.SignalType) string {
	if t == lantern.TacticType {
		return attackPattern
	}
	return indicator
}

// Header is what is known of the object of an entry without reading it: type and version.
func Header(t lantern.SignalType, changed time.Time) Object {
	return Object{Type: objectType(t), Version: Stamp(changed)}
}

// Signal writes one entry of a program's feed: an indicator, or an attack-pattern for a tactic.
// What is not active has neither value nor opinion.
func Signal(program lantern.ID, c *lantern.Change) Object {
	s := &c.Signal
	kind := objectType(s.Type)
	id, version := ID(kind, program, s.ID), Stamp(c.Time)
	said := Said{ExtensionType: propertyExtension, Signal: s.ID, SignalType: s.Type, State: s.State, Correction: c.Correction}
	base := common{Type: kind, SpecVersion: SpecVersion, ID: id, CreatedByRef: memberID(s.Member), Created: Stamp(s.Created), Modified: version,
		Revoked: final(s.State), Extensions: map[string]any{}, MarkingRefs: []string{marking(s.Handling)}}
	if s.State == lantern.Active {
		said.opinion(c)
		base.Labels, base.Confidence, base.Description = s.Tags, s.Confidence, s.Note
		extend(base.Extensions, s)
	}
	base.Extensions[signalExtension] = said
	if kind == attackPattern {
		return Object{id, kind, version, AttackPattern{base, "Tactic " + s.ID.String()}}
	}
	i := Indicator{common: base, PatternType: "stix", PatternVersion: SpecVersion, ValidFrom: Stamp(s.Created), Pattern: withheld(s.ID)}
	if s.State == lantern.Active {
		i.IndicatorTypes, i.Pattern = []string{suspicion(s)}, Pattern(s.Type, s.Value)
		i.ValidUntil = until(s.Created, s.Expires)
	} else {
		i.ValidUntil = until(s.Created, c.Time)
	}
	return Object{id, kind, version, i}
}

// until is when an indicator ends: later than it begins, as STIX demands.
func until(from, to time.Time) string {
	if to.IsZero() {
		return ""
	}
	if least := from.Add(time.Microsecond); to.Before(least) {
		to = least
	}
	return Stamp(to)
}

// final reports whether a signal never comes back under its id.
func final(s lantern.SignalState) bool {
	return s == lantern.Withdrawn || s == lantern.Expired || s == lantern.Erased
}

// opinion fills in what the sharer and others say of an active signal.
func (e *Said) opinion(c *lantern.Change) {
	s := &c.Signal
	e.Status, e.Severity, e.Imminent, e.Role, e.SuspectedMinor = s.Status, s.Severity, s.Imminent, s.Role, s.SuspectedMinor
	basis := s.Basis
	e.Basis, e.UseRestriction, e.Incident, e.Tactic = &basis, s.UseRestriction, s.Incident, s.Tactic
	e.Disputed, e.Corroboration, e.Reactions = s.Disputed, c.Corroboration, s.Reactions
	if !s.FirstSeen.IsZero() {
		e.FirstSeen = Stamp(s.FirstSeen)
	}
	if !s.LastSeen.IsZero() {
		e.LastSeen = Stamp(s.LastSeen)
	}
	if s.Type != "phrase" {
		e.Language = s.Language
	}
	for _, l := range s.Links {
		e.Links = append(e.Links, Linked(l))
	}
}

// suspicion is the indicator type of an active signal. The strongest word is for content alone that
// a person looked at: readers act on it without asking.
func suspicion(s *lantern.Signal) string {
	content := []lantern.SignalType{"md5", "sha1", "sha256", "pdq", "vpdq", "photodna", "video-md5"}
	switch {
	case s.Status == lantern.NonViolating:
		return benign
	case s.Status == lantern.Violating && s.Basis.ReviewedBy != lantern.ByMachine && slices.Contains(content, s.Type):
		return "malicious-activity"
	case s.Status == lantern.Violating:
		return "anomalous-activity"
	}
	return "unknown"
}

// benign is the indicator type of a signal that was looked at and cleared.
const benign = "benign"
