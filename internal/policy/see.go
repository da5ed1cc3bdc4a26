package policy

import "lantern"

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
	State     lantern.MemberState // of the reader
	Joined    bool                // the reader is in the program today
	Direction lantern.Direction
	Owner     lantern.ID
	Signal    lantern.SignalState
	Sent      bool // the reader was ever sent this signal
}

// See is the one rule of disclosure.
//
//   - Whole: an active signal, to a member in the program that receives and is active or
//     read-only; one's own active signals to a contributor too.
//   - Tombstone: a signal that is no longer active, to its owner and to everyone in the
//     program who was ever sent it, whatever the reader's state: a suspended member
//     still gets corrections. Nobody else learns that it existed.
//   - Nothing otherwise. A held signal is shown to nobody. A suspended one is not shown
//     to another member that contributes only: it dropped what it had from this program when
//     it stopped receiving, and would never see here that the signal is active again.
func See(v Viewed) Sight {
	if !v.Joined || v.Signal == lantern.Held {
		return Nothing
	}
	own := v.Reader == v.Owner
	if v.Signal != lantern.Active {
		if deaf := v.Direction == lantern.ContributeOnly && v.Signal == lantern.Suspended; own || v.Sent && !deaf {
			return Tombstone
		}
		return Nothing
	}
	reads := v.State == lantern.ActiveMember || v.State == lantern.ReadOnly
	if reads && (own || v.Direction != lantern.ContributeOnly) {
		return Whole
	}
	return Nothing
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
