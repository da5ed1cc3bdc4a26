package draft

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/signal"
)

// Rules is what is known of the rules an exchange will apply. The zero Rules know what
// every exchange holds to: forms and types.
type Rules struct {
	// Me is who shares, as the exchange told it. nil: nobody was asked, and membership,
	// types, tags, retention and training are not checked.
	Me  *lantern.Whoami
	Now time.Time

	// Within is a program that every row must be shared to; 0: any will do.
	Within lantern.ID

	// Screen refuses values that point at too many, with a *lantern.Error. nil: none does.
	Screen func(t lantern.SignalType, canonical string) error
}

// Unchecked says, in words for people, what the rules cannot know.
func (r *Rules) Unchecked() (parts []string) {
	if r.Me == nil {
		parts = append(parts, "the programs' types, tags, retention and training (give a key)")
	}
	if r.Screen == nil {
		parts = append(parts, "warning lists (give --warninglists)")
	}
	return append(parts, "linked signals, upheld challenges, quotas and directions, which only the exchange knows")
}

// Check returns every complaint about a row as one *lantern.Error, and what its value is
// found by: rows on one value have the same key.
func (r *Rules) Check(s *lantern.Signal) (key string, err error) {
	var all complaints
	d := &s.Draft
	all.add(d.Validate())
	t, ok := signal.Lookup(d.Type)
	switch {
	case ok && d.Type == lantern.TacticType:
		if d.Tactic != nil && d.Tactic.Validate() == nil { // else said above
			v, err := signal.NormalizeTactic(d.Tactic)
			all.add(err)
			key = string(t.Name) + " " + v.Canonical
		}
	case ok && d.Value != "":
		v, err := t.Normalize(d.Value)
		if err == nil && r.Screen != nil {
			err = r.Screen(t.Name, v.Canonical)
		}
		all.add(err)
		key = string(t.Name) + " " + v.Canonical
	case !ok && d.Type != "":
		all.add(&lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "not a signal type", Fix: "lantern types lists them"})
	}
	all.add(signal.CheckNote(d.Note))
	all.addAt("/basis/action", signal.CheckNote(d.Basis.Action))
	all.add(r.checkOwner(s))
	if r.Me != nil && ok {
		r.checkPrograms(&all, t, d)
	}
	return key, all.err()
}

// checkOwner refuses what somebody else said: shared as one's own, one member's opinion
// would count as two. An export holds such rows.
func (r *Rules) checkOwner(s *lantern.Signal) error {
	if s.Member == 0 || r.Me != nil && s.Member == r.Me.Member.ID {
		return nil
	}
	return &lantern.Error{Kind: lantern.Invalid, Field: "/member", Reason: "another member's signal",
		Fix: "share what you found yourself, on your own basis, with a derived-from link to it"}
}

// checkPrograms holds a draft to the policy of its programs.
func (r *Rules) checkPrograms(all *complaints, t *signal.Type, d *lantern.Draft) {
	if r.Within != 0 && len(d.Programs) > 0 && !slices.Contains(d.Programs, r.Within) {
		all.add(&lantern.Error{Kind: lantern.Invalid, Field: "/programs", Reason: "does not name the program that it is imported to",
			Fix: "leave the programs out, or import it there"})
	}
	var rules []lantern.Program
	for i, id := range d.Programs {
		at := slices.IndexFunc(r.Me.Programs, func(p lantern.Program) bool { return p.ID == id })
		if at < 0 {
			all.add(&lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/programs/%d", i), Reason: "no such program", Fix: "lantern whoami lists yours"})
			continue
		}
		p := r.Me.Programs[at]
		// The direction is the exchange's to judge; a service's training, its responsible person's.
		actor := policy.Actor{Trained: r.Now.AddDate(1, 0, 0)}
		if r.Me.Person != nil {
			actor.Trained = r.Me.Person.Trained
		}
		all.add(policy.MayShare(actor, p, lantern.Membership{}, d, r.Now))
		rules = append(rules, p)
	}
	_, err := policy.Expiry(policy.Typed{Name: t.Name, Retention: t.Retention, MaxRetention: t.MaxRetention}, rules, d.Expires, r.Now)
	all.add(err)
}

// complaints gathers the complaints about one row, each once.
type complaints []*lantern.Error

func (c *complaints) add(err error) {
	var e *lantern.Error
	if !errors.As(err, &e) {
		return
	}
	for _, e := range append([]*lantern.Error{e}, e.Also...) {
		if !slices.ContainsFunc(*c, func(o *lantern.Error) bool { return o.Field == e.Field && o.Reason == e.Reason }) {
			*c = append(*c, e)
		}
	}
}

// addAt adds a complaint as one about another field.
func (c *complaints) addAt(field string, err error) {
	var e *lantern.Error
	if errors.As(err, &e) {
		c.add(&lantern.Error{Kind: e.Kind, Field: field, Reason: e.Reason, Fix: e.Fix})
	}
}

func (c complaints) err() error {
	if len(c) == 0 {
		return nil
	}
	first := *c[0]
	first.Also = c[1:]
	return &first
}

// Complaints lists what a row's error says, one complaint each.
func Complaints(err error) []*lantern.Error {
	var all complaints
	if all.add(err); len(all) == 0 {
		return []*lantern.Error{{Kind: lantern.Invalid, Reason: "cannot be read"}}
	}
	for i, e := range all {
		alone := *e
		alone.Also = nil
		all[i] = &alone
	}
	return all
}
