// Package client calls an exchange over its native API (/v1).
//
// A [Client] speaks for one actor of one member: whoever the key belongs to. It has a
// method for every call of the API, named as the call is named everywhere in Lantern, and
// returns the types of package lantern. What the exchange refuses comes back as an
// [*lantern.Error] with the kind, the JSON pointer, the reason and the fix the exchange
// gave (further complaints in Also); ask for the kind with [lantern.KindOf].
//
// What the client does by itself: it reuses connections, gives each attempt a time limit,
// and tries again, after a growing and jittered pause, whenever the exchange could not be
// reached or said that it is busy. That is safe for writes too: each carries an
// Idempotency-Key, and the exchange answers a repeated key with the answer it gave
// before. It never follows redirects, so that the key goes nowhere else, and no error or
// URL ever holds the key.
//
// An empty answer means "none" and only comes with a nil error: "the exchange could not
// look" is always an error.
package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lantern"
)

// Options change how a client calls. The zero value is right for most.
type Options struct {
	Transport http.RoundTripper // nil: a pool of connections of the client's own
	Retries   int               // further attempts after the first; 0: 4; negative: none
	Timeout   time.Duration     // of one attempt, waiting for changes not counted; 0: 30 s
	UserAgent string            // "": "lantern"

	// Key, if set, is asked for the key before each attempt, so that it can be replaced while
	// the client is in use; it must not block. "" stands for the key given to [New].
	Key func() string
}

// Client calls one exchange with one key. It is safe for concurrent use.
type Client struct {
	conn *conn
}

// New returns a client for the exchange at base ("https://exchange.example.com"), which
// it does not contact yet. If base is no http or https URL, or holds credentials, every
// call says so.
func New(base, key string, opts Options) *Client {
	return &Client{conn: newConn(base, key, opts)}
}

// WithKey returns a client for the same exchange that speaks with another key. The two
// share their connections.
func (c *Client) WithKey(key string) *Client {
	other := *c.conn
	other.key, other.current = key, nil
	return &Client{conn: &other}
}

// Close lets go of idle connections. The client may still be used.
func (c *Client) Close() { c.conn.http.CloseIdleConnections() }

// get reads one object.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	return call[T](ctx, c, http.MethodGet, path, query, nil)
}

// list reads the items of a list.
func list[T any](ctx context.Context, c *Client, path string, query url.Values) ([]T, error) {
	answer, err := get[lantern.Items[T]](ctx, c, path, query)
	return answer.Items, err
}

// pages reads a list page by page; the last object of a page, by its id, asks for the next.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values, id func(T) lantern.ID) (all []T, err error) {
	for {
		page, err := list[T](ctx, c, path, query)
		if all = append(all, page...); err != nil || len(page) < lantern.MaxPage {
			return all, err
		}
		query.Set("after", id(page[len(page)-1]).String())
	}
}

// post writes one object.
func post[T any](ctx context.Context, c *Client, path string, body any) (T, error) {
	return call[T](ctx, c, http.MethodPost, path, nil, body)
}

func call[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (T, error) {
	req := request{method: method, path: path, query: query, media: "application/json"}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			var none T
			return none, req.failed(err)
		}
		req.body = b
	}
	return decode[T](ctx, c, req)
}

// decode sends req and reads the answer into a T. Members of the answer that T does not
// have are skipped: the API only ever adds.
func decode[T any](ctx context.Context, c *Client, req request) (T, error) {
	var answer T
	b, err := c.conn.do(ctx, req)
	if err != nil || len(b) == 0 {
		return answer, err
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return answer, req.failed(errMalformed)
	}
	return answer, nil
}

// at builds the path of an object.
func at(collection string, id lantern.ID, rest string) string {
	return collection + "/" + strconv.FormatInt(int64(id), 10) + rest
}

// Ready asks whether the exchange can serve (GET /readyz); no key is needed.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.conn.do(ctx, request{method: http.MethodGet, path: "/readyz"})
	return err
}

// Types lists the signal types the exchange knows.
func (c *Client) Types(ctx context.Context) ([]lantern.TypeInfo, error) {
	return list[lantern.TypeInfo](ctx, c, "/v1/types", nil)
}

// Whoami says what the key's bearer is to the exchange.
func (c *Client) Whoami(ctx context.Context) (lantern.Whoami, error) {
	return get[lantern.Whoami](ctx, c, "/v1/whoami", nil)
}
