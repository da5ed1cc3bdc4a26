package stix

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
)

// Posted is what is read of an object that a client sends. Everything else of it is passed over.
type Posted struct {
	Type           string                    `json:"type"`
	SpecVersion    string                    `json:"spec_version"`
	ID             string                    `json:"id"`
	Modified       string                    `json:"modified"`
	Created        string                    `json:"created"`
	Revoked        bool                      `json:"revoked"`
	Labels         []lantern.Tag             `json:"labels"`
	Confidence     int                       `json:"confidence"`
	MarkingRefs    []string                  `json:"object_marking_refs"`
	Extensions     map[string]jsontext.Value `json:"extensions"`
	Description    string                    `json:"description"`
	IndicatorTypes []string                  `json:"indicator_types"`
	Pattern        string                    `json:"pattern"`
	PatternType    string                    `json:"pattern_type"`
	ValidFrom      string                    `json:"valid_from"`
	ValidUntil     string                    `json:"valid_until"`
}

// Read reads an object that a client sends. Its id and its two times have been checked for form
// when the error is nil; the error names members of the object and never what they hold.
func Read(raw []byte) (p Posted, err error) {
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, errObject
	}
	return p, p.check()
}

// errObject refuses what has not the form of an object.
var errObject = &lantern.Error{Kind: lantern.Invalid, Reason: "not a STIX object, or a member of a wrong type", Fix: "send an indicator of STIX 2.1"}

// check refuses an id or a time without the form of one.
func (p *Posted) check() error {
	kind, _, _ := strings.Cut(p.ID, "--")
	if !Well(p.ID) || kind != p.Type {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/id", Reason: "not the id of a STIX object of this type", Fix: "its type, two hyphens and a UUID"}
	}
	for field, text := range map[string]string{"/created": p.Created, "/modified": p.Modified} {
		if _, ok := ParseStamp(text); text != "" && !ok {
			return &lantern.Error{Kind: lantern.Invalid, Field: field, Reason: "not a time", Fix: "write it as 2006-01-02T15:04:05.000Z"}
		}
	}
	return nil
}

// ObjectVersion names the version of an object as TAXII does; "" if it has none.
func (p *Posted) ObjectVersion() string {
	if p.Modified != "" {
		return p.Modified
	}
	return p.Created
}

// Draft reads an indicator as a draft of a signal of that program. What our extension says counts
// before what STIX has a word for. The basis is empty if the indicator has none: whoever shares
// the draft decides what becomes of it.
func (p *Posted) Draft(program lantern.ID) (d lantern.Draft, err error) {
	switch p.Type {
	case indicator:
	case "sighting", "opinion":
		return d, &lantern.Error{Kind: lantern.Invalid, Field: "/type", Fix: "record outcomes, feedback and challenges at the exchange's own API",
			Reason: "what was done because of a signal, and what is thought of it, is not taken here: an outcome needs the attestation of a person"}
	default:
		return d, &lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "this type of object is not taken", Fix: "send indicators"}
	}
	said, err := p.said()
	if err == nil {
		d, err = p.draft(&said)
		d.Programs = []lantern.ID{program}
	}
	return d, err
}

// said reads our extension; it is zero if there is none.
func (p *Posted) said() (said Said, err error) {
	if raw, ok := p.Extensions[signalExtension]; ok && json.Unmarshal(raw, &said) != nil {
		err = &lantern.Error{Kind: lantern.Invalid, Field: "/extensions/" + signalExtension, Reason: "does not fit its schema", Fix: "see the extension-definition"}
	}
	return said, err
}

// draft reads an object of a signal as a draft without programs, links and incident, which are
// names that only one exchange knows.
func (p *Posted) draft(said *Said) (d lantern.Draft, err error) {
	bad := func(field, reason, fix string) (lantern.Draft, error) {
		return d, &lantern.Error{Kind: lantern.Invalid, Field: field, Reason: reason, Fix: fix}
	}
	tactic := p.Type == attackPattern
	switch {
	case p.SpecVersion != SpecVersion:
		return bad("/spec_version", "this version of STIX is not taken", "send STIX 2.1")
	case p.PatternType != "stix" && !tactic:
		return bad("/pattern_type", "this pattern language is not taken", "write a STIX pattern")
	}
	d = lantern.Draft{Tags: p.Labels, Confidence: p.Confidence, Note: p.Description, Handling: handling(p.MarkingRefs),
		Status: said.Status, Severity: said.Severity, Imminent: said.Imminent, Role: said.Role, SuspectedMinor: said.SuspectedMinor,
		UseRestriction: said.UseRestriction, Language: said.Language}
	if tactic {
		d.Type, d.Tactic = lantern.TacticType, said.Tactic
	} else if d.Type, d.Value, err = Value(p.Pattern, said.SignalType); err != nil {
		return d, err
	}
	if said.Basis != nil {
		d.Basis = *said.Basis
	}
	if d.Status == "" && slices.Contains(p.IndicatorTypes, benign) {
		d.Status = lantern.NonViolating
	}
	if raw, ok := p.Extensions[phraseExtension]; ok {
		var ph phrased
		if json.Unmarshal(raw, &ph) != nil {
			return bad("/extensions/"+phraseExtension, "does not fit its schema", "see the extension-definition")
		}
		d.Language = ph.Language
	}
	for _, t := range []struct {
		into        *time.Time
		text, field string
	}{
		{&d.Expires, cmp.Or(p.ValidUntil, said.Expires), "/valid_until"},
		{&d.FirstSeen, said.FirstSeen, "/extensions/" + signalExtension + "/first_seen"},
		{&d.LastSeen, said.LastSeen, "/extensions/" + signalExtension + "/last_seen"},
	} {
		var ok bool
		if *t.into, ok = ParseStamp(t.text); t.text != "" && !ok {
			return bad(t.field, "not a time", "write it as 2006-01-02T15:04:05.000Z")
		}
	}
	return d, nil
}
