package api

import (
	"context"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/policy"
)

// join takes the program from the path; one in the body must not differ.
func join(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID, m lantern.Membership) (lantern.Membership, error) {
	if err := same("/program", m.Program, id); err != nil {
		return lantern.Membership{}, err
	}
	m.Program = id
	return x.Join(ctx, a, m)
}

func leave(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID, l lantern.Leaving) error {
	if err := l.Validate(); err != nil {
		return err
	}
	return x.Leave(ctx, a, id, l.Member)
}

// same refuses a body that names another object than its path.
func same(field string, body, path lantern.ID) error {
	if body != 0 && body != path {
		return &lantern.Error{Kind: lantern.Invalid, Field: field, Reason: "differs from the id in the path", Fix: "leave it out"}
	}
	return nil
}
