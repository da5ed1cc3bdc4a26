package exchange

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// CreateProgram founds a program; its policy starts at version 1.
func (x *Exchange) CreateProgram(ctx context.Context, a policy.Actor, p lantern.Program) (lantern.Program, error) {
	if err := p.Validate(); err != nil {
		return p, err
	}
	if err := checkTypes(p.Policy, "/policy"); err != nil {
		return p, err
	}
	if err := policy.Can(a, policy.ManagePrograms, x.Clock()); err != nil {
		return p, err
	}
	id, err := x.newID()
	if err != nil {
		return p, err
	}
	p.ID, p.Policy.Version = id, 1
	err = x.write(ctx, func(t *txn) error {
		p.Created = t.now
		if err := store.InsertProgram(ctx, t.writing(), p); err != nil {
			return fmt.Errorf("storing a program: %w", err)
		}
		_, err := t.record(entry{kind: audit.ProgramChange, by: a, facts: facts{Object: p.ID, Policy: []int{1}}})
		return err
	})
	return p, err
}

// checkTypes refuses a policy that names an unknown signal type.
func checkTypes(p lantern.Policy, at string) error {
	for t := range p.Types {
		if _, ok := signal.Lookup(t); !ok {
			return &lantern.Error{Kind: lantern.Invalid, Field: at + "/types", Reason: "names an unknown signal type", Fix: "GET /v1/types lists them"}
		}
	}
	return nil
}

// Programs lists the programs the actor's member is in; all for a steward.
func (x *Exchange) Programs(ctx context.Context, a policy.Actor) (list []lantern.Program, err error) {
	if err := policy.Can(a, policy.ReadPrograms, x.Clock()); err != nil {
		return nil, err
	}
	member := a.Member
	if policy.Can(a, policy.ManagePrograms, x.Clock()) == nil {
		member = 0
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list, err = store.Programs(ctx, tx, member)
		return err
	})
	return list, err
}

// Program returns one program the actor's member is in.
func (x *Exchange) Program(ctx context.Context, a policy.Actor, id lantern.ID) (p lantern.Program, err error) {
	list, err := x.Programs(ctx, a)
	if err != nil {
		return p, err
	}
	if i := slices.IndexFunc(list, func(p lantern.Program) bool { return p.ID == id }); i >= 0 {
		return list[i], nil
	}
	return p, errMissing("program")
}

// SetPolicy replaces a program's policy and raises its version. What members may see
// may be wider now, so every member loads the feed anew.
func (x *Exchange) SetPolicy(ctx context.Context, a policy.Actor, id lantern.ID, rules lantern.Policy) (p lantern.Program, err error) {
	if err := rules.Validate(); err != nil {
		return p, err
	}
	if err := checkTypes(rules, ""); err != nil {
		return p, err
	}
	if err := policy.Can(a, policy.ManagePrograms, x.Clock()); err != nil {
		return p, err
	}
	err = x.write(ctx, func(t *txn) error {
		var ok bool
		if p, ok, err = store.Program(ctx, t.Tx, id); err != nil {
			return err
		}
		if !ok {
			return errMissing("program")
		}
		version := p.Policy.Version + 1
		p.Policy = rules
		p.Policy.Version = version
		if err := store.SetPolicy(ctx, t.writing(), p); err != nil {
			return fmt.Errorf("storing a policy: %w", err)
		}
		if err := store.BumpProgramEpochs(ctx, t.writing(), id); err != nil {
			return fmt.Errorf("storing a policy: %w", err)
		}
		_, err = t.record(entry{kind: audit.ProgramChange, by: a, facts: facts{Object: id, Policy: []int{version}}})
		return err
	})
	return p, err
}

// Join puts a member into a program, or changes its direction there. Either way what it
// may see changes, so it loads the feed anew.
func (x *Exchange) Join(ctx context.Context, a policy.Actor, want lantern.Membership) (lantern.Membership, error) {
	if want.Direction == "" {
		want.Direction = lantern.Both
	}
	if err := want.Validate(); err != nil {
		return want, err
	}
	if err := policy.Can(a, policy.ManagePrograms, x.Clock()); err != nil {
		return want, err
	}
	err := x.write(ctx, func(t *txn) error {
		m, ok, err := store.Member(ctx, t.Tx, want.Member)
		if err != nil {
			return err
		}
		if !ok || m.Kind != lantern.Company {
			return &lantern.Error{Kind: lantern.NotFound, Field: "/member", Reason: "no such company"}
		}
		if _, ok, err := store.Program(ctx, t.Tx, want.Program); err != nil || !ok {
			if err == nil {
				err = errMissing("program")
			}
			return err
		}
		old, had, err := store.ReadMembership(ctx, t.Tx, want.Program, want.Member)
		if err != nil {
			return err
		}
		if had && old.Left.IsZero() {
			want.Joined = old.Joined
			if old.Direction == want.Direction {
				return nil
			}
		} else {
			want.Joined = t.now
		}
		if !had {
			// Not the epoch of a membership that a restore lost.
			if old.Epoch, err = x.leap(); err != nil {
				return err
			}
		}
		if err := store.PutMembership(ctx, t.writing(), store.Membership{Membership: want, Epoch: old.Epoch + 1}); err != nil {
			return fmt.Errorf("storing a membership: %w", err)
		}
		_, err = t.record(entry{kind: audit.MembershipChange, by: a, facts: facts{Object: want.Program, Owner: want.Member, State: string(want.Direction)}})
		return err
	})
	return want, err
}

// Leave takes a member out of a program: the steward may, and the member's own admin.
// Its signals stay until they expire or are withdrawn; corrections still reach it.
func (x *Exchange) Leave(ctx context.Context, a policy.Actor, program, member lantern.ID) error {
	if member == 0 {
		member = a.Member
	}
	if policy.Can(a, policy.ManagePrograms, x.Clock()) != nil {
		if err := policy.Can(a, policy.LeaveProgram, x.Clock()); err != nil {
			return err
		}
		if member != a.Member {
			return errMissing("membership")
		}
	}
	return x.write(ctx, func(t *txn) error {
		m, ok, err := store.ReadMembership(ctx, t.Tx, program, member)
		if err != nil {
			return err
		}
		if !ok || !m.Left.IsZero() {
			return errMissing("membership")
		}
		m.Left = t.now
		m.Epoch++
		if err := store.PutMembership(ctx, t.writing(), m); err != nil {
			return fmt.Errorf("storing a membership: %w", err)
		}
		_, err = t.record(entry{kind: audit.MembershipChange, by: a, facts: facts{Object: program, Owner: member, State: "left"}})
		return err
	})
}

// Memberships lists who is in a program, to those who are in it and to stewards.
func (x *Exchange) Memberships(ctx context.Context, a policy.Actor, program lantern.ID) (list []lantern.Membership, err error) {
	if _, err := x.Program(ctx, a, program); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		rows, err := store.Memberships(ctx, tx, program)
		list = make([]lantern.Membership, len(rows))
		for i, r := range rows {
			list[i] = r.Membership
		}
		return err
	})
	return list, err
}

// inProgram reads a member's present place in a program; NotFound hides a program from
// those who are not in it.
func inProgram(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID) (store.Membership, error) {
	m, ok, err := store.ReadMembership(ctx, tx, program, member)
	if err == nil && (!ok || !m.Left.IsZero()) {
		err = errMissing("program")
	}
	return m, err
}
