package client

import (
	"context"
	"net/http"

	"lantern"
)

// CreateProgram adds a program (steward).
func (c *Client) CreateProgram(ctx context.Context, p lantern.Program) (lantern.Program, error) {
	return post[lantern.Program](ctx, c, "/v1/programs", p)
}

// Programs lists the programs the caller may know of.
func (c *Client) Programs(ctx context.Context) ([]lantern.Program, error) {
	return list[lantern.Program](ctx, c, "/v1/programs", nil)
}

// Program returns one program.
func (c *Client) Program(ctx context.Context, id lantern.ID) (lantern.Program, error) {
	return get[lantern.Program](ctx, c, at("/v1/programs", id, ""), nil)
}

// SetPolicy replaces a program's policy, which raises its version (steward).
func (c *Client) SetPolicy(ctx context.Context, id lantern.ID, p lantern.Policy) (lantern.Program, error) {
	return call[lantern.Program](ctx, c, http.MethodPut, at("/v1/programs", id, "/policy"), nil, p)
}

// Join makes a member part of a program (steward).
func (c *Client) Join(ctx context.Context, m lantern.Membership) (lantern.Membership, error) {
	return post[lantern.Membership](ctx, c, at("/v1/programs", m.Program, "/members"), m)
}

// Leave ends a member's part in a program.
func (c *Client) Leave(ctx context.Context, program, member lantern.ID) error {
	_, err := post[struct{}](ctx, c, at("/v1/programs", program, "/leave"), lantern.Leaving{Member: member})
	return err
}

// Memberships lists the members of a program.
func (c *Client) Memberships(ctx context.Context, program lantern.ID) ([]lantern.Membership, error) {
	return list[lantern.Membership](ctx, c, at("/v1/programs", program, "/members"), nil)
}
