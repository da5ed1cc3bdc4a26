package exchange

import (
	"context"
	"slices"

	"lantern"
	"lantern/internal/policy"
)

// Audience finds the actor's program whose members are these, the actor's own member with them:
// for clients that name an audience by its members. There is no narrower audience than a
// program, so anything else is Forbidden.
func (x *Exchange) Audience(ctx context.Context, a policy.Actor, members []lantern.ID) ([]lantern.ID, error) {
	programs, err := x.Programs(ctx, a)
	if err != nil {
		return nil, err
	}
	want := append(slices.Clone(members), a.Member)
	slices.Sort(want)
	want = slices.Compact(want)
	for _, p := range programs {
		list, err := x.Memberships(ctx, a, p.ID)
		if err != nil {
			return nil, err
		}
		have := make([]lantern.ID, len(list))
		for i, m := range list {
			have[i] = m.Member
		}
		slices.Sort(have)
		if slices.Equal(have, want) {
			return []lantern.ID{p.ID}, nil
		}
	}
	return nil, &lantern.Error{Kind: lantern.Forbidden, Field: "/privacy_members", Reason: "no program has exactly these members",
		Fix: "name programs instead; a narrower audience is a program of its own, which the exchange's steward makes"}
}
