package api

import (
	"context"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/policy"
)

// acknowledge takes the correction from the path; one in the body must not differ.
func acknowledge(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID, ack lantern.Ack) (lantern.Correction, error) {
	if err := same("/correction", ack.Correction, id); err != nil {
		return lantern.Correction{}, err
	}
	ack.Correction = id
	return x.Acknowledge(ctx, a, ack)
}
