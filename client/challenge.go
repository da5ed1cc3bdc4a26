package client

import (
	"context"

	"lantern"
)

// OpenChallenge says that a signal is wrong (a person's key); it is suspended at once.
func (c *Client) OpenChallenge(ctx context.Context, ch lantern.Challenge) (lantern.Challenge, error) {
	return post[lantern.Challenge](ctx, c, "/v1/challenges", ch)
}

// Challenges lists the challenges the caller may see.
func (c *Client) Challenges(ctx context.Context) ([]lantern.Challenge, error) {
	return list[lantern.Challenge](ctx, c, "/v1/challenges", nil)
}

// Challenge returns one challenge.
func (c *Client) Challenge(ctx context.Context, id lantern.ID) (lantern.Challenge, error) {
	return get[lantern.Challenge](ctx, c, at("/v1/challenges", id, ""), nil)
}

// Decide answers a challenge (a person's key).
func (c *Client) Decide(ctx context.Context, id lantern.ID, d lantern.Decision) (lantern.Challenge, error) {
	return post[lantern.Challenge](ctx, c, at("/v1/challenges", id, "/decision"), d)
}
