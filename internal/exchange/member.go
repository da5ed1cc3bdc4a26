package exchange

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// CreateMember takes up an organisation, in the state it names or as applied.
func (x *Exchange) CreateMember(ctx context.Context, a policy.Actor, m lantern.Member) (lantern.Member, error) {
	if m.State == "" {
		m.State = lantern.Applied
	}
	if err := m.Validate(); err != nil {
		return m, err
	}
	if err := (&lantern.StateChange{State: m.State, Reason: "created"}).Validate(); err != nil {
		return m, err
	}
	if err := policy.Can(a, policy.ManageMembers, x.Clock()); err != nil {
		return m, err
	}
	if m.Kind != lantern.Company {
		return m, &lantern.Error{Kind: lantern.Invalid, Field: "/kind", Reason: "an exchange has one operator", Fix: "company"}
	}
	id, err := x.newID()
	if err != nil {
		return m, err
	}
	m.ID = id
	err = x.write(ctx, func(t *txn) error {
		m.Created = t.now
		if err := store.InsertMember(ctx, t.writing(), m); err != nil {
			return fmt.Errorf("storing a member: %w", err)
		}
		t.tell(happening{kind: lantern.MemberChanged, object: m.ID})
		_, err := t.record(entry{kind: audit.MemberChange, by: a, facts: facts{Object: m.ID, State: string(m.State)}})
		return err
	})
	return m, err
}

// Members lists all members.
func (x *Exchange) Members(ctx context.Context, a policy.Actor) (list []lantern.Member, err error) {
	if err := policy.Can(a, policy.ReadMembers, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list, err = store.Members(ctx, tx)
		return err
	})
	return list, err
}

// Member returns one member.
func (x *Exchange) Member(ctx context.Context, a policy.Actor, id lantern.ID) (m lantern.Member, err error) {
	if err := policy.Can(a, policy.ReadMembers, x.Clock()); err != nil && id != a.Member {
		return m, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		var ok bool
		if m, ok, err = store.Member(ctx, tx, id); err == nil && !ok {
			return errMissing("member")
		}
		return err
	})
	return m, err
}

// SetMemberState moves a member to another state. A member that gets to read again, or
// to read less, must load its feeds anew.
func (x *Exchange) SetMemberState(ctx context.Context, a policy.Actor, id lantern.ID, c lantern.StateChange) (m lantern.Member, err error) {
	if err := c.Validate(); err != nil {
		return m, err
	}
	if err := policy.Can(a, policy.ManageMembers, x.Clock()); err != nil {
		return m, err
	}
	err = x.write(ctx, func(t *txn) error {
		var ok bool
		if m, ok, err = store.Member(ctx, t.Tx, id); err != nil {
			return err
		}
		switch {
		case !ok:
			return errMissing("member")
		case m.Kind == lantern.Operator:
			return lantern.Errorf(lantern.Conflict, "the operator's own state does not change")
		case m.State == c.State:
			return nil
		}
		m.State = c.State
		if err := store.SetMemberState(ctx, t.writing(), id, c.State); err != nil {
			return fmt.Errorf("moving a member: %w", err)
		}
		if err := store.BumpEpochs(ctx, t.writing(), id); err != nil {
			return fmt.Errorf("moving a member: %w", err)
		}
		t.tell(happening{kind: lantern.MemberChanged, object: id})
		_, err = t.record(entry{kind: audit.MemberChange, by: a, facts: facts{Object: id, State: string(c.State)}})
		return err
	})
	return m, err
}

// CreatePerson adds a person to the actor's member; a steward may name any member, so
// that a new one gets its first admin. Training is recorded by [Exchange.TrainPerson].
func (x *Exchange) CreatePerson(ctx context.Context, a policy.Actor, p lantern.Person) (lantern.Person, error) {
	if err := p.Validate(); err != nil {
		return p, err
	}
	if p.Member == 0 {
		p.Member = a.Member
	}
	if err := x.mayManage(a, p.Member, 0); err != nil {
		return p, err
	}
	id, err := x.newID()
	if err != nil {
		return p, err
	}
	p.ID, p.Trained = id, time.Time{}
	err = x.write(ctx, func(t *txn) error {
		m, ok, err := store.Member(ctx, t.Tx, p.Member)
		if err != nil {
			return err
		}
		if !ok {
			return errMissing("member")
		}
		if err := policy.Roles(m.Kind, p.Roles); err != nil {
			return err
		}
		p.Created = t.now
		if err := store.InsertPerson(ctx, t.writing(), p); err != nil {
			return fmt.Errorf("storing a person: %w", err)
		}
		_, err = t.record(entry{kind: audit.PersonChange, by: a, facts: facts{Object: p.ID, Owner: p.Member}})
		return err
	})
	return p, err
}

// Persons lists the persons of the actor's member; of all members for a steward.
func (x *Exchange) Persons(ctx context.Context, a policy.Actor) (list []lantern.Person, err error) {
	member, err := x.staffScope(a)
	if err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list, err = store.Persons(ctx, tx, member)
		return err
	})
	return list, err
}

// staffScope is the member whose staff a may list: 0, all, for a steward.
func (x *Exchange) staffScope(a policy.Actor) (lantern.ID, error) {
	if policy.Can(a, policy.ManageAnyStaff, x.Clock()) == nil {
		return 0, nil
	}
	return a.Member, policy.Can(a, policy.ManageStaff, x.Clock())
}

// TrainPerson records until when a person's mandatory training is valid.
func (x *Exchange) TrainPerson(ctx context.Context, a policy.Actor, id lantern.ID, until time.Time) (p lantern.Person, err error) {
	if err := policy.Can(a, policy.TrainPersons, x.Clock()); err != nil {
		return p, err
	}
	now := x.Clock()
	if until.Before(now.AddDate(-1, 0, 0)) || until.After(now.AddDate(1, 0, 1)) {
		return p, &lantern.Error{Kind: lantern.Invalid, Field: "/until", Reason: "out of range", Fix: "training is valid for at most a year"}
	}
	err = x.write(ctx, func(t *txn) error {
		var ok bool
		if p, ok, err = store.Person(ctx, t.Tx, id); err != nil {
			return err
		}
		if !ok {
			return errMissing("person")
		}
		p.Trained = until.UTC().Truncate(time.Microsecond)
		if err := store.SetTrained(ctx, t.writing(), p); err != nil {
			return fmt.Errorf("recording training: %w", err)
		}
		_, err = t.record(entry{kind: audit.PersonChange, by: a, facts: facts{Object: id, Owner: p.Member, State: "trained"}})
		return err
	})
	return p, err
}

// CreateService adds an integration to the actor's member; a steward may name any.
func (x *Exchange) CreateService(ctx context.Context, a policy.Actor, s lantern.Service) (lantern.Service, error) {
	if err := s.Validate(); err != nil {
		return s, err
	}
	if s.Member == 0 {
		s.Member = a.Member
	}
	if err := x.mayManage(a, s.Member, 0); err != nil {
		return s, err
	}
	id, err := x.newID()
	if err != nil {
		return s, err
	}
	s.ID = id
	err = x.write(ctx, func(t *txn) error {
		p, ok, err := store.Person(ctx, t.Tx, s.Responsible)
		if err != nil {
			return err
		}
		if !ok || p.Member != s.Member {
			return &lantern.Error{Kind: lantern.NotFound, Field: "/responsible", Reason: "no such person of the member"}
		}
		s.Created = t.now
		if err := store.InsertService(ctx, t.writing(), s); err != nil {
			return fmt.Errorf("storing a service: %w", err)
		}
		_, err = t.record(entry{kind: audit.ServiceChange, by: a, facts: facts{Object: s.ID, Owner: s.Member}})
		return err
	})
	return s, err
}

// Services lists the services of the actor's member; of all members for a steward.
func (x *Exchange) Services(ctx context.Context, a policy.Actor) (list []lantern.Service, err error) {
	member, err := x.staffScope(a)
	if err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list, err = store.Services(ctx, tx, member)
		return err
	})
	return list, err
}
