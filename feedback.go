package lantern

import "time"

// Reaction is a member's structured answer to another member's signal.
type Reaction string

// The reactions.
const (
	Seen         Reaction = "seen" // met on the own platform
	InReview     Reaction = "in-review"
	Helpful      Reaction = "helpful"
	NotUseful    Reaction = "not-useful"
	Outdated     Reaction = "outdated"
	WrongTags    Reaction = "wrong-tags"
	AlreadyKnown Reaction = "already-known"
	NotViolating Reaction = "not-violating-here" // reviewed: no violation of the own policy
	Ingested     Reaction = "ingested"           // taken into the own systems
	Reviewed     Reaction = "reviewed"           // somebody looked
	MoreWanted   Reaction = "more-wanted"        // cannot be judged without more
)

// Feedback is one reaction of one member to one signal, seen by the program.
type Feedback struct {
	ID       ID        `json:"id"`
	Signal   ID        `json:"signal"`
	Member   ID        `json:"member"`
	Reaction Reaction  `json:"reaction"`
	Removed  bool      `json:"removed,omitempty"` // in a request: take the reaction back
	At       time.Time `json:"at"`
}

// Validate checks the form.
func (f *Feedback) Validate() error {
	var errs []*Error
	oneOf(&errs, "/reaction", f.Reaction, Seen, InReview, Helpful, NotUseful, Outdated, WrongTags, AlreadyKnown, NotViolating, Ingested, Reviewed, MoreWanted)
	if f.Signal == 0 {
		errs = append(errs, invalid("/signal", "missing", "give the id of the signal"))
	}
	return join(errs)
}
