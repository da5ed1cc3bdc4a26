package exchange

import (
	"fmt"

	"lantern"
	"lantern/internal/fair"
)

// Allowance says how much of a quota a member has left.
func (x *Exchange) Allowance(member lantern.ID, use fair.Use) fair.Allowance {
	return x.buckets.Take(member, use, 0, x.Clock())
}

// within returns a RateLimited error if a member's quota is used up. Corrections,
// acknowledgements, withdrawals and challenges never ask.
func (x *Exchange) within(member lantern.ID, use fair.Use) error {
	a := x.Allowance(member, use)
	if a.Limit == 0 || a.Remaining > 0 {
		return nil
	}
	return &lantern.Error{Kind: lantern.RateLimited, Reason: fmt.Sprintf("the member's quota of %d signals an hour (%s) is used up", a.Limit, use),
		Fix: "wait as long as Retry-After says; corrections, acknowledgements, withdrawals and challenges go on", Wait: a.Reset}
}

// used takes signals off a quota.
func (x *Exchange) used(member lantern.ID, use fair.Use, n int) {
	x.buckets.Take(member, use, n, x.Clock())
}
