package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lantern"
)

// Feed reads the next page of a program's feed after cursor ("": from the beginning). If
// there is nothing, the exchange waits up to wait (at most [lantern.MaxWait], whole
// seconds) for a change. limit bounds the changes, 0 means the exchange's default.
//
// An error of kind [lantern.Resync] means that the cursor is of no use any more: start
// again with "", and drop what the pages read from there do not bring back.
func (c *Client) Feed(ctx context.Context, program lantern.ID, cursor lantern.Cursor, limit int, wait time.Duration) (lantern.FeedPage, error) {
	return c.FilteredFeed(ctx, program, lantern.FeedFilter{}, cursor, limit, wait)
}

// FilteredFeed is [Client.Feed] through a filter. A cursor is of use with the filter it came
// from only.
func (c *Client) FilteredFeed(ctx context.Context, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, limit int, wait time.Duration) (lantern.FeedPage, error) {
	q := url.Values{}
	if f.Imminent {
		q.Set("imminent", "true")
	}
	set(q, "cursor", string(cursor))
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	wait = min(max(wait, 0), lantern.MaxWait)
	if s := int(wait / time.Second); s > 0 {
		q.Set("wait", strconv.Itoa(s))
	}
	return decode[lantern.FeedPage](ctx, c, request{method: http.MethodGet, path: at("/v1/programs", program, "/changes"), query: q, wait: wait})
}
