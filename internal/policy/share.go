package policy

import (
	"fmt"
	"slices"
	"time"

	"lantern"
)

// Typed is what the policy needs to know of a signal type.
type Typed struct {
	Name         lantern.SignalType
	Retention    lantern.Days
	MaxRetention lantern.Days
}

// MayShare reports whether a draft of that type may enter a program: the member's
// direction, the program's types and tags, training and the suspected-minor flag. The
// error lists every complaint.
func MayShare(a Actor, p lantern.Program, m lantern.Membership, d *lantern.Draft, now time.Time) error {
	var errs []*lantern.Error
	bad := func(field, reason, fix string) {
		errs = append(errs, &lantern.Error{Kind: lantern.Forbidden, Field: field, Reason: reason, Fix: fix})
	}
	if err := MayContribute(a, p, m, now); err != nil {
		errs = append(errs, err)
	}
	if _, ok := p.Policy.Types[d.Type]; !ok {
		bad("/type", "the program does not take this signal type", "GET /v1/programs lists the types each program takes")
	}
	for i, t := range d.Tags {
		if !slices.Contains(p.Policy.Tags, t) {
			bad(fmt.Sprintf("/tags/%d", i), "not in the program's taxonomy", "GET /v1/programs lists the tags each program takes")
		}
	}
	if d.SuspectedMinor && !p.Policy.SuspectedMinor {
		bad("/suspected_minor", "the program does not take signals about suspected minors", "share it to a program that does")
	}
	if len(errs) == 0 {
		return nil
	}
	errs[0].Also = errs[1:]
	return errs[0]
}

// MayContribute reports whether drafts of the actor may enter a program at all: the member's
// direction there, and training where the program wants it.
func MayContribute(a Actor, p lantern.Program, m lantern.Membership, now time.Time) *lantern.Error {
	switch {
	case m.Direction == lantern.ReceiveOnly:
		return &lantern.Error{Kind: lantern.Forbidden, Field: "/programs", Reason: "the member only receives in this program"}
	case p.Policy.TrainingNeeded && !a.Trained.After(now):
		return &lantern.Error{Kind: lantern.Forbidden, Reason: "the program needs valid training", Fix: "renew the training of the person responsible"}
	}
	return nil
}

// WithDefaults fills in what a draft may leave out.
func WithDefaults(d *lantern.Draft) {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	def((*string)(&d.Status), string(lantern.Lead))
	def((*string)(&d.Severity), string(lantern.Medium))
	def((*string)(&d.Role), string(lantern.UnknownRole))
	def((*string)(&d.Handling), string(lantern.AmberStrict))
}

// Expiry gives the time a signal ends: the draft's wish, or the default, and never above
// the ceiling. The strictest of the programs decides. It refuses a time already past.
func Expiry(t Typed, programs []lantern.Program, wish, now time.Time) (time.Time, error) {
	life, most := t.Retention, t.MaxRetention
	for _, p := range programs {
		tp := p.Policy.Types[t.Name]
		if tp.MaxRetention > 0 {
			most = min(most, tp.MaxRetention)
		}
		if tp.Retention > 0 {
			life = min(life, tp.Retention)
		}
	}
	ceiling := now.Add(most.Duration())
	switch {
	case wish.IsZero():
		return now.Add(min(life, most).Duration()), nil
	case !wish.After(now):
		return time.Time{}, &lantern.Error{Kind: lantern.Invalid, Field: "/expires", Reason: "already past", Fix: "give a time to come, or leave it out"}
	case wish.After(ceiling):
		return time.Time{}, &lantern.Error{Kind: lantern.Invalid, Field: "/expires", Reason: "above the program's ceiling for this type",
			Fix: fmt.Sprintf("at most %d days from now", most)}
	}
	return wish, nil
}

// Freshness is how old the review under a renewal may be.
const Freshness = 30 * 24 * time.Hour

// MayRenew refuses a renewal without a fresh human review.
func MayRenew(r lantern.Renewal, now time.Time) error {
	switch b := r.Basis; {
	case b.ReviewedBy == lantern.ByMachine || b.ReviewedBy == "":
		return &lantern.Error{Kind: lantern.Invalid, Field: "/basis/reviewed_by", Reason: "a renewal needs a person's review", Fix: "human or both"}
	case b.At.IsZero() || b.At.After(now) || now.Sub(b.At) > Freshness:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/basis/at", Reason: "the review is not fresh", Fix: "a review of the last 30 days"}
	}
	return nil
}

// MaySecond refuses the second look at a held signal to those who shared or amended it, and
// a look from before it was held: that is the evidence a challenge showed to be wrong.
func MaySecond(a Actor, first []lantern.ID, looked, held time.Time) error {
	if slices.Contains(first, a.ID()) {
		return deny("a second person must look at a held signal", "ask a colleague with new evidence")
	}
	if looked.Before(held.Truncate(time.Second)) {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/basis/at", Reason: "the review is older than the held signal", Fix: "review it anew, with new evidence"}
	}
	return nil
}
