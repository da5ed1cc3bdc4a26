package exchange

import (
	"context"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// ShareUnfounded is [Exchange.Share] for clients of foreign protocols, which may have no words
// for who reviewed a signal or which policy it broke. A draft that lacks one of them is stored
// and held: nobody else sees it until the member shares it again with both, or another person
// of the member renews it. On a value the member has a signal on, what the basis lacks stays
// as it was.
func (x *Exchange) ShareUnfounded(ctx context.Context, a policy.Actor, d lantern.Draft) (lantern.ShareResult, error) {
	results, err := x.ShareUnfoundedBatch(ctx, a, []lantern.Draft{d})
	if err != nil {
		return lantern.ShareResult{}, err
	}
	if p := results[0].Problem; p != nil {
		return results[0], &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}
	}
	return results[0], nil
}

// ShareUnfoundedBatch is [Exchange.ShareBatch] for such clients.
func (x *Exchange) ShareUnfoundedBatch(ctx context.Context, a policy.Actor, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
	return x.shareBatch(ctx, a, drafts, true)
}

// StatesOf tells in which states the member's own signals among ids are; what is another's, or
// gone, is left out. Whoever shared them was told their ids.
func (x *Exchange) StatesOf(ctx context.Context, a policy.Actor, ids ...lantern.ID) (map[lantern.ID]lantern.SignalState, error) {
	states := make(map[lantern.ID]lantern.SignalState, len(ids))
	err := x.read(ctx, func(tx *sqldb.Tx) error {
		for _, id := range ids {
			row, ok, err := store.ReadSignal(ctx, tx, id)
			if err != nil {
				return err
			}
			if ok && row.Member == a.Member {
				states[id] = row.State
			}
		}
		return nil
	})
	return states, err
}

// validate checks the form of a draft. A lenient desk lets the two words of a basis be
// missing, and looks for personal data in the policy, which is free text where such drafts
// come from.
func (k *desk) validate(d *lantern.Draft) error {
	if !k.lenient {
		return d.Validate()
	}
	whole := *d
	if whole.Basis.Policy == "" {
		whole.Basis.Policy = "missing"
	}
	if whole.Basis.ReviewedBy == "" {
		whole.Basis.ReviewedBy = lantern.ByMachine
	}
	if err := whole.Validate(); err != nil {
		return err
	}
	return k.checkText("/basis/policy", d.Basis.Policy)
}

// begins is the state in which what was prepared comes to be.
func (p *prepared) begins() lantern.SignalState {
	if p.marked || !policy.Founded(p.draft.Basis) {
		return lantern.Held
	}
	return lantern.Active
}

// keepBasis keeps of the basis of the signal that is there what [policy.Founds] says.
func (p *prepared) keepBasis(row store.SignalRow) error {
	if !p.lenient {
		return nil
	}
	was, err := opinion(row)
	if err != nil {
		return err
	}
	kept := policy.Founds(was.Basis, p.draft.Basis)
	if kept == p.draft.Basis {
		return nil
	}
	p.draft.Basis = kept
	p.row.State = p.begins()
	p.row.Opinion, err = encodeOpinion(&p.draft)
	return err
}

// completes reports whether a signal that was held for want of a basis may go out as it is
// shared now.
func completes(row, fresh store.SignalRow) (bool, error) {
	if row.State != lantern.Held || fresh.State != lantern.Active {
		return false, nil
	}
	was, err := opinion(row)
	return err == nil && !policy.Founded(was.Basis), err
}
