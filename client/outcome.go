package client

import (
	"context"

	"lantern"
)

// RecordOutcome records what the caller's member did because of signals. All kinds but
// one need an attestation by the person whose key this is.
func (c *Client) RecordOutcome(ctx context.Context, o lantern.Outcome) (lantern.Outcome, error) {
	return post[lantern.Outcome](ctx, c, "/v1/outcomes", o)
}

// Outcomes lists the outcomes of the caller's member.
func (c *Client) Outcomes(ctx context.Context) ([]lantern.Outcome, error) {
	return list[lantern.Outcome](ctx, c, "/v1/outcomes", nil)
}

// OutcomeTotals says what others did because of an own signal: sums, never who.
func (c *Client) OutcomeTotals(ctx context.Context, signal lantern.ID) (lantern.OutcomeTotals, error) {
	return get[lantern.OutcomeTotals](ctx, c, at("/v1/signals", signal, "/outcomes"), nil)
}
