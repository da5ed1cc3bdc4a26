package lantern

import "time"

// HitDecision is what a reviewer says about a hit or a candidate.
type HitDecision string

// The decisions.
const (
	Confirmed   HitDecision = "confirmed"          // violates the own policy, on own evidence
	NotHere     HitDecision = "not-violating-here" // the signal may be right, there is no violation here; becomes feedback
	WrongSignal HitDecision = "wrong-signal"       // the signal itself is wrong; becomes a challenge
	Unsure      HitDecision = "unsure"
	Escalate    HitDecision = "escalate"
)

// HitState is where a hit stands.
type HitState string

// The hit states.
const (
	HitOpen    HitState = "open"
	HitDecided HitState = "decided"
	HitHeld    HitState = "held" // its signal is suspended; nobody can see it
	HitVoid    HitState = "void" // its signal fell; the match detail is purged

	HitQuarantined HitState = "quarantined" // its signal hits too much: not in the queue until a person releases it
)

// Hit is a match that waits for a person. It stays in the member's agent.
type Hit struct {
	ID       ID             `json:"id"`
	Ref      string         `json:"ref"`
	Account  string         `json:"account,omitempty"`
	State    HitState       `json:"state"`
	Match    Match          `json:"match"`
	Programs []ID           `json:"programs"`
	Case     ID             `json:"case,omitempty"`
	Decision HitDecision    `json:"decision,omitempty"`
	Reason   DecisionReason `json:"reason,omitempty"`
	Bulk     bool           `json:"bulk,omitempty"`   // decided together with others on identical evidence
	Person   ID             `json:"person,omitempty"` // who decided
	Act      ID             `json:"act,omitempty"`    // by which it was decided; can be undone for [UndoWindow]
	Found    time.Time      `json:"found"`
	Decided  time.Time      `json:"decided,omitzero"`
}

// HitRuling is a person's decision on one hit.
type HitRuling struct {
	Hit      ID             `json:"hit"`
	Decision HitDecision    `json:"decision"`
	Reason   DecisionReason `json:"reason,omitempty"` // one of the decision's; needed for WrongSignal and Escalate
}

// Validate checks the form.
func (r *HitRuling) Validate() error {
	var errs []*Error
	oneOf(&errs, "/decision", r.Decision, Confirmed, NotHere, WrongSignal, Unsure, Escalate)
	if r.Hit == 0 {
		errs = append(errs, invalid("/hit", "missing", "give the id of the hit"))
	}
	checkReason(&errs, r.Decision, r.Reason, false)
	return join(errs)
}
