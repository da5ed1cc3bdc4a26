package policy

import (
	"slices"
	"time"

	"lantern"
)

// The deadlines of a challenge.
const (
	AnswerWithin         = 72 * time.Hour // the sharer answers
	DecideWithin         = 72 * time.Hour // then a dispute officer decides
	ImminentAnswerWithin = 30 * time.Minute
	ImminentDecideWithin = 30 * time.Minute // so that an imminent signal is decided within the hour
)

// Part is the part an actor plays in a challenge.
type Part string

// The parts.
const (
	Sharer  Part = "sharer"
	Officer Part = "officer" // dispute officer of a member that is neither sharer nor ever challenged the signal
	Clock   Part = "clock"   // a deadline passed
	Nobody  Part = ""
)

// PartIn tells which part the actor plays. Challengers are the members that ever challenged
// the signal, not in this challenge alone: what one upholds would settle its own as well.
func PartIn(a Actor, owner lantern.ID, challengers []lantern.ID) Part {
	switch {
	case a.Member == owner:
		return Sharer
	case slices.Contains(challengers, a.Member):
		return Nobody
	case a.has([]lantern.PersonRole{lantern.DisputeOfficer}):
		return Officer
	}
	return Nobody
}

// Move is what [Step] decides.
type Move struct {
	State    lantern.ChallengeState
	Deadline time.Time // of the next step; zero once decided
	Falls    bool      // the signal is withdrawn
	Stands   bool      // the signal may be restored
}

// Step moves a challenge: the whole state machine of docs/design/004-corrections.md.
//
//	open ──sharer upholds──▶ upheld          (the signal falls)
//	open ──sharer disputes─▶ disputed
//	open ──clock───────────▶ disputed        (silence is no answer)
//	disputed ─officer upholds─▶ upheld       (the signal falls)
//	disputed ─officer rejects─▶ rejected     (the signal stands)
//	disputed ─sharer upholds──▶ upheld       (giving in is always possible)
//
// Anything else is refused: with Conflict if the challenge is decided, Forbidden if the
// actor has no part, Invalid if the part does not have that answer.
func Step(state lantern.ChallengeState, by Part, v lantern.Verdict, imminent bool, now time.Time) (Move, error) {
	decide := DecideWithin
	if imminent {
		decide = ImminentDecideWithin
	}
	disputed := Move{State: lantern.ChallengeDisputed, Deadline: now.Add(decide)}
	upheld := Move{State: lantern.ChallengeUpheld, Falls: true}
	switch {
	case state == lantern.ChallengeUpheld || state == lantern.ChallengeRejected:
		return Move{}, lantern.Errorf(lantern.Conflict, "the challenge is decided")
	case by == Nobody:
		return Move{}, deny("no part in this challenge", "the sharer answers; then a dispute officer of a third member decides")
	case by == Clock && state == lantern.ChallengeOpen:
		return disputed, nil
	case by == Clock:
		return Move{State: state}, nil // stays overdue, visibly, until an officer decides
	case by == Sharer && v == lantern.Uphold:
		return upheld, nil
	case by == Sharer && v == lantern.Dispute && state == lantern.ChallengeOpen:
		return disputed, nil
	case by == Officer && state == lantern.ChallengeOpen:
		return Move{}, lantern.Errorf(lantern.Conflict, "the sharer's time to answer is not over")
	case by == Officer && v == lantern.Uphold:
		return upheld, nil
	case by == Officer && v == lantern.Reject:
		return Move{State: lantern.ChallengeRejected, Stands: true}, nil
	}
	return Move{}, &lantern.Error{Kind: lantern.Invalid, Field: "/verdict", Reason: "not an answer this part can give now",
		Fix: "the sharer upholds or disputes; the dispute officer upholds or rejects"}
}

// FirstDeadline is when the sharer must have answered.
func FirstDeadline(imminent bool, now time.Time) time.Time {
	if imminent {
		return now.Add(ImminentAnswerWithin)
	}
	return now.Add(AnswerWithin)
}

// Overdue reports whether a recipient is late with one of its two acknowledgements.
func Overdue(r lantern.Receivership, opened, now time.Time) bool {
	return r.Masked.IsZero() && now.After(opened.Add(lantern.MaskWithin)) ||
		r.Purged.IsZero() && now.After(opened.Add(lantern.PurgeWithin))
}

// MayAcknowledge refuses an attestation by a person whose training is not valid, and tells
// what an acknowledgement of this actor rests on.
func MayAcknowledge(a Actor, now time.Time) (lantern.AckHow, error) {
	if a.Person == 0 {
		return lantern.AckByAgent, nil
	}
	if !a.Trained.After(now) {
		return "", deny("the person's training is missing or has expired", "renew the training; a service's key acknowledges what software did")
	}
	return lantern.AckAttested, nil
}

// ProgressOf counts how far a correction has come. Overdue of its recipients must be set.
func ProgressOf(c lantern.Correction) lantern.Progress {
	p := lantern.Progress{Recipients: len(c.Recipients)}
	var took []time.Duration
	for _, r := range c.Recipients {
		if !r.Masked.IsZero() {
			p.Masked++
		}
		if !r.Purged.IsZero() {
			p.Purged++
			took = append(took, r.Purged.Sub(c.Opened))
		}
		if r.MaskedHow == lantern.AckAttested || r.PurgedHow == lantern.AckAttested {
			p.Attested++
		}
		if r.Overdue {
			p.Overdue++
		}
	}
	if n := len(took); n > 0 {
		slices.Sort(took)
		p.Median = lantern.Seconds((took[(n-1)/2] + took[n/2]) / 2 / time.Second)
	}
	return p
}

// MaxOpenChallenges bounds the undecided challenges of one member, so that a flood of
// them cannot silence a program.
const MaxOpenChallenges = 200
