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

func corrections() handler {
	return handler{
		answer: typeOf[lantern.Items[lantern.Correction]](),
		params: []param{
			{name: "waiting", about: "true: only those of which the own member owes an acknowledgement"},
			{name: "overdue", about: "true: only those of which a recipient is late"},
			{name: "after", about: "the id of the last correction of the page before"},
			{name: "limit", about: "how many at most, up to 1000", number: true},
		},
		perform: func(c *call) (any, error) {
			var f lantern.CorrectionFilter
			var err error
			if f.Waiting, err = c.yes("waiting"); err != nil {
				return nil, err
			}
			if f.Overdue, err = c.yes("overdue"); err != nil {
				return nil, err
			}
			if f.After, f.Limit, err = c.page(); err != nil {
				return nil, err
			}
			items, err := c.api.x.Corrections(c.ctx(), c.actor, f)
			return lantern.Items[lantern.Correction]{Items: items}, err
		},
	}
}
