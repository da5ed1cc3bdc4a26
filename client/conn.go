package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// The pauses between attempts, and the bound of an answer.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
	maxAfter   = 30 * time.Second // the longest Retry-After that is obeyed; beyond it the caller decides
	maxAnswer  = 64 << 20         // bytes
	idleConns  = 32               // kept to one address
)

var (
	errMalformed = &lantern.Error{Kind: lantern.Unavailable, Reason: "the answer is malformed", Fix: "check that the address is that of an exchange"}
	errTooLong   = &lantern.Error{Kind: lantern.TooLarge, Reason: "the answer is too long", Fix: "ask for fewer items"}
)

// conn sends requests to one address with one credential.
type conn struct {
	base    string // without a slash at its end
	origin  string // of base: scheme, host and port
	key     string
	current func() string // the key of the moment; nil: key
	http    *http.Client
	retries int
	timeout time.Duration
	agent   string
	toAgent bool  // the other side is the member's own agent
	err     error // why the address cannot be used
}

// request is one call, which may take several attempts.
type request struct {
	method, path string
	query        url.Values
	body         []byte
	media        string
	wait         time.Duration // how long the other side may wait before it answers
	accept       string        // media type of the answer, if there is a choice
	coding       string        // content coding that the caller undoes
	asks         bool          // send the body only when the other side wants it: it may refuse first
	once         string        // the Idempotency-Key of a write; "": one is drawn for this call
}

func newConn(base, key string, opts Options) *conn {
	c := &conn{base: strings.TrimRight(base, "/"), key: key, current: opts.Key, retries: opts.Retries, timeout: opts.Timeout, agent: opts.UserAgent}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.err = &lantern.Error{Kind: lantern.Invalid, Reason: "the address of the exchange is not usable", Fix: "give a URL like https://exchange.example.com, without credentials"}
	} else {
		c.origin = u.Scheme + "://" + u.Host
	}
	if c.retries == 0 {
		c.retries = 4
	}
	if c.timeout == 0 {
		c.timeout = 30 * time.Second
	}
	if c.agent == "" {
		c.agent = "lantern"
	}
	transport := opts.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DialContext = watched(t.DialContext)
		t.MaxIdleConnsPerHost = idleConns
		transport = t
	}
	c.http = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// failed says which call an error belongs to. Paths hold ids only.
func (r request) failed(err error) error {
	return fmt.Errorf("%s %s: %w", r.method, r.path, err)
}

// do sends req until it is answered, the attempts are used up, or ctx ends, and returns
// the body of a success.
func (c *conn) do(ctx context.Context, req request) ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	idempotency := req.once
	if idempotency == "" && req.method != http.MethodGet {
		var b [16]byte
		rand.Read(b[:]) // never fails
		idempotency = hex.EncodeToString(b[:])
	}
	for attempt := 0; ; attempt++ {
		key := c.credential()
		body, after, err := c.attempt(ctx, req, key, idempotency)
		if err == nil {
			return body, nil
		}
		if lantern.KindOf(err) == lantern.Unauthorized && c.credential() != key && ctx.Err() == nil {
			continue // replaced while the request was under way
		}
		if ctx.Err() != nil {
			return nil, req.failed(ctx.Err())
		}
		if attempt >= c.retries || !passing(err) || after > maxAfter {
			return nil, req.failed(err)
		}
		timer := time.NewTimer(max(after, pause(attempt)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, req.failed(ctx.Err())
		case <-timer.C:
		}
	}
}

// credential is the key to send.
func (c *conn) credential() string {
	if c.current != nil {
		if key := c.current(); key != "" {
			return key
		}
	}
	return c.key
}

// passing reports whether an attempt may go better a little later.
func passing(err error) bool {
	kind := lantern.KindOf(err)
	return kind == lantern.Unavailable || kind == lantern.RateLimited
}

// pause doubles with each attempt, and is drawn from its upper half, so that clients that
// failed together do not come back together.
func pause(attempt int) time.Duration {
	p := min(firstPause<<min(attempt, 16), maxPause)
	return p/2 + mathrand.N(p/2)
}

// attempt sends req once. after is what the other side asked to wait.
func (c *conn) attempt(ctx context.Context, req request, key, idempotency string) (body []byte, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+req.wait)
	defer cancel()
	res, err := c.send(ctx, req, bytes.NewReader(req.body), key, idempotency)
	if err != nil {
		return nil, 0, c.unreachable(err)
	}
	defer res.Body.Close() // what was to be read was read
	body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, 0, c.unreachable(err)
	case len(body) > maxAnswer:
		return nil, 0, errTooLong
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return body, 0, nil
	}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
		after = time.Duration(min(s, 3600)) * time.Second
	}
	err = problem(res, body)
	if e, ok := err.(*lantern.Error); ok && e.Kind == lantern.RateLimited { // nobody else has it yet
		e.Wait = after
	}
	return nil, after, err
}

// send makes the request and returns once the header of the answer is there.
func (c *conn) send(ctx context.Context, req request, body io.Reader, key, idempotency string) (*http.Response, error) {
	target := c.base + req.path
	if len(req.query) > 0 {
		target += "?" + req.query.Encode()
	}
	if b, ok := body.(*bytes.Reader); ok && b.Len() == 0 {
		body = nil
	}
	r, err := http.NewRequestWithContext(ctx, req.method, target, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", req.media)
	}
	if idempotency != "" {
		r.Header.Set("Idempotency-Key", idempotency)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if req.accept != "" {
		r.Header.Set("Accept", req.accept)
	}
	if req.coding != "" {
		r.Header.Set("Accept-Encoding", req.coding)
	}
	r.Header.Set("User-Agent", c.agent)
	if req.asks {
		r.Header.Set("Expect", "100-continue")
	}
	return c.http.Do(r)
}

// unreachable is the error of an attempt that got no whole answer. It drops the URL that
// net/http puts into its errors, as query strings hold cursors, and says whose answer it was.
func (c *conn) unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	said := &lantern.Error{Kind: lantern.Unavailable, Reason: "no answer from " + c.origin, Fix: "check the address and retry later"}
	if c.toAgent {
		said = c.silent(err)
	}
	return fmt.Errorf("%w: %w", said, err)
}

// silent says why an agent, which runs beside whoever calls it, does not answer.
func (c *conn) silent(err error) *lantern.Error {
	e := &lantern.Error{Kind: lantern.Unavailable, Reason: "your agent gave no whole answer", Fix: "see in its log whether it ended; start it again with lantern agent run"}
	var dial *net.OpError
	switch {
	case !errors.As(err, &dial) || dial.Op != "dial":
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Fix = "the socket of your agent is not open to you", "call it as the user it runs as"
	default:
		e.Reason, e.Fix = "your agent does not run, or listens elsewhere",
			"start it: lantern agent run --config FILE, with the lantern.json that lantern agent init wrote (or --dir with its folder); if it runs, name its address with --agent"
	}
	return e
}

// problem rebuilds the error of an answer of RFC 9457; other answers, a proxy's for
// example, get their kind from the status.
func problem(res *http.Response, body []byte) error {
	var p struct {
		Detail string             `json:"detail"`
		Errors []*lantern.Problem `json:"errors"`
		ID     string             `json:"request_id"`
	}
	if json.Unmarshal(body, &p) != nil || res.Header.Get("Content-Type") != "application/problem+json" {
		p.Detail, p.Errors = "", nil
	}
	var all []*lantern.Error
	for _, c := range p.Errors {
		if c != nil && c.Kind != "" {
			all = append(all, &lantern.Error{Kind: c.Kind, Field: c.Pointer, Reason: c.Reason, Fix: c.Fix})
		}
	}
	if len(all) > 0 {
		all[0].Also = all[1:]
		return all[0]
	}
	said := fmt.Sprintf("status %d", res.StatusCode)
	if p.Detail != "" {
		said += ", " + p.Detail
	}
	if p.ID != "" {
		said += ", request " + p.ID
	}
	if kind := kindOf(res.StatusCode); kind != "" {
		return &lantern.Error{Kind: kind, Reason: said}
	}
	return errors.New(said)
}

func kindOf(status int) lantern.Kind {
	switch status {
	case http.StatusBadRequest:
		return lantern.Invalid
	case http.StatusUnauthorized:
		return lantern.Unauthorized
	case http.StatusForbidden:
		return lantern.Forbidden
	case http.StatusNotFound:
		return lantern.NotFound
	case http.StatusRequestEntityTooLarge:
		return lantern.TooLarge
	case http.StatusTooManyRequests:
		return lantern.RateLimited
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return lantern.Unavailable
	}
	return ""
}
