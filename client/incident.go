package client

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"lantern"
)

// ShareIncident shares signals that belong together, all of them or none. Sharing the same
// again changes nothing. A refusal is a [*lantern.Error] whose Also lists everything else
// that is wrong, each with a pointer into the signals.
func (c *Client) ShareIncident(ctx context.Context, d lantern.IncidentDraft) (lantern.IncidentResult, error) {
	d.Signals = slices.Clone(d.Signals)
	for i := range d.Signals {
		if len(d.Signals[i].Programs) == 0 {
			d.Signals[i].Programs = d.Programs
		}
	}
	return post[lantern.IncidentResult](ctx, c, "/v1/incidents", d)
}

// Incidents lists the caller's member's own incidents after one ("after" 0: from the
// first), by rising id and without their signals. limit 0 means the exchange's default.
func (c *Client) Incidents(ctx context.Context, after lantern.ID, limit int) ([]lantern.Incident, error) {
	q := url.Values{}
	set(q, "after", after.String())
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return list[lantern.Incident](ctx, c, "/v1/incidents", q)
}

// Incident returns an incident with its signals, as far as the caller may see them.
func (c *Client) Incident(ctx context.Context, id lantern.ID) (lantern.Incident, error) {
	return get[lantern.Incident](ctx, c, at("/v1/incidents", id, ""), nil)
}

// WithdrawIncident takes every signal of an own incident back from every program, and
// returns the corrections that follow.
func (c *Client) WithdrawIncident(ctx context.Context, id lantern.ID, w lantern.Withdrawal) (lantern.IncidentWithdrawal, error) {
	return post[lantern.IncidentWithdrawal](ctx, c, at("/v1/incidents", id, "/withdraw"), w)
}
