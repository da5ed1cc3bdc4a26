package client

import (
	"context"
	"time"

	"lantern"
)

// CreateMember adds an organisation (steward).
func (c *Client) CreateMember(ctx context.Context, m lantern.Member) (lantern.Member, error) {
	return post[lantern.Member](ctx, c, "/v1/members", m)
}

// Members lists the organisations the caller may know of.
func (c *Client) Members(ctx context.Context) ([]lantern.Member, error) {
	return list[lantern.Member](ctx, c, "/v1/members", nil)
}

// Member returns one organisation.
func (c *Client) Member(ctx context.Context, id lantern.ID) (lantern.Member, error) {
	return get[lantern.Member](ctx, c, at("/v1/members", id, ""), nil)
}

// SetMemberState moves an organisation to another state (steward).
func (c *Client) SetMemberState(ctx context.Context, id lantern.ID, change lantern.StateChange) (lantern.Member, error) {
	return post[lantern.Member](ctx, c, at("/v1/members", id, "/state"), change)
}

// CreatePerson adds a person to the caller's member, or, for a steward, to p.Member.
func (c *Client) CreatePerson(ctx context.Context, p lantern.Person) (lantern.Person, error) {
	return post[lantern.Person](ctx, c, "/v1/persons", p)
}

// Persons lists the persons of the caller's member.
func (c *Client) Persons(ctx context.Context) ([]lantern.Person, error) {
	return list[lantern.Person](ctx, c, "/v1/persons", nil)
}

// TrainPerson records that the person's mandatory training is valid until then.
func (c *Client) TrainPerson(ctx context.Context, id lantern.ID, until time.Time) (lantern.Person, error) {
	return post[lantern.Person](ctx, c, at("/v1/persons", id, "/training"), lantern.Training{Until: until})
}

// CreateService adds an integration of the caller's member.
func (c *Client) CreateService(ctx context.Context, s lantern.Service) (lantern.Service, error) {
	return post[lantern.Service](ctx, c, "/v1/services", s)
}

// Services lists the integrations of the caller's member.
func (c *Client) Services(ctx context.Context) ([]lantern.Service, error) {
	return list[lantern.Service](ctx, c, "/v1/services", nil)
}

// IssueKey makes a key for a person or service. Its Secret is shown in one answer only;
// if that answer was lost on the way, the key comes back with an empty Secret: revoke it
// and issue another.
func (c *Client) IssueKey(ctx context.Context, k lantern.Key) (lantern.Key, error) {
	return post[lantern.Key](ctx, c, "/v1/keys", k)
}

// Keys lists the keys of the caller's member, without their secrets.
func (c *Client) Keys(ctx context.Context) ([]lantern.Key, error) {
	return list[lantern.Key](ctx, c, "/v1/keys", nil)
}

// RotateKey makes a key that takes the place of another, which stays good for an overlap.
// Its Secret is shown once, as by [Client.IssueKey].
func (c *Client) RotateKey(ctx context.Context, id lantern.ID, r lantern.Rotation) (lantern.Key, error) {
	return post[lantern.Key](ctx, c, at("/v1/keys", id, "/rotate"), r)
}

// RevokeKey ends a key at once. Revoking it again changes nothing.
func (c *Client) RevokeKey(ctx context.Context, id lantern.ID) (lantern.Key, error) {
	return post[lantern.Key](ctx, c, at("/v1/keys", id, "/revoke"), nil)
}
