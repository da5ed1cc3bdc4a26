package api

import (
	"context"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/policy"
)

// acknowledge takes the correction from the path; one in the body must not differ.
func acknowledge(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID, ack lantern.Ack) (lantern.Correction, error) {
	if err := same("/correction", ack.Correction, id); err != nil {
		return lantern.Correction{}, err
	}
	ack.Correction = id
	return x.Acknowledge(ctx, a, ack)
}

// corrections lists all, or those of which somebody is late.
func corrections() handler {
	h := list((*x).Corrections)
	h.params = []param{{name: "overdue", about: "true: only those of which a recipient is late"}}
	h.perform = func(c *call) (any, error) {
		read := c.api.x.Corrections
		switch c.params["overdue"] {
		case "", "false":
		case "true":
			read = c.api.x.OverdueCorrections
		default:
			return nil, errParam("overdue", "is neither true nor false", "give true, or leave it out")
		}
		items, err := read(c.ctx(), c.actor)
		return lantern.Items[lantern.Correction]{Items: items}, err
	}
	return h
}
