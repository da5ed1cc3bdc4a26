package api

import (
	"strings"
	"time"

	"lantern"
	"lantern/internal/web"
	"lantern/signal"
)

// filterParams are the parameters by which a feed, a snapshot and a stream are narrowed.
func filterParams() []param {
	return []param{
		{name: "type", about: "only these signal types; several, separated by commas, as for tag, status and sharer"},
		{name: "tag", about: "only signals with one of these tags"},
		{name: "min_severity", about: "only signals of at least this severity"},
		{name: "status", about: "only signals with one of these statuses"},
		{name: "sharer", about: "only signals of these members"},
		{name: "min_corroboration", about: "only signals that at least so many independent groups of other members say the same of", number: true},
		{name: "created_since", about: "only signals shared then or later, RFC 3339"},
		{name: "seen_since", about: "only signals last seen then or later, RFC 3339"},
		{name: "imminent", about: "true: only what is about a child at risk now"},
	}
}

// filter reads these parameters.
func (c *call) filter() (f lantern.FeedFilter, err error) {
	f.Types, f.Tags, f.Statuses = listed[lantern.SignalType](c, "type"), listed[lantern.Tag](c, "tag"), listed[lantern.Status](c, "status")
	f.MinSeverity = lantern.Severity(c.params["min_severity"])
	for _, t := range f.Types {
		if _, known := signal.Lookup(t); !known {
			return f, errParam("type", "is not a signal type", "GET /v1/types lists them")
		}
	}
	for _, s := range listed[string](c, "sharer") {
		id, err := paramID("sharer", s)
		if err != nil {
			return f, err
		}
		f.Sharers = append(f.Sharers, id)
	}
	n, err := number("query parameter min_corroboration", c.params["min_corroboration"])
	if err != nil {
		return f, err
	}
	f.MinCorroboration = int(min(n, 1<<30))
	for name, t := range map[string]*time.Time{"created_since": &f.CreatedSince, "seen_since": &f.SeenSince} {
		if s := c.params[name]; s != "" {
			if *t, err = time.Parse(time.RFC3339, s); err != nil {
				return f, errParam(name, "is not a time", "write it as 2006-01-02T15:04:05Z")
			}
		}
	}
	switch c.params["imminent"] {
	case "", "false":
	case "true":
		f.Imminent = true
	default:
		return f, errParam("imminent", "is neither true nor false", "give true, or leave it out")
	}
	return f, f.Validate()
}

// listed splits a parameter at its commas.
func listed[T ~string](c *call, name string) (list []T) {
	for s := range strings.SplitSeq(c.params[name], ",") {
		if s != "" {
			list = append(list, T(s))
		}
	}
	return list
}

func feed() handler {
	return handler{
		answer: typeOf[lantern.FeedPage](),
		params: append([]param{
			{name: "cursor", about: "the cursor of the page before; absent: from the beginning"},
			{name: "limit", about: "how many changes at most, up to 1000", number: true},
			{name: "wait", about: "how many seconds to wait for a change if there is none, up to 55", number: true},
		}, filterParams()...),
		perform: func(c *call) (any, error) {
			id, err := c.id()
			if err != nil {
				return nil, err
			}
			limit, err := c.limit()
			if err != nil {
				return nil, err
			}
			f, err := c.filter()
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
			return c.poll(id, f, lantern.Cursor(c.params["cursor"]), limit, wait)
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
