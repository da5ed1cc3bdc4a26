package client

import (
	"context"

	"lantern"
)

// React answers another member's signal, or takes a reaction back (Removed).
func (c *Client) React(ctx context.Context, f lantern.Feedback) (lantern.Feedback, error) {
	return post[lantern.Feedback](ctx, c, "/v1/feedback", f)
}

// Reactions lists the reactions to a signal.
func (c *Client) Reactions(ctx context.Context, signal lantern.ID) ([]lantern.Feedback, error) {
	return list[lantern.Feedback](ctx, c, at("/v1/signals", signal, "/feedback"), nil)
}
