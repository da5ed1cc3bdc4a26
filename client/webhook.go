package client

import (
	"context"

	"lantern"
)

// CreateWebhook has an address of the caller's member called when something concerns it
// (an admin's key). Its Secret is shown in one answer only; if that answer was lost on the
// way, the webhook comes back with an empty Secret: rotate it.
func (c *Client) CreateWebhook(ctx context.Context, w lantern.Webhook) (lantern.Webhook, error) {
	return post[lantern.Webhook](ctx, c, "/v1/webhooks", w)
}

// Webhooks lists the webhooks of the caller's member, without their secrets.
func (c *Client) Webhooks(ctx context.Context) ([]lantern.Webhook, error) {
	return list[lantern.Webhook](ctx, c, "/v1/webhooks", nil)
}

// RemoveWebhook forgets a webhook, its secrets and what is on its way to it.
func (c *Client) RemoveWebhook(ctx context.Context, id lantern.ID) (lantern.Webhook, error) {
	return post[lantern.Webhook](ctx, c, at("/v1/webhooks", id, "/remove"), nil)
}

// RotateWebhook gives a webhook another Secret, shown in one answer only. For a day
// requests are signed with both; rotating again ends the earlier one at once.
func (c *Client) RotateWebhook(ctx context.Context, id lantern.ID) (lantern.Webhook, error) {
	return post[lantern.Webhook](ctx, c, at("/v1/webhooks", id, "/rotate"), nil)
}

// TestWebhook sends an event of type webhook.test. It returns before the event is sent;
// Deliveries tells what came of it.
func (c *Client) TestWebhook(ctx context.Context, id lantern.ID) (lantern.Delivery, error) {
	return post[lantern.Delivery](ctx, c, at("/v1/webhooks", id, "/test"), nil)
}

// ReplayWebhook delivers one event of the last 30 days again, or all since a time, and
// enables a disabled webhook.
func (c *Client) ReplayWebhook(ctx context.Context, id lantern.ID, r lantern.Replay) (lantern.Replayed, error) {
	return post[lantern.Replayed](ctx, c, at("/v1/webhooks", id, "/replay"), r)
}

// Deliveries lists the latest 200 deliveries of a webhook, newest event first.
func (c *Client) Deliveries(ctx context.Context, id lantern.ID) ([]lantern.Delivery, error) {
	return list[lantern.Delivery](ctx, c, at("/v1/webhooks", id, "/deliveries"), nil)
}
