package client

import (
	"context"

	"lantern"
)

// Status says how the exchange stands (steward).
func (c *Client) Status(ctx context.Context) (lantern.ExchangeStatus, error) {
	return get[lantern.ExchangeStatus](ctx, c, "/v1/status", nil)
}
