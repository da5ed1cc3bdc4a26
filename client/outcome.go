package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"lantern"
)

// RecordOutcome records what the caller's member did because of signals. All kinds but
// one need an attestation by the person whose key this is.
func (c *Client) RecordOutcome(ctx context.Context, o lantern.Outcome) (lantern.Outcome, error) {
	return post[lantern.Outcome](ctx, c, "/v1/outcomes", o)
}

// RecordOutcomeOnce is [Client.RecordOutcome] under an Idempotency-Key of the caller's
// own (1 to 64 visible ASCII characters): if the answer of an earlier call with it got lost,
// the same call gives that answer and records nothing further. The caller keeps the key
// and the outcome until it has an answer.
func (c *Client) RecordOutcomeOnce(ctx context.Context, key string, o lantern.Outcome) (lantern.Outcome, error) {
	req := request{method: http.MethodPost, path: "/v1/outcomes", media: "application/json", once: key}
	body, err := json.Marshal(o)
	if err != nil {
		return lantern.Outcome{}, req.failed(err)
	}
	req.body = body
	return decode[lantern.Outcome](ctx, c, req)
}

// Outcomes lists the outcomes of the caller's member, oldest first.
func (c *Client) Outcomes(ctx context.Context) ([]lantern.Outcome, error) {
	return pages(ctx, c, "/v1/outcomes", url.Values{}, func(o lantern.Outcome) lantern.ID { return o.ID })
}

// OutcomeTotals says what others did because of an own signal: sums, never who.
func (c *Client) OutcomeTotals(ctx context.Context, signal lantern.ID) (lantern.OutcomeTotals, error) {
	return get[lantern.OutcomeTotals](ctx, c, at("/v1/signals", signal, "/outcomes"), nil)
}

// ProgramOutcomes says what the other members of a program did because of its signals.
func (c *Client) ProgramOutcomes(ctx context.Context, program lantern.ID) (lantern.ProgramOutcomes, error) {
	return get[lantern.ProgramOutcomes](ctx, c, at("/v1/programs", program, "/outcomes"), nil)
}
