package api

import "lantern"

func challenges() handler {
	return handler{
		answer: typeOf[lantern.ChallengePage](),
		params: []param{
			{name: "cursor", about: "what the page before gave as next; absent: from the beginning"},
			{name: "limit", about: "how many at most, up to 1000", number: true},
		},
		perform: func(c *call) (any, error) {
			limit, err := c.limit()
			if err != nil {
				return nil, err
			}
			return c.api.x.Challenges(c.ctx(), c.actor, lantern.Cursor(c.params["cursor"]), limit)
		},
	}
}
