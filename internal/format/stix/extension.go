package stix

import (
	"embed"
	"strings"

	"lantern"
	"lantern/signal"
)

//go:embed schemas/*.json
var schemas embed.FS

// The ids of the extensions. They never change; another meaning is another extension.
const (
	signalExtension  = "extension-definition--c4c4afa5-2789-440c-9468-3e8a6fdf289f"
	hashExtension    = "extension-definition--368a2f47-4dce-4ce5-ab29-359940465515"
	phraseExtension  = "extension-definition--c98f510b-5dd5-40e5-812a-4aae11e1b368"
	accountExtension = "extension-definition--806a4976-20da-4521-8227-0fa1f4595440"

	projectIdentity = "identity--6e6c12e6-c766-4631-9181-be0d228c04fd" // of the project, which defined them
	definedAt       = "2026-11-26T00:00:00.000Z"

	propertyExtension = "property-extension"
)

// Said is the extension that carries what is said of a signal. Its schema is
// schemas/signal.json, where every member is explained.
type Said struct {
	ExtensionType  string                   `json:"extension_type"`
	Signal         lantern.ID               `json:"signal_id,omitempty"`
	SignalType     lantern.SignalType       `json:"signal_type,omitempty"`
	State          lantern.SignalState      `json:"state,omitempty"`
	Status         lantern.Status           `json:"status,omitempty"`
	Severity       lantern.Severity         `json:"severity,omitempty"`
	Imminent       bool                     `json:"imminent,omitempty"`
	Role           lantern.SubjectRole      `json:"subject_role,omitempty"`
	SuspectedMinor bool                     `json:"suspected_minor,omitempty"`
	Basis          *lantern.Basis           `json:"basis,omitempty"`
	UseRestriction string                   `json:"use_restriction,omitempty"`
	FirstSeen      string                   `json:"first_seen,omitempty"`
	LastSeen       string                   `json:"last_seen,omitempty"`
	Language       string                   `json:"language,omitempty"` // of a phrase, its own extension says it
	Disputed       bool                     `json:"disputed,omitempty"`
	Corroboration  int                      `json:"corroboration,omitempty"`
	Reactions      map[lantern.Reaction]int `json:"reactions,omitempty"`
	Incident       lantern.ID               `json:"incident_id,omitempty"`
	Links          []Linked                 `json:"links,omitempty"`
	Correction     lantern.ID               `json:"correction_id,omitempty"`
	Tactic         *lantern.Tactic          `json:"tactic,omitempty"`
	Programs       []lantern.ID             `json:"programs,omitempty"`   // in files alone: a feed is that of one program
	Expires        string                   `json:"expires_at,omitempty"` // in files alone, of a tactic: an attack-pattern has no valid_until
}

// Linked is a link to another signal.
type Linked struct {
	Kind   lantern.LinkKind `json:"kind"`
	Signal lantern.ID       `json:"signal_id"`
}

// hashed is the extension of near hashes; schemas/similarity-hash.json.
type hashed struct {
	ExtensionType string `json:"extension_type"`
	Algorithm     string `json:"algorithm"`
	MaxDistance   int    `json:"max_distance,omitempty"`
}

// phrased is the extension of phrases; schemas/phrase.json.
type phrased struct {
	ExtensionType string `json:"extension_type"`
	MatchMode     string `json:"match_mode"`
	Language      string `json:"language,omitempty"`
}

// accounted is the extension of accounts; schemas/linked-account.json.
type accounted struct {
	ExtensionType string `json:"extension_type"`
	Platform      string `json:"platform,omitempty"`
	Handle        string `json:"handle,omitempty"`
	AccountID     string `json:"account_id,omitempty"`
}

// extend adds what a type says of its values beyond the pattern.
func extend(all map[string]any, s *lantern.Signal) {
	switch s.Type {
	case "pdq", "vpdq", "photodna":
		h := hashed{ExtensionType: propertyExtension, Algorithm: string(s.Type)}
		if t, ok := signal.Lookup(s.Type); ok && t.Compare == signal.Hamming {
			h.MaxDistance = t.Radius
		}
		all[hashExtension] = h
	case "phrase":
		all[phraseExtension] = phrased{propertyExtension, "words", s.Language}
	case "account":
		platform, id, _ := strings.Cut(s.Value, ":")
		all[accountExtension] = accounted{ExtensionType: propertyExtension, Platform: platform, AccountID: id}
	case "payment":
		scheme, handle, _ := strings.Cut(s.Value, ":")
		all[accountExtension] = accounted{ExtensionType: propertyExtension, Platform: scheme, Handle: handle}
	case "username":
		platform, handle, ok := strings.Cut(s.Value, "/")
		if !ok {
			platform, handle = "", s.Value
		}
		all[accountExtension] = accounted{ExtensionType: propertyExtension, Platform: platform, Handle: handle}
	}
}

// Definition is an extension as an object.
type Definition struct {
	Type           string   `json:"type"`
	SpecVersion    string   `json:"spec_version"`
	ID             string   `json:"id"`
	CreatedByRef   string   `json:"created_by_ref"`
	Created        string   `json:"created"`
	Modified       string   `json:"modified"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Schema         string   `json:"schema"`
	Version        string   `json:"version"`
	ExtensionTypes []string `json:"extension_types"`
}

// Definitions lists our extensions, each with its whole JSON schema, and the identity that
// defined them.
func Definitions() (list []Object) {
	list = append(list, identity(projectIdentity, "Lantern", "Defines how signals of child-safety programs are written in STIX.", definedAt))
	for _, d := range []struct{ id, file, name, about string }{
		{signalExtension, "signal", "Lantern signal", "What a member says of a value: status, severity, basis, state. A clue, never a verdict."},
		{hashExtension, "similarity-hash", "Lantern similarity hash", "How a perceptual hash is compared."},
		{phraseExtension, "phrase", "Lantern phrase", "How words are compared."},
		{accountExtension, "linked-account", "Lantern linked account", "An account in its parts."},
		{outcomeExtension, "outcome", "Lantern outcome", "What other members did because of a signal, as ranges. It names nobody."},
	} {
		schema, err := schemas.ReadFile("schemas/" + d.file + ".json")
		if err != nil {
			panic(err) // it is in the binary
		}
		list = append(list, Object{ID: d.id, Type: "extension-definition", Version: definedAt, Body: Definition{
			Type: "extension-definition", SpecVersion: SpecVersion, ID: d.id, CreatedByRef: projectIdentity, Created: definedAt, Modified: definedAt,
			Name: d.name, Description: d.about, Schema: string(schema), Version: "1.0.0", ExtensionTypes: []string{propertyExtension},
		}})
	}
	return list
}
