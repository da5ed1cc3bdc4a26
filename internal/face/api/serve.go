package api

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/web"
)

// Config says how the face is served. Its zero value is usable.
type Config struct {
	Log *slog.Logger // receives what no caller can be told; nil: none

	// Quota is asked before each call that carries a key, if it is set: what it returns
	// becomes the RateLimit headers unless Limit is 0, and its error the answer. route is
	// the pattern. [Quota] asks the exchange.
	Quota func(ctx context.Context, a policy.Actor, route string) (web.Quota, error)
}

// Quota tells callers how much of their member's quotas is left, on the routes these are
// for. The exchange itself refuses what goes beyond.
func Quota(x *exchange.Exchange) func(context.Context, policy.Actor, string) (web.Quota, error) {
	uses := map[string]fair.Use{
		"/v1/signals": fair.ShareUse, "/v1/signals/batch": fair.ShareUse,
		"/v1/signals/stream": fair.ShareUse, "/v1/signals/{id}": fair.DiscloseUse, "/v1/programs/{id}/changes": fair.DiscloseUse,
		"/v1/programs/{id}/snapshot": fair.DiscloseUse, "/v1/programs/{id}/stream": fair.DiscloseUse,
		"/v1/programs/{id}/import": fair.ShareUse, "/v1/programs/{id}/export": fair.DiscloseUse,
		"/v1/incidents": fair.ShareUse, "/v1/incidents/{id}": fair.DiscloseUse,
	}
	return func(_ context.Context, a policy.Actor, route string) (web.Quota, error) {
		use, ok := uses[route]
		if !ok {
			return web.Quota{}, nil
		}
		left := x.Allowance(a.Member, use)
		return web.Quota{Limit: left.Limit, Remaining: left.Remaining, Reset: left.Reset}, nil
	}
}

// API is the face over one exchange.
type API struct {
	x       *exchange.Exchange
	config  Config
	running flights
	doc     []byte
}

// New returns the face over x.
func New(x *exchange.Exchange, config Config) (*API, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	doc, err := Document()
	return &API{x: x, config: config, doc: doc}, err
}

// Mount adds all routes to m.
func (a *API) Mount(m *web.Mux) {
	for _, rt := range routes() {
		m.Handle(rt.method+" "+rt.path, a.serve(rt))
	}
}

// call is one request on its way to the service.
type call struct {
	api      *API
	w        http.ResponseWriter
	r        *http.Request
	actor    policy.Actor
	body     []byte
	params   map[string]string
	status   int         // of the success; a handler may change it
	farewell func(error) // of a stream: says why it ends
	guard    context.Context
}

// ctx ends with the request; that of a stream also with its caller's rights.
func (c *call) ctx() context.Context {
	if c.guard != nil {
		return c.guard
	}
	return c.r.Context()
}

// id reads the object's id off the path.
func (c *call) id() (lantern.ID, error) { return lantern.ParseID(c.r.PathValue("id")) }

// leaf reads the index of a log entry off the path.
func (c *call) leaf() (int64, error) {
	return number("the index of the log entry", c.r.PathValue("leaf"))
}

// number reads a whole number, 0 or more; "" is 0.
func number(what, s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, &lantern.Error{Kind: lantern.Invalid, Reason: what + " is not a whole number", Fix: "give decimal digits"}
	}
	return n, nil
}

// errParam refuses the query parameter of that name. A query has no pointer, so the name
// stands in the reason.
func errParam(name, reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter " + name + " " + reason, Fix: fix}
}

// paramID reads the id that the query parameter of that name holds.
func paramID(name, s string) (lantern.ID, error) {
	id, err := lantern.ParseID(s)
	if err != nil {
		err = errParam(name, "is not an id", "give the decimal number the exchange returned")
	}
	return id, err
}

// serve is the way of every request: who asks, is it well formed, was it done before, do
// it, answer.
func (a *API) serve(rt route) web.Handler {
	var names []string
	for _, p := range rt.handler.params {
		names = append(names, p.name)
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		c := &call{api: a, w: w, r: r, status: rt.handler.status}
		if c.status == 0 {
			c.status = http.StatusOK
		}
		var err error
		if !rt.handler.open {
			if err := c.authenticate(rt); err != nil {
				return err
			}
		}
		if c.params, err = web.ReadParams(r, names...); err != nil {
			return err
		}
		for _, p := range rt.handler.params {
			if _, given := c.params[p.name]; p.needed && !given {
				return errParam(p.name, "is missing", "give "+p.about)
			}
		}
		if rt.handler.stream != nil {
			return c.guarded(rt.handler.stream)
		}
		if !rt.write() {
			return c.answer(rt)
		}
		if err := c.readBody(rt); err != nil {
			return err
		}
		return c.once(rt)
	}
}

func (c *call) authenticate(rt route) error {
	key, err := web.Bearer(c.r)
	if err != nil {
		return err
	}
	if c.actor, err = c.api.x.Authenticate(c.ctx(), key); err != nil {
		return err
	}
	web.SetActor(c.ctx(), c.actor.Member, c.actor.Key)
	if c.api.config.Quota == nil {
		return nil
	}
	quota, err := c.api.config.Quota(c.ctx(), c.actor, rt.path)
	if quota.Limit > 0 {
		quota.Set(c.w.Header())
	}
	return err
}

func (c *call) readBody(rt route) (err error) {
	if rt.handler.body == nil {
		return web.NoBody(c.w, c.r)
	}
	limit := rt.handler.limit
	if limit == 0 {
		limit = web.MaxBody
	}
	c.body, err = web.ReadBody(c.w, c.r, web.JSONMedia, limit)
	return err
}

// answer performs a call and writes what it gives.
func (c *call) answer(rt route) error {
	v, err := rt.handler.perform(c)
	if err != nil {
		return err
	}
	if p, ok := v.(plain); ok {
		web.WriteBytes(c.w, c.status, p.media, p.body)
		return nil
	}
	return web.WriteJSON(c.w, c.status, v)
}

// refused turns a refusal that came as a result into the error it is.
func refused(p *lantern.Problem) error {
	return &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}
}
