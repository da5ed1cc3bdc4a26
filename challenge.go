package lantern

import "time"

// ChallengeReason says why a signal is thought wrong. The set is closed.
type ChallengeReason string

// The reasons.
const (
	WrongValue       ChallengeReason = "wrong-value"       // the value is not what the sharer meant
	IdentifierReused ChallengeReason = "identifier-reused" // it passed to someone else
	NotAbusive       ChallengeReason = "not-abusive"       // the content or behaviour breaks no child-safety policy
	BenignShared     ChallengeReason = "benign-shared"     // a shared or public resource, too broad
	VictimIdentified ChallengeReason = "victim-identified" // it points to a victim
	OutOfScope       ChallengeReason = "out-of-scope"      // not a matter of this program
)

// ChallengeState is where a challenge stands.
type ChallengeState string

// The challenge states.
const (
	ChallengeOpen     ChallengeState = "open"     // the sharer must answer
	ChallengeDisputed ChallengeState = "disputed" // the sharer disagrees, or its time ran out: a dispute officer decides
	ChallengeUpheld   ChallengeState = "upheld"   // the signal was wrong: withdrawn
	ChallengeRejected ChallengeState = "rejected" // the signal stands: restored
)

// Challenge is a Person's statement that a signal is wrong. Opening it suspends the
// signal in every program at once; it must be decided.
type Challenge struct {
	ID       ID              `json:"id"`
	Signal   ID              `json:"signal"`
	Member   ID              `json:"member"`
	Person   ID              `json:"person"`
	Reason   ChallengeReason `json:"reason"`
	Note     string          `json:"note,omitempty"`   // at most MaxNote characters, no personal data
	Answer   string          `json:"answer,omitempty"` // the reason of the latest answer
	State    ChallengeState  `json:"state"`
	Imminent bool            `json:"imminent,omitempty"` // the signal was about a child at risk now: to be decided within the hour
	Opened   time.Time       `json:"opened"`
	Deadline time.Time       `json:"deadline,omitzero"` // of the step that is due, if one is
	Overdue  bool            `json:"overdue,omitempty"` // that deadline has passed
	Decided  time.Time       `json:"decided,omitzero"`
}

// ChallengePage is a page of the challenges that a reader has a part in: what is imminent and
// undecided first, then the oldest.
type ChallengePage struct {
	Items []Challenge `json:"items"`
	Next  Cursor      `json:"next,omitempty"` // asks for what follows; empty on the last page
}

// Validate checks the form of a new challenge.
func (c *Challenge) Validate() error {
	var errs []*Error
	oneOf(&errs, "/reason", c.Reason, WrongValue, IdentifierReused, NotAbusive, BenignShared, VictimIdentified, OutOfScope)
	text(&errs, "/note", c.Note, 0, MaxNote)
	if c.Signal == 0 {
		errs = append(errs, invalid("/signal", "missing", "give the id of the signal"))
	}
	return join(errs)
}

// Verdict answers a challenge. The word is about the signal, never about a person.
type Verdict string

// The answers. The sharer may uphold or dispute; a dispute officer of a third member
// may uphold or reject.
const (
	Uphold  Verdict = "uphold"  // the challenge is right; the signal falls
	Dispute Verdict = "dispute" // the sharer disagrees; a dispute officer decides
	Reject  Verdict = "reject"  // the challenge is wrong; the signal is restored
)

// Decision is the body of an answer to a challenge.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"` // 1–200 characters, no personal data
}

// Validate checks the form.
func (d *Decision) Validate() error {
	var errs []*Error
	oneOf(&errs, "/verdict", d.Verdict, Uphold, Dispute, Reject)
	text(&errs, "/reason", d.Reason, 1, 200)
	return join(errs)
}
