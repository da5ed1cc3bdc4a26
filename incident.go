package lantern

import (
	"fmt"
	"slices"
	"time"
)

// IncidentDraft is what a member says of things that belong together: an account, the URL
// it posted, the phrase it used. They are shared as one: all of them, or none.
type IncidentDraft struct {
	Programs []ID           `json:"programs"`        // where to share every signal of it; at least one
	Signals  []Draft        `json:"signals"`         // 1 to MaxIncident; their programs may be left out and are the incident's
	Links    []IncidentLink `json:"links,omitempty"` // how its signals relate to each other; at most MaxLinks of one signal
}

// IncidentLink relates two signals of an incident before they have ids: From carries a
// link to To. Both are places in the list of signals, from 0.
type IncidentLink struct {
	Kind LinkKind `json:"kind"`
	From int      `json:"from"`
	To   int      `json:"to"`
}

// MaxIncident bounds the signals of one incident draft. Later ones are added by drafts
// that name the incident.
const MaxIncident = 100

// Validate checks the form of d and of all its signals. It returns an [*Error] of kind
// [Invalid] that lists every complaint, pointing into the signals.
func (d *IncidentDraft) Validate() error {
	var errs []*Error
	bad := func(field, reason, fix string) { errs = append(errs, invalid(field, reason, fix)) }
	if n := len(d.Programs); n == 0 || n > MaxPrograms {
		bad("/programs", "no audience, or too many", fmt.Sprintf("name 1 to %d programs", MaxPrograms))
	}
	if n := len(d.Signals); n == 0 || n > MaxIncident {
		bad("/signals", "none, or too many", fmt.Sprintf("1 to %d signals; add more by drafts that name the incident", MaxIncident))
		return join(errs)
	}
	links := make([]int, len(d.Signals))
	for i, l := range d.Links {
		at := fmt.Sprintf("/links/%d", i)
		oneOf(&errs, at+"/kind", l.Kind, DerivedFrom, SameAccount, PostedAt)
		if min(l.From, l.To) < 0 || max(l.From, l.To) >= len(d.Signals) || l.From == l.To {
			bad(at, "does not join two signals of the incident", "give two different places in the list of signals, from 0")
			continue
		}
		links[l.From]++
	}
	for i := range d.Signals {
		s := d.Signals[i]
		at := fmt.Sprintf("/signals/%d", i)
		if s.Incident != 0 {
			bad(at+"/incident", "an incident has no part in another", "leave it out")
		}
		if len(s.Programs) == 0 {
			s.Programs = d.Programs
		} else if !sameIDs(s.Programs, d.Programs) {
			bad(at+"/programs", "not the incident's programs", "leave them out: a signal of an incident has its audience")
		}
		if links[i]+len(s.Links) > MaxLinks {
			bad(at+"/links", "too many, with those of the incident", fmt.Sprintf("at most %d", MaxLinks))
		}
		if len(d.Programs) == 0 || len(d.Programs) > MaxPrograms {
			s.Programs = []ID{1} // said above, once
		}
		errs = append(errs, complaints(s.Validate(), at)...)
	}
	return join(errs)
}

// complaints lists what an error of Validate says, below a pointer.
func complaints(err error, under string) (list []*Error) {
	e, ok := err.(*Error)
	if !ok {
		return nil
	}
	first := e.At(under)
	first.Also = nil
	list = append(list, first)
	for _, also := range e.Also {
		list = append(list, also.At(under))
	}
	return list
}

// sameIDs reports whether two lists name the same ids.
func sameIDs(a, b []ID) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// Incident is signals of one member that belong together. Whoever may see it through one
// of its programs gets it as one: what is active whole, what fell as tombstones if it was
// ever sent that. Each signal keeps its own life: it expires, is challenged and falls by
// itself.
type Incident struct {
	ID        ID                  `json:"id"`
	Member    ID                  `json:"member"`
	Programs  []ID                `json:"programs"`
	Created   time.Time           `json:"created"`
	Withdrawn time.Time           `json:"withdrawn,omitzero"` // when it was taken back as one
	States    map[SignalState]int `json:"states"`             // how many of its signals the reader knows of, by state
	Signals   []Signal            `json:"signals,omitempty"`  // left out of lists
}

// IncidentResult answers an incident draft: one result for each of its signals, in their
// order. A signal that is held stays back while the others go out.
type IncidentResult struct {
	Status   ShareStatus   `json:"status"` // Created, Updated or Unchanged
	Incident ID            `json:"incident"`
	Leaf     int64         `json:"leaf,omitempty"` // of the incident; meaningful unless Unchanged
	Results  []ShareResult `json:"results"`
}

// IncidentWithdrawal answers the withdrawal of an incident: a correction for each signal
// that fell with it.
type IncidentWithdrawal struct {
	Incident    ID           `json:"incident"`
	Leaf        int64        `json:"leaf"`
	Corrections []Correction `json:"corrections"`
}
