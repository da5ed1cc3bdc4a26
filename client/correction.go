package client

import (
	"context"
	"net/url"

	"lantern"
)

// Corrections lists the corrections that concern the caller's member, oldest first.
func (c *Client) Corrections(ctx context.Context) ([]lantern.Correction, error) {
	return c.corrections(ctx, url.Values{})
}

// OverdueCorrections lists those of them of which somebody is late.
func (c *Client) OverdueCorrections(ctx context.Context) ([]lantern.Correction, error) {
	return c.corrections(ctx, url.Values{"overdue": {"true"}})
}

// OwedCorrections lists those of which the caller's member owes an acknowledgement.
func (c *Client) OwedCorrections(ctx context.Context) ([]lantern.Correction, error) {
	return c.corrections(ctx, url.Values{"waiting": {"true"}})
}

// corrections reads a list page by page.
func (c *Client) corrections(ctx context.Context, q url.Values) ([]lantern.Correction, error) {
	return pages(ctx, c, "/v1/corrections", q, func(c lantern.Correction) lantern.ID { return c.ID })
}

// Correction returns one correction.
func (c *Client) Correction(ctx context.Context, id lantern.ID) (lantern.Correction, error) {
	return get[lantern.Correction](ctx, c, at("/v1/corrections", id, ""), nil)
}

// Acknowledge states one step of a correction for the caller's member: with a service's key
// what its software did, with a trained person's key as that person's attestation. Stating
// it again changes nothing.
func (c *Client) Acknowledge(ctx context.Context, a lantern.Ack) (lantern.Correction, error) {
	return post[lantern.Correction](ctx, c, at("/v1/corrections", a.Correction, "/acks"), a)
}
