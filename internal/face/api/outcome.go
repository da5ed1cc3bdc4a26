package api

import "lantern"

func outcomes() handler {
	return handler{
		answer: typeOf[lantern.Items[lantern.Outcome]](),
		params: []param{
			{name: "after", about: "the id of the last outcome of the page before"},
			{name: "limit", about: "how many at most, up to 1000", number: true},
		},
		perform: func(c *call) (any, error) {
			after, limit, err := c.page()
			if err != nil {
				return nil, err
			}
			items, err := c.api.x.Outcomes(c.ctx(), c.actor, after, limit)
			return lantern.Items[lantern.Outcome]{Items: items}, err
		},
	}
}
