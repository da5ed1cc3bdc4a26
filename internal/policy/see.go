package policy

import (
	"slices"
	"time"

	"lantern"
)

// Sight is how much of a signal a reader gets.
type Sight int

// The degrees of sight.
const (
	Nothing   Sight = iota
	Tombstone       // id, type, member, state: enough to mask or purge
	Whole           // value and opinion
)

// Viewed is what [See] needs to know about a reader and a signal in one program.
type Viewed struct {
	Reader    lantern.ID
	Reads     bool // see [Reads]
	Joined    bool // the reader is in the program today
	Direction lantern.Direction
	Owner     lantern.ID
	Signal    lantern.SignalState
	Sent      bool // the reader was ever sent this signal
	Narrowed  bool // its sharer took the signal out of this program, and it stands in another
}

// See is the one rule of disclosure.
//
//   - Whole: an active signal, to a reader in the program that receives and may read there
//     ([Reads]); one's own active signals to a contributor too.
//   - Tombstone: a signal that is no longer active, or no longer in this program, to its
//     owner and to everyone in the program who was ever sent it, whatever the reader's
//     state and training: a suspended member still gets corrections. Nobody else learns that it existed.
//   - Nothing otherwise. A held signal is shown to nobody. A suspended one is not shown
//     to another member that contributes only: it dropped what it had from this program when
//     it stopped receiving, and would never see here that the signal is active again.
func See(v Viewed) Sight {
	if !v.Joined || v.Signal == lantern.Held {
		return Nothing
	}
	own := v.Reader == v.Owner
	if v.Signal != lantern.Active || v.Narrowed {
		if deaf := v.Direction == lantern.ContributeOnly && v.Signal == lantern.Suspended && !v.Narrowed; own || v.Sent && !deaf {
			return Tombstone
		}
		return Nothing
	}
	if v.Reads && (own || v.Direction != lantern.ContributeOnly) {
		return Whole
	}
	return Nothing
}

// MemberReads reports whether a member's state lets it have active signals.
func MemberReads(s lantern.MemberState) bool { return slices.Contains(reading, s) }

// Untrained reports whether a program's policy keeps an actor from reading for want of
// training. It does so with persons: a service hands nothing to anybody's eyes, and must go
// on reading lest a correction is missed; who looks at what it found is the member's to see to.
func Untrained(a Actor, p lantern.Policy, now time.Time) bool {
	return p.TrainingNeeded && a.Person != 0 && !a.Trained.After(now)
}

// Reads reports whether an actor may have active signals of a program with that policy.
func Reads(a Actor, p lantern.Policy, now time.Time) bool {
	return MemberReads(a.MemberState) && !Untrained(a, p, now)
}

// MayRead is [Untrained] as a refusal, for clients that cannot be told of corrections alone.
func MayRead(a Actor, p lantern.Policy, now time.Time) error {
	if Untrained(a, p, now) {
		return deny("the program needs training, and the person's is missing or has expired", "renew the training; "+
			"what software reads for the member it reads with a service's key")
	}
	return nil
}

// MayReview is [MayRead] for what stands in several programs: to be shown its value at a
// member's agent, and to decide on what it found, training that one of them is content with
// is enough. What stands in none asks for nothing.
func MayReview(a Actor, programs []lantern.Policy, now time.Time) (refusal error) {
	for _, p := range programs {
		if refusal = MayRead(a, p, now); refusal == nil {
			return nil
		}
	}
	return refusal
}

// MayDecide is [MayReview] for a decision. Escalating is open to everybody: nobody is locked
// out of handing on. The decision "" stands for whatever else settles hits: to propose or approve
// an outcome, to undo what another decided or to decide it anew.
func MayDecide(a Actor, programs []lantern.Policy, d lantern.HitDecision, now time.Time) error {
	if d == lantern.Escalate {
		return nil
	}
	return MayReview(a, programs, now)
}

// Best picks the place through which a reader sees an incident: of its places in the
// incident's programs the one with the widest sight of what is active. The incident is
// then read through that one place: [See] decides on each of its signals with nothing but
// the signal's state, and whether it was sent, changed. Joined is false if there is none.
func Best(places []Viewed) Viewed {
	var best Viewed
	sight := Nothing
	for _, v := range places {
		v.Signal = lantern.Active
		if s := See(v); v.Joined && (!best.Joined || s > sight) {
			best, sight = v, s
		}
	}
	return best
}

// Shown is the state in which a feed shows a signal: there are tombstones of the place alone,
// while the signal lives elsewhere. What becomes of it there is not told here, until it ends.
func Shown(s lantern.SignalState, narrowed bool) lantern.SignalState {
	if narrowed && (s == lantern.Active || s == lantern.Suspended) {
		return lantern.Narrowed
	}
	return s
}

// Loses reports whether a member that was sent a signal loses it when its sharer takes it out
// of a program: it is in that program, and receives it through none of the others in which
// the signal stands. Which state member and signal are in does not matter: who is suspended
// reads nothing today, and yet has what it was sent.
func Loses(out Viewed, others []Viewed) bool {
	for _, v := range others {
		v.Reads, v.Signal = true, lantern.Active
		if See(v) == Whole {
			return false
		}
	}
	return out.Joined
}
