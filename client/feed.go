package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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

// FilteredFeed is [Client.Feed] through a filter. A page looks through a bounded part of the
// feed, so it may hold no change and yet say that there is more. A cursor is of use with
// the filter it came from only.
func (c *Client) FilteredFeed(ctx context.Context, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, limit int, wait time.Duration) (lantern.FeedPage, error) {
	q := filterQuery(f)
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

// filterQuery writes a filter as query parameters.
func filterQuery(f lantern.FeedFilter) url.Values {
	q := url.Values{}
	set(q, "type", joined(f.Types))
	set(q, "tag", joined(f.Tags))
	set(q, "status", joined(f.Statuses))
	set(q, "min_severity", string(f.MinSeverity))
	var sharers []string
	for _, id := range f.Sharers {
		sharers = append(sharers, id.String())
	}
	set(q, "sharer", joined(sharers))
	if f.MinCorroboration > 0 {
		q.Set("min_corroboration", strconv.Itoa(f.MinCorroboration))
	}
	for name, t := range map[string]time.Time{"created_since": f.CreatedSince, "seen_since": f.SeenSince} {
		if !t.IsZero() {
			q.Set(name, t.Format(time.RFC3339Nano))
		}
	}
	if f.Imminent {
		q.Set("imminent", "true")
	}
	return q
}

// joined writes a list of words without commas.
func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ",")
}

// feedLine is one line of a snapshot or a stream: a change, or a mark if Next is set.
type feedLine struct {
	lantern.Change
	Next lantern.Cursor `json:"next"`
	AsOf time.Time      `json:"as_of"`
	Leaf int64          `json:"leaf"`
}

// Snapshot reads all that a program's feed holds through a filter, calls emit for each change
// as it comes, and returns the mark from which [Client.FilteredFeed] and [Client.Follow] go
// on. Without a nil error the snapshot is not whole: what came is of use only if the rest is
// read too, which is done by starting over. Nothing is retried.
func (c *Client) Snapshot(ctx context.Context, program lantern.ID, f lantern.FeedFilter, emit func(lantern.Change) error) (mark lantern.FeedMark, err error) {
	req := request{method: http.MethodGet, path: at("/v1/programs", program, "/snapshot"), query: filterQuery(f), accept: "application/x-ndjson", coding: "zstd"}
	err = answers(ctx, c, req, nil, func(line feedLine) error {
		if line.Next == "" {
			return emit(line.Change)
		}
		mark = lantern.FeedMark{Next: line.Next, AsOf: line.AsOf, Leaf: line.Leaf}
		return nil
	})
	if err == nil && mark.Next == "" {
		err = req.failed(c.conn.unreachable(io.ErrUnexpectedEOF))
	}
	return mark, err
}

// Follow reads a feed from a cursor on as it grows, until ctx ends or emit or marked fails, and
// takes the stream up again where it broke off. After the changes of each page it calls marked
// with the place they reach: who keeps that goes on from there after a restart. What was
// emitted after the last mark may come twice.
//
// Errors that waiting does not mend end it, [lantern.Resync] as in [Client.Feed].
func (c *Client) Follow(ctx context.Context, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, emit func(lantern.Change) error, marked func(lantern.FeedMark) error) error {
	for attempt := 0; ; attempt++ {
		q := filterQuery(f)
		set(q, "cursor", string(cursor))
		req := request{method: http.MethodGet, path: at("/v1/programs", program, "/stream"), query: q, accept: "application/x-ndjson"}
		var own error // of emit or marked
		err := answers(ctx, c, req, nil, func(line feedLine) error {
			if line.Next == "" {
				own = emit(line.Change)
				return own
			}
			if cursor != line.Next {
				cursor, attempt = line.Next, 0
			}
			own = marked(lantern.FeedMark{Next: line.Next, AsOf: line.AsOf, Leaf: line.Leaf})
			return own
		})
		switch {
		case own != nil:
			return own
		case ctx.Err() != nil:
			return req.failed(ctx.Err())
		case err != nil && !passing(err):
			return err
		}
		timer := time.NewTimer(pause(attempt))
		select {
		case <-ctx.Done():
			timer.Stop()
			return req.failed(ctx.Err())
		case <-timer.C:
		}
	}
}
