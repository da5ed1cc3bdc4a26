package lantern

import (
	"fmt"
	"time"
)

// TypedValue is a raw value with the type that says how to read it.
type TypedValue struct {
	Type  SignalType `json:"type"`
	Value string     `json:"value"`
}

// Record is one thing of a member's own, to be looked up by its agent: a post, a
// profile, an upload, a line of a file. It never leaves the agent.
type Record struct {
	Ref      string       `json:"ref"`                // the member's own reference, returned with the answer; 1–200 bytes
	Account  string       `json:"account,omitempty"`  // the member's own account it belongs to; hits are grouped by it
	Source   string       `json:"source,omitempty"`   // the member's own name of where it comes from, by which sampling ratios are set; at most 64 bytes
	At       time.Time    `json:"at,omitzero"`        // when it happened on the member's platform
	Text     string       `json:"text,omitempty"`     // free text; every identifier and phrase in it is looked up
	Values   []TypedValue `json:"values,omitempty"`   // identifiers already known by type
	URLs     []string     `json:"urls,omitempty"`     // short for Values of type url
	Accounts []string     `json:"accounts,omitempty"` // short for Values of type account
	Hashes   []string     `json:"hashes,omitempty"`   // hex digests; the type follows from the length (64 digits: sha256 and pdq)
}

// Bounds of match requests.
const (
	MaxRecordText   = 1 << 20 // bytes of a record's text; longer text goes through `lantern match`
	MaxRecordValues = 1000    // identifiers of a record
	MaxMatchBatch   = 1000    // records of one request that is not a stream
	MaxNormal       = 4096    // bytes of a normal form in an answer
)

// Validate checks the form.
func (r *Record) Validate() error {
	var errs []*Error
	if n := len(r.Ref); n == 0 || n > 200 {
		errs = append(errs, invalid("/ref", "missing, or longer than 200 bytes", "your own reference, 1 to 200 bytes"))
	}
	if len(r.Source) > 64 {
		errs = append(errs, invalid("/source", "too long", "at most 64 bytes"))
	}
	if len(r.Text) > MaxRecordText {
		errs = append(errs, invalid("/text", "too long", fmt.Sprintf("at most %d bytes; use `lantern match` for files", MaxRecordText)))
	}
	if len(r.Values)+len(r.URLs)+len(r.Accounts)+len(r.Hashes) > MaxRecordValues {
		errs = append(errs, invalid("/values", "too many identifiers", fmt.Sprintf("at most %d in one record", MaxRecordValues)))
	}
	return join(errs)
}

// How says by which comparison a match was found.
type How string

// The comparisons.
const (
	HowExact     How = "exact"       // equal canonical values
	HowNear      How = "near"        // Hamming distance within the type's radius
	HowPhrase    How = "phrase"      // the phrase's words stand in the text
	HowURLPrefix How = "url-prefix"  // the URL lies below the signal's path, or is it with a query
	HowDomain    How = "domain"      // the host is the signal's domain or lies below it
	HowAlias     How = "alias"       // equal only after folding mail aliases or look-alike letters; weak
	HowBare      How = "bare-handle" // the handle is equal, the platform unknown; weak
)

// Match says that one signal was found in one record. It is a clue: a person must look
// before anything is done.
type Match struct {
	Signal         ID               `json:"signal"`
	Type           SignalType       `json:"type"`
	How            How              `json:"how"`
	Distance       int              `json:"distance,omitempty"`       // differing bits, for HowNear
	QueryPercent   float64          `json:"query_percent,omitempty"`  // of a video (vpdq): how much of the record's frame hashes match some of the signal's; Distance is then the largest of these to the nearest
	SignalPercent  float64          `json:"signal_percent,omitempty"` // how much of the signal's frame hashes match some of the record's
	Weak           bool             `json:"weak,omitempty"`           // never enough on its own
	Normal         string           `json:"normal,omitempty"`         // what the record says there, in the normal form that was compared; absent where that is longer than MaxNormal, in files, and in hits, which keep no value
	Field          string           `json:"field,omitempty"`          // JSON pointer into the record; "/text" with Offset
	Offset         int              `json:"offset"`                   // byte offset in the text
	Length         int              `json:"length"`                   // bytes of the text it covers
	Line           int              `json:"line,omitempty"`           // from 1, for text
	Column         int              `json:"column,omitempty"`         // from 1, in characters, for text
	Incident       ID               `json:"incident,omitempty"`       // of the sharer's, that the signal is part of
	Sharer         ID               `json:"sharer"`
	Status         Status           `json:"status"`
	Tags           []Tag            `json:"tags"`
	Severity       Severity         `json:"severity"`
	Imminent       bool             `json:"imminent,omitempty"`
	Disputed       bool             `json:"disputed,omitempty"`
	Reactions      map[Reaction]int `json:"reactions,omitempty"`
	Shared         time.Time        `json:"shared,omitzero"`
	Quarantined    bool             `json:"quarantined,omitempty"` // its signal hits too much: no hit is in the queue until a person releases it
	RequiresReview bool             `json:"requires_review"`       // always true
}

// AnswerState says how far an answer can be relied on.
type AnswerState string

// The answer states. An empty list of matches means "no match" only with AnswerOK.
const (
	AnswerOK     AnswerState = "ok"
	AnswerStale  AnswerState = "stale"          // no contact with the exchange for StaleAfter
	CouldNotLook AnswerState = "could-not-look" // a part was missing, damaged or out of its lease

	// While an agent is being introduced. Neither is ever to be read as "no match".
	AnswerShadow AnswerState = "shadow"      // looked up; what was found was counted and is not told
	NotSampled   AnswerState = "not-sampled" // the record is not in the part of its source that takes part
)

// OutOfSample begins the reason of an answer that is [NotSampled].
const OutOfSample = "not in the sample"

// How long an agent's replica may be out of contact.
const (
	StaleAfter = 24 * time.Hour
	LeaseEnds  = 72 * time.Hour // after it, person-naming types answer CouldNotLook
)

// Answer is the agent's answer to one [Record].
type Answer struct {
	Ref     string      `json:"ref"`
	State   AnswerState `json:"state"`
	Reasons []string    `json:"reasons,omitempty"` // why not ok; a value of the record that could not be read is named by its pointer, never quoted
	Matches []Match     `json:"matches"`
}
