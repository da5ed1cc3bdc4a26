package lantern

import (
	"fmt"
	"time"
)

// SignalType names how a value is validated, normalised and compared: "email", "url",
// "pdq", … Package signal holds the list and the rules.
type SignalType string

// Status is the sharer's opinion on the value.
type Status string

// The statuses.
const (
	Violating    Status = "violating"     // broke the sharer's policy
	Lead         Status = "lead"          // worth a look
	NonViolating Status = "non-violating" // looked at and cleared
)

// Severity orders harm from low to critical.
type Severity string

// The severities, rising.
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// SubjectRole says what the value belongs to. There is no role for a victim: what
// identifies a victim is never a signal.
type SubjectRole string

// The subject roles.
const (
	SuspectedOffender SubjectRole = "suspected-offender"
	Content           SubjectRole = "content"
	Infrastructure    SubjectRole = "infrastructure"
	UnknownRole       SubjectRole = "unknown"
)

// Handling is a Traffic Light Protocol 2.0 label (FIRST). It narrows what a recipient may
// do; the program stays the audience.
type Handling string

// The handling labels. Clear is not offered: nothing here is for publication.
const (
	Red         Handling = "RED"
	AmberStrict Handling = "AMBER+STRICT" // the default: the recipient's organisation only
	Amber       Handling = "AMBER"
	Green       Handling = "GREEN"
)

// SignalState is where a signal is in its life.
type SignalState string

// The states.
const (
	Held      SignalState = "held"      // stored, not disclosed: waits for a second person
	Active    SignalState = "active"    // disclosed and matched
	Suspended SignalState = "suspended" // challenged: matches nowhere until decided
	Withdrawn SignalState = "withdrawn" // taken back; a tombstone with a correction
	Expired   SignalState = "expired"   // its time ran out
	Erased    SignalState = "erased"    // value and keys destroyed
	Narrowed  SignalState = "narrowed"  // in one program's feed alone: taken out of it, while the signal stands in another
)

// ReviewedBy says who looked before the signal was shared.
type ReviewedBy string

// The reviewers.
const (
	ByHuman   ReviewedBy = "human"
	ByMachine ReviewedBy = "machine"
	ByBoth    ReviewedBy = "both"
)

// ByPerson reports whether a person looked.
func (r ReviewedBy) ByPerson() bool { return r == ByHuman || r == ByBoth }

// Basis is why the sharer says so: mandatory context of each signal.
type Basis struct {
	Policy     string     `json:"policy"`           // the sharer's own policy that was broken, its public name or section; 1–200 characters
	ReviewedBy ReviewedBy `json:"reviewed_by"`      // who reviewed
	Action     string     `json:"action,omitempty"` // what the sharer did, e.g. "account disabled"; at most 200 characters
	At         time.Time  `json:"at,omitzero"`      // when the review was made
}

// LinkKind says how a signal relates to another one.
type LinkKind string

// The link kinds.
const (
	DerivedFrom LinkKind = "derived-from" // found by following the target
	SameAccount LinkKind = "same-account" // both belong to one account
	PostedAt    LinkKind = "posted-at"    // the value was posted at the target
)

// Link points from the signal that carries it to a signal the sharer may see.
type Link struct {
	Kind   LinkKind `json:"kind"`
	Signal ID       `json:"signal"`
}

// Draft is what a member says about one value: a signal before the exchange gave it an
// identity. Its zero fields take the documented defaults.
type Draft struct {
	Programs       []ID        `json:"programs"` // where to share; at least one
	Type           SignalType  `json:"type"`
	Value          string      `json:"value"`                // raw; the exchange normalises; at most MaxValue bytes
	Tactic         *Tactic     `json:"tactic,omitempty"`     // of type TacticType alone, in the place of a value
	Status         Status      `json:"status,omitempty"`     // default Lead
	Tags           []Tag       `json:"tags"`                 // at least one of the program's taxonomy
	Severity       Severity    `json:"severity,omitempty"`   // default Medium
	Imminent       bool        `json:"imminent,omitempty"`   // a child is at risk now
	Confidence     int         `json:"confidence,omitempty"` // 0–100 percent
	Basis          Basis       `json:"basis"`
	FirstSeen      time.Time   `json:"first_seen,omitzero"`
	LastSeen       time.Time   `json:"last_seen,omitzero"`
	Language       string      `json:"language,omitempty"`        // BCP 47, for phrases
	Role           SubjectRole `json:"subject_role,omitempty"`    // default UnknownRole
	SuspectedMinor bool        `json:"suspected_minor,omitempty"` // only where the program's policy allows it
	Handling       Handling    `json:"handling,omitempty"`        // default AmberStrict
	UseRestriction string      `json:"use_restriction,omitempty"` // e.g. "ncmec"; recipients must not re-share or export
	Expires        time.Time   `json:"expires,omitzero"`          // default: the program's for this type, never above its ceiling
	Note           string      `json:"note,omitempty"`            // at most MaxNote characters, no personal data
	Links          []Link      `json:"links,omitempty"`           // at most MaxLinks
	Incident       ID          `json:"incident,omitempty"`        // an incident of the member's own that it is part of
}

// Bounds of a draft.
const (
	MaxValue    = 4096 // bytes of a raw value
	MaxNote     = 500  // characters of a note
	MaxLinks    = 32   // links of a signal
	MaxTags     = 16   // tags of a signal
	MaxPrograms = 16   // programs of a signal
	MaxBatch    = 1000 // items of one batch
)

// Signal is one member's opinion on one value, unique on (member, type, canonical
// value), with the programs it is shared to.
type Signal struct {
	ID      ID          `json:"id"`
	Member  ID          `json:"member"`
	State   SignalState `json:"state"`
	Draft               // Value is canonical, and "" when the reader may not have it
	Created time.Time   `json:"created"`
	Updated time.Time   `json:"updated"`

	Disputed  bool             `json:"disputed,omitempty"`  // members hold opposing statuses on this value
	Reactions map[Reaction]int `json:"reactions,omitempty"` // how many members reacted so
}

// ShareStatus says what became of one shared draft.
type ShareStatus string

// What a share did.
const (
	Created   ShareStatus = "created"
	Cleared   ShareStatus = "cleared"   // the member's earlier opinion was taken back with a correction; Signal is what it says instead
	Updated   ShareStatus = "updated"   // the member's opinion or placements changed; the expiry did not
	Unchanged ShareStatus = "unchanged" // identical to what is stored
	HeldBack  ShareStatus = "held"      // stored, not disclosed: an upheld challenge marks this value
	Refused   ShareStatus = "refused"
)

// ShareResult is the answer to one draft. In a batch, results stand in the order of the
// items and one bad item never harms its neighbours.
type ShareResult struct {
	Status  ShareStatus `json:"status"`
	Signal  ID          `json:"signal,omitempty"`
	Leaf    int64       `json:"leaf,omitempty"` // index of the log entry that records it; meaningful unless Unchanged or Refused
	Problem *Problem    `json:"problem,omitempty"`
}

// Problem is an [Error] on the wire: the form of RFC 9457 without its envelope.
type Problem struct {
	Kind    Kind   `json:"kind"`
	Pointer string `json:"pointer,omitempty"` // JSON pointer
	Reason  string `json:"reason"`
	Fix     string `json:"fix,omitempty"`
}

// Problem returns e in wire form, without e.Also.
func (e *Error) Problem() *Problem {
	return &Problem{Kind: e.Kind, Pointer: e.Field, Reason: e.Reason, Fix: e.Fix}
}

// Validate checks the form of d: what can be said without knowing type rules, program or
// member. It returns an [*Error] of kind [Invalid] that lists every complaint.
func (d *Draft) Validate() error {
	var errs []*Error
	bad := func(field, reason, fix string) { errs = append(errs, invalid(field, reason, fix)) }
	if n := len(d.Programs); n == 0 || n > MaxPrograms {
		bad("/programs", "no audience, or too many", fmt.Sprintf("name 1 to %d programs", MaxPrograms))
	}
	if d.Type == "" {
		bad("/type", "missing", "name a signal type; GET /v1/types lists them")
	}
	errs = append(errs, d.checkValue()...)
	switch n := len(d.Tags); {
	case n == 0:
		bad("/tags", "missing", "give at least one tag of the program's taxonomy")
	case n > MaxTags:
		bad("/tags", "too many", fmt.Sprintf("at most %d", MaxTags))
	}
	oneOf(&errs, "/status", d.Status, "", Violating, Lead, NonViolating)
	oneOf(&errs, "/severity", d.Severity, "", Low, Medium, High, Critical)
	oneOf(&errs, "/subject_role", d.Role, "", SuspectedOffender, Content, Infrastructure, UnknownRole)
	oneOf(&errs, "/handling", d.Handling, "", Red, AmberStrict, Amber, Green)
	errs = append(errs, d.Basis.check()...)
	text(&errs, "/note", d.Note, 0, MaxNote)
	text(&errs, "/language", d.Language, 0, 35)
	text(&errs, "/use_restriction", d.UseRestriction, 0, 64)
	if d.Confidence < 0 || d.Confidence > 100 {
		bad("/confidence", "out of range", "a percentage, 0 to 100")
	}
	if len(d.Links) > MaxLinks {
		bad("/links", "too many", fmt.Sprintf("at most %d", MaxLinks))
	}
	for i, l := range d.Links {
		oneOf(&errs, fmt.Sprintf("/links/%d/kind", i), l.Kind, DerivedFrom, SameAccount, PostedAt)
		if l.Signal == 0 {
			bad(fmt.Sprintf("/links/%d/signal", i), "missing", "give the id of the signal it points to")
		}
	}
	if !d.FirstSeen.IsZero() && !d.LastSeen.IsZero() && d.LastSeen.Before(d.FirstSeen) {
		bad("/last_seen", "before first_seen", "swap the two times")
	}
	return join(errs)
}

// Renewal prolongs a signal: an explicit act of a Person after a fresh review.
type Renewal struct {
	Expires time.Time `json:"expires"` // the new expiry, within the program's ceiling from today
	Basis   Basis     `json:"basis"`   // the fresh review
}

// Validate checks the form.
func (r *Renewal) Validate() error { return join(r.Basis.check()) }

func (b *Basis) check() (errs []*Error) {
	oneOf(&errs, "/basis/reviewed_by", b.ReviewedBy, ByHuman, ByMachine, ByBoth)
	text(&errs, "/basis/policy", b.Policy, 1, 200)
	text(&errs, "/basis/action", b.Action, 0, 200)
	return errs
}

// WithdrawReason says why a sharer takes a signal back. The set is closed.
type WithdrawReason string

// The reasons of a withdrawal.
const (
	WithdrawnInError  WithdrawReason = "shared-in-error"
	WithdrawnAppeal   WithdrawReason = "appeal-upheld"
	WithdrawnReused   WithdrawReason = "identifier-reused"
	WithdrawnOutdated WithdrawReason = "outdated"
	WithdrawnRequest  WithdrawReason = "lawful-request"
)

// WithdrawReasons lists them.
var withdrawReasons = []WithdrawReason{WithdrawnInError, WithdrawnAppeal, WithdrawnReused, WithdrawnOutdated, WithdrawnRequest}

// Narrowing takes a signal out of one program, while it stays in others. Nothing is said
// against it: who has it through another of its programs keeps it, who loses it masks and
// purges it. Sharing it to the program again is an ordinary share.
type Narrowing struct {
	Program ID `json:"program"` // out of which it is taken; another must be left
}

// Validate checks the form.
func (n *Narrowing) Validate() error {
	var errs []*Error
	if n.Program == 0 {
		errs = append(errs, invalid("/program", "missing", "give the id of the program to take the signal out of"))
	}
	return join(errs)
}

// Withdrawal takes a signal back from every program.
type Withdrawal struct {
	Reason WithdrawReason `json:"reason"`
	Erase  bool           `json:"erase,omitempty"` // destroy value and keys at once instead of at the purge horizon
}

// Validate checks the form.
func (w *Withdrawal) Validate() error {
	var errs []*Error
	oneOf(&errs, "/reason", w.Reason, withdrawReasons...)
	return join(errs)
}
