package api

import (
	"time"

	"lantern"
	"lantern/internal/web"
)

func feed() handler {
	return handler{
		answer: typeOf[lantern.FeedPage](),
		params: []param{
			{name: "cursor", about: "the cursor of the page before; absent: from the beginning"},
			{name: "limit", about: "how many changes at most, up to 1000", number: true},
			{name: "imminent", about: "true: only what is about a child at risk now"},
			{name: "wait", about: "how many seconds to wait for a change if there is none, up to 55", number: true},
		},
		perform: func(c *call) (any, error) {
			id, err := c.id()
			if err != nil {
				return nil, err
			}
			limit, err := c.limit()
			if err != nil {
				return nil, err
			}
			seconds, err := number("query parameter wait", c.params["wait"])
			if err != nil {
				return nil, err
			}
			wait := lantern.MaxWait
			if seconds < int64(wait/time.Second) {
				wait = time.Duration(seconds) * time.Second
			}
			var filter lantern.FeedFilter
			switch c.params["imminent"] {
			case "", "false":
			case "true":
				filter.Imminent = true
			default:
				return nil, lantern.Errorf(lantern.Invalid, "query parameter imminent is neither true nor false")
			}
			return c.poll(id, filter, lantern.Cursor(c.params["cursor"]), limit, wait)
		},
	}
}

// poll reads the feed. A wait that the server's end cuts short is answered with what is
// there, so that the caller goes on elsewhere with its cursor.
func (c *call) poll(program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, limit int, wait time.Duration) (any, error) {
	if wait == 0 {
		return c.api.x.FilteredFeed(c.ctx(), c.actor, program, f, cursor, limit, 0)
	}
	web.Extend(c.w, wait+web.WriteTime)
	ctx, cancel := web.Wait(c.ctx())
	defer cancel()
	page, err := c.api.x.FilteredFeed(ctx, c.actor, program, f, cursor, limit, wait)
	if err != nil && ctx.Err() != nil && c.ctx().Err() == nil {
		return c.api.x.FilteredFeed(c.ctx(), c.actor, program, f, cursor, limit, 0)
	}
	return page, err
}
