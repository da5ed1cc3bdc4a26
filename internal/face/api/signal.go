package api

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/web"
	"lantern/signal"
)

// share answers 201 if a signal was made.
func share() handler {
	h := create((*x).Share)
	h.also = []int{http.StatusOK}
	perform := h.perform
	h.perform = func(c *call) (any, error) {
		v, err := perform(c)
		if err != nil {
			return nil, err
		}
		result := v.(lantern.ShareResult)
		if result.Status == lantern.Refused && result.Problem != nil {
			return nil, refused(result.Problem)
		}
		if result.Status != lantern.Created && result.Status != lantern.Cleared {
			c.status = http.StatusOK
		}
		return result, nil
	}
	return h
}

// shareBatch decodes each draft for itself, so that one of a wrong type is refused alone.
func shareBatch() handler {
	return handler{
		body: typeOf[lantern.Items[lantern.Draft]](), answer: typeOf[lantern.BatchAnswer](), limit: web.MaxBatch,
		perform: func(c *call) (any, error) {
			drafts, ok := readDrafts(c.body)
			if !ok {
				return c.shareEach()
			}
			results, err := c.api.x.ShareBatch(c.ctx(), c.actor, drafts)
			return lantern.BatchAnswer{Results: results}, err
		},
	}
}

// shareEach shares a batch whose drafts are decoded one by one.
func (c *call) shareEach() (any, error) {
	var body lantern.Items[jsontext.Value]
	if err := web.Decode(c.body, &body); err != nil {
		return nil, err
	}
	if len(body.Items) > lantern.MaxBatch {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Field: "/items", Reason: "too many drafts", Fix: "at most " + strconv.Itoa(lantern.MaxBatch) + " in one batch"}
	}
	results := make([]lantern.ShareResult, len(body.Items))
	var drafts []lantern.Draft
	var places []int // of drafts in results
	for i, item := range body.Items {
		var d lantern.Draft
		var e *lantern.Error
		switch err := web.Decode(item, &d); {
		case err == nil:
			drafts, places = append(drafts, d), append(places, i)
		case errors.As(err, &e):
			results[i] = lantern.ShareResult{Status: lantern.Refused, Problem: e.Problem()}
		default:
			return nil, err
		}
	}
	if len(drafts) > 0 {
		shared, err := c.api.x.ShareBatch(c.ctx(), c.actor, drafts)
		if err != nil {
			return nil, err
		}
		for i, place := range places {
			results[place] = shared[i]
		}
	}
	return lantern.BatchAnswer{Results: results}, nil
}

func signals() handler {
	return handler{
		answer: typeOf[lantern.Items[lantern.Signal]](),
		params: []param{
			{name: "state", about: "only signals in this state"},
			{name: "type", about: "only signals of this type"},
			{name: "after", about: "the id of the last signal of the page before"},
			{name: "limit", about: "how many at most, up to 1000", number: true},
		},
		perform: func(c *call) (any, error) {
			f := exchange.SignalFilter{State: lantern.SignalState(c.params["state"]), Type: lantern.SignalType(c.params["type"])}
			var err error
			if f.After, f.Limit, err = c.page(); err != nil {
				return nil, err
			}
			switch f.State {
			case "", lantern.Held, lantern.Active, lantern.Suspended, lantern.Withdrawn, lantern.Expired, lantern.Erased:
			default:
				return nil, errParam("state", "is not a state of a signal", "one of: held, active, suspended, withdrawn, expired, erased")
			}
			if _, known := signal.Lookup(f.Type); f.Type != "" && !known {
				return nil, errParam("type", "is not a signal type", "GET /v1/types lists them")
			}
			items, err := c.api.x.Signals(c.ctx(), c.actor, f)
			return lantern.Items[lantern.Signal]{Items: items}, err
		},
	}
}

// page reads the parameters after and limit: 0 for one that is absent.
func (c *call) page() (after lantern.ID, limit int, err error) {
	if s := c.params["after"]; s != "" {
		if after, err = paramID("after", s); err != nil {
			return 0, 0, err
		}
	}
	limit, err = c.limit()
	return after, limit, err
}

// yes reads a parameter that is true, false or absent.
func (c *call) yes(name string) (bool, error) {
	switch c.params[name] {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, errParam(name, "is neither true nor false", "give true, or leave it out")
}

// limit reads the parameter of that name. 0 leaves the choice to the service.
func (c *call) limit() (int, error) {
	n, err := number("query parameter limit", c.params["limit"])
	if err == nil && n > lantern.MaxPage {
		err = errParam("limit", "is too large", "at most "+strconv.Itoa(lantern.MaxPage))
	}
	return int(n), err
}

func listTypes(*call) (lantern.Items[lantern.TypeInfo], error) {
	var list lantern.Items[lantern.TypeInfo]
	for _, t := range signal.Types() {
		list.Items = append(list.Items, t.Info())
	}
	return list, nil
}
