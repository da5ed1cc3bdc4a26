package client

import (
	"context"
	"net/url"

	"lantern"
)

// OpenChallenge says that a signal is wrong (a person's key); it is suspended at once.
func (c *Client) OpenChallenge(ctx context.Context, ch lantern.Challenge) (lantern.Challenge, error) {
	return post[lantern.Challenge](ctx, c, "/v1/challenges", ch)
}

// Challenges lists the challenges the caller may see, what is imminent and undecided first,
// then the oldest, each once.
func (c *Client) Challenges(ctx context.Context) (all []lantern.Challenge, err error) {
	seen := make(map[lantern.ID]bool)
	for q := (url.Values{}); ; {
		page, err := get[lantern.ChallengePage](ctx, c, "/v1/challenges", q)
		for _, ch := range page.Items {
			if !seen[ch.ID] { // one that was decided meanwhile moved to where it was not read yet
				seen[ch.ID] = true
				all = append(all, ch)
			}
		}
		if err != nil || page.Next == "" {
			return all, err
		}
		q.Set("cursor", string(page.Next))
	}
}

// Challenge returns one challenge.
func (c *Client) Challenge(ctx context.Context, id lantern.ID) (lantern.Challenge, error) {
	return get[lantern.Challenge](ctx, c, at("/v1/challenges", id, ""), nil)
}

// Decide answers a challenge (a person's key).
func (c *Client) Decide(ctx context.Context, id lantern.ID, d lantern.Decision) (lantern.Challenge, error) {
	return post[lantern.Challenge](ctx, c, at("/v1/challenges", id, "/decision"), d)
}
