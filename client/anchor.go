package client

import (
	"context"

	"lantern"
)

// Anchor has the head of an agent's own log entered in the exchange's log. A Conflict means that
// it was not shown to continue the log's anchor before.
func (c *Client) Anchor(ctx context.Context, n lantern.Anchor) (lantern.Anchor, error) {
	return post[lantern.Anchor](ctx, c, "/v1/anchors", n)
}

// Anchors lists the newest anchor of each log of the caller's member; to stewards and auditors of
// the operator those of every member.
func (c *Client) Anchors(ctx context.Context) ([]lantern.Anchor, error) {
	return list[lantern.Anchor](ctx, c, "/v1/anchors", nil)
}
