package api

import (
	"net/http"

	"lantern"
	"lantern/internal/web"
)

// shareIncident answers 201 if an incident was made.
func shareIncident() handler {
	h := create((*x).ShareIncident)
	h.also, h.limit = []int{http.StatusOK}, web.MaxBatch
	perform := h.perform
	h.perform = func(c *call) (any, error) {
		v, err := perform(c)
		if err != nil {
			return nil, err
		}
		result := v.(lantern.IncidentResult)
		if result.Status != lantern.Created {
			c.status = http.StatusOK
		}
		return result, nil
	}
	return h
}

func incidents() handler {
	return handler{
		answer: typeOf[lantern.Items[lantern.Incident]](),
		params: []param{
			{name: "after", about: "the id of the last incident of the page before"},
			{name: "limit", about: "how many at most, up to 1000", number: true},
		},
		perform: func(c *call) (any, error) {
			after, limit, err := c.page()
			if err != nil {
				return nil, err
			}
			items, err := c.api.x.Incidents(c.ctx(), c.actor, after, limit)
			return lantern.Items[lantern.Incident]{Items: items}, err
		},
	}
}
