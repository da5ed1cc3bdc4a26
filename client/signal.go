package client

import (
	"context"
	"io"
	"net/url"
	"strconv"

	"lantern"
)

// Share shares one draft. Sharing the same again changes nothing.
func (c *Client) Share(ctx context.Context, d lantern.Draft) (lantern.ShareResult, error) {
	return postAgain[lantern.ShareResult](ctx, c, "/v1/signals", d)
}

// ShareBatch shares up to [lantern.MaxBatch] drafts. Results stand in the order of the
// drafts; a bad draft has a Problem and harms no other.
func (c *Client) ShareBatch(ctx context.Context, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
	answer, err := postAgain[lantern.BatchAnswer](ctx, c, "/v1/signals/batch", lantern.Items[lantern.Draft]{Items: drafts})
	return answer.Results, err
}

// postAgain posts what changes nothing when it is posted again, once more if its answer was
// lost: an exchange that died between the act and its answer refuses the repetition under
// the same Idempotency-Key, since it cannot tell what it answered.
func postAgain[T any](ctx context.Context, c *Client, path string, body any) (T, error) {
	answer, err := post[T](ctx, c, path, body)
	if lantern.KindOf(err) == lantern.Conflict {
		answer, err = post[T](ctx, c, path, body)
	}
	return answer, err
}

// ShareStream shares drafts, one JSON object a line ([Lines] makes them), and calls emit for
// the answer to each line once it is committed, while further ones are sent. A bad draft
// is refused alone. If the stream breaks off, what was answered is safe; send the rest, or
// all, again: sharing the same draft twice changes nothing. Why the exchange ended it is the
// error, if it could still say so.
func (c *Client) ShareStream(ctx context.Context, drafts io.Reader, emit func(lantern.StreamResult) error) error {
	return stream(ctx, c, "/v1/signals/stream", nil, ndjson, drafts, func(r lantern.StreamResult) error {
		if p := r.Problem; r.Line == 0 && p != nil {
			return &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}
		}
		return emit(r)
	})
}

// SignalFilter narrows [Client.Signals]. Zero fields do not narrow.
type SignalFilter struct {
	State lantern.SignalState
	Type  lantern.SignalType
	After lantern.ID // the last signal of the page before
	Limit int        // at most [lantern.MaxPage]; 0: the exchange's default
}

// Signals lists the caller's member's own signals, a page at a time, by rising id.
func (c *Client) Signals(ctx context.Context, f SignalFilter) ([]lantern.Signal, error) {
	q := url.Values{}
	set(q, "state", string(f.State))
	set(q, "type", string(f.Type))
	set(q, "after", f.After.String())
	if f.Limit != 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return list[lantern.Signal](ctx, c, "/v1/signals", q)
}

func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// Signal returns one signal, with as much of it as the caller may see.
func (c *Client) Signal(ctx context.Context, id lantern.ID) (lantern.Signal, error) {
	return get[lantern.Signal](ctx, c, at("/v1/signals", id, ""), nil)
}

// Renew prolongs an own signal after a fresh review (a person's key).
func (c *Client) Renew(ctx context.Context, id lantern.ID, r lantern.Renewal) (lantern.Signal, error) {
	return post[lantern.Signal](ctx, c, at("/v1/signals", id, "/renew"), r)
}

// Narrow takes an own signal out of one program, while it stays in others, and returns the
// correction that those who lose it must acknowledge.
func (c *Client) Narrow(ctx context.Context, id lantern.ID, n lantern.Narrowing) (lantern.Correction, error) {
	return post[lantern.Correction](ctx, c, at("/v1/signals", id, "/narrow"), n)
}

// Withdraw takes an own signal back from every program, and returns the correction that
// follows.
func (c *Client) Withdraw(ctx context.Context, id lantern.ID, w lantern.Withdrawal) (lantern.Correction, error) {
	return post[lantern.Correction](ctx, c, at("/v1/signals", id, "/withdraw"), w)
}
