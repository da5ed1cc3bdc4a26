package lantern

import (
	"fmt"
	"strings"
	"time"
)

// Direction limits what a member does in a program.
type Direction string

// The directions.
const (
	Both           Direction = "both"
	ContributeOnly Direction = "contribute-only"
	ReceiveOnly    Direction = "receive-only"
)

// TypePolicy is what a program allows for one signal type. Zero durations mean the
// type's own default and ceiling.
type TypePolicy struct {
	Retention    Days `json:"retention_days,omitempty"`     // default life of a signal
	MaxRetention Days `json:"max_retention_days,omitempty"` // its ceiling
}

// Days counts days of 24 hours.
type Days int

// Duration converts.
func (d Days) Duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Policy is a program's rule book. Each change raises its version.
type Policy struct {
	Version        int                       `json:"version"`
	Types          map[SignalType]TypePolicy `json:"types"`                        // a type not listed is refused
	Tags           []Tag                     `json:"tags"`                         // a tag not listed is refused
	SuspectedMinor bool                      `json:"suspected_minor"`              // whether signals flagged suspected_minor are taken
	TrainingNeeded bool                      `json:"training_needed"`              // whether a person's training must be valid
	FourEyes       bool                      `json:"four_eyes,omitempty"`          // whether outcomes that tell of an act need a second person: [OutcomeKind.Act]
	ForeignPersons bool                      `json:"foreign_persons,omitempty"`    // whether clients of foreign protocols get types that name a person
	OutcomeDelay   Days                      `json:"outcome_delay_days,omitempty"` // how old an outcome must be before sums show it; 0: they show it at once
}

// Program is a group of members with one purpose and one policy. It is the audience: a
// narrower audience is another program.
type Program struct {
	ID      ID        `json:"id"`
	Name    string    `json:"name"`    // 1–80 characters
	Purpose string    `json:"purpose"` // 1–300 characters
	Policy  Policy    `json:"policy"`
	Created time.Time `json:"created"`
}

// Validate checks the form of a new program.
func (p *Program) Validate() error {
	var errs []*Error
	text(&errs, "/name", p.Name, 1, 80)
	text(&errs, "/purpose", p.Purpose, 1, 300)
	return join(append(errs, p.Policy.check("/policy")...))
}

// Validate checks the form.
func (p *Policy) Validate() error { return join(p.check("")) }

func (p *Policy) check(at string) (errs []*Error) {
	if len(p.Types) == 0 {
		errs = append(errs, invalid(at+"/types", "missing", "list the signal types the program takes"))
	}
	for _, tp := range p.Types {
		if tp.Retention < 0 || tp.MaxRetention < 0 || tp.MaxRetention > 0 && tp.Retention > tp.MaxRetention {
			// The key may be anything a caller sent, so the complaint stays with the parent.
			errs = append(errs, invalid(at+"/types", "retention out of order", "0 ≤ retention_days ≤ max_retention_days"))
		}
	}
	if p.OutcomeDelay < 0 || p.OutcomeDelay > 366 {
		errs = append(errs, invalid(at+"/outcome_delay_days", "out of range", "0 to 366 days"))
	}
	if len(p.Tags) == 0 || len(p.Tags) > 200 {
		errs = append(errs, invalid(at+"/tags", "none, or too many", "list 1 to 200 tags"))
	}
	for i, t := range p.Tags {
		other := func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }
		if t == "" || len(t) > 40 || strings.ContainsFunc(string(t), other) {
			errs = append(errs, invalid(fmt.Sprintf("%s/tags/%d", at, i), "not a tag", "lower-case letters and hyphens, at most 40"))
		}
	}
	return errs
}

// Membership is a member's place in a program.
type Membership struct {
	Program   ID        `json:"program"`
	Member    ID        `json:"member"`
	Direction Direction `json:"direction"`
	Joined    time.Time `json:"joined"`
}

// Validate checks the form.
func (m *Membership) Validate() error {
	var errs []*Error
	oneOf(&errs, "/direction", m.Direction, Both, ContributeOnly, ReceiveOnly)
	if m.Member == 0 {
		errs = append(errs, invalid("/member", "missing", "give the id of the member"))
	}
	return join(errs)
}
