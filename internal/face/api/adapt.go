package api

import (
	"context"
	"net/http"
	"reflect"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/policy"
	"lantern/internal/web"
)

// route is one line of the table.
type route struct {
	method, path  string
	name, summary string
	handler       handler
	errors        []lantern.Kind // beyond those that follow from the shape of the route
}

func kinds(k ...lantern.Kind) []lantern.Kind { return k }

// write reports whether the route changes something.
func (r route) write() bool { return r.method != http.MethodGet }

// handler is a call in the shape of a route: what it takes, gives and does.
type handler struct {
	body    reflect.Type // of the request; nil: none
	answer  reflect.Type // of the success; nil: no content; plain for text and bytes
	params  []param
	status  int   // of the success; 0: 200
	also    []int // other successes
	limit   int64 // bytes of the body; 0: [web.MaxBody]
	open    bool  // needs no key
	perform func(*call) (any, error)
	stream  func(*call) error // instead of perform: reads the body and writes the answer, both as lines

	bodyMedia string       // of the body of a stream, if it is not lines
	mark      reflect.Type // what else a line of the answer may be; nil: nothing
	texts     []string     // media types in which the answer of a stream comes as text too

	keep  func(answer any) any     // what may be remembered of an answer; nil: all of it
	again func(*call) (any, error) // gives an answer again that may not be remembered; nil: what was kept is given
}

// param is a query parameter.
type param struct {
	name, about string
	number      bool // a whole number, 0 or more
	needed      bool
}

// plain is an answer that is not JSON.
type plain struct {
	media string
	body  []byte
}

// own adapts a call about the caller alone.
func own[A any](f func(*exchange.Exchange, context.Context, policy.Actor) (A, error)) handler {
	return handler{answer: typeOf[A](), perform: func(c *call) (any, error) { return f(c.api.x, c.ctx(), c.actor) }}
}

// list adapts a call that lists.
func list[A any](f func(*exchange.Exchange, context.Context, policy.Actor) ([]A, error)) handler {
	return handler{answer: typeOf[lantern.Items[A]](), perform: func(c *call) (any, error) {
		items, err := f(c.api.x, c.ctx(), c.actor)
		return lantern.Items[A]{Items: items}, err
	}}
}

// get adapts a call that returns one object by its id.
func get[A any](f func(*exchange.Exchange, context.Context, policy.Actor, lantern.ID) (A, error)) handler {
	return handler{answer: typeOf[A](), perform: func(c *call) (any, error) {
		id, err := c.id()
		if err != nil {
			return nil, err
		}
		return f(c.api.x, c.ctx(), c.actor, id)
	}}
}

// do is [get] for a write without a body.
func do[A any](f func(*exchange.Exchange, context.Context, policy.Actor, lantern.ID) (A, error)) handler {
	return get(f)
}

// listOf adapts a call that lists what belongs to one object.
func listOf[A any](f func(*exchange.Exchange, context.Context, policy.Actor, lantern.ID) ([]A, error)) handler {
	return get(func(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID) (lantern.Items[A], error) {
		items, err := f(x, ctx, a, id)
		return lantern.Items[A]{Items: items}, err
	})
}

// create adapts a call that makes an object from a body.
func create[B, A any](f func(*exchange.Exchange, context.Context, policy.Actor, B) (A, error)) handler {
	return handler{body: typeOf[B](), answer: typeOf[A](), status: http.StatusCreated, perform: func(c *call) (any, error) {
		var body B
		if err := web.Decode(c.body, &body); err != nil {
			return nil, err
		}
		return f(c.api.x, c.ctx(), c.actor, body)
	}}
}

// act adapts a call that does something with one object, as a body says.
func act[B, A any](f func(*exchange.Exchange, context.Context, policy.Actor, lantern.ID, B) (A, error)) handler {
	return handler{body: typeOf[B](), answer: typeOf[A](), perform: func(c *call) (any, error) {
		id, err := c.id()
		if err != nil {
			return nil, err
		}
		var body B
		if err := web.Decode(c.body, &body); err != nil {
			return nil, err
		}
		return f(c.api.x, c.ctx(), c.actor, id, body)
	}}
}

// silent is [act] for a call that has nothing to answer.
func silent[B any](f func(*exchange.Exchange, context.Context, policy.Actor, lantern.ID, B) error) handler {
	h := act(func(x *exchange.Exchange, ctx context.Context, a policy.Actor, id lantern.ID, body B) (struct{}, error) {
		return struct{}{}, f(x, ctx, a, id, body)
	})
	h.answer, h.status = nil, http.StatusNoContent
	return h
}

// open adapts a call that needs no key.
func open[A any](f func(*call) (A, error)) handler {
	return handler{open: true, answer: typeOf[A](), perform: func(c *call) (any, error) { return f(c) }}
}

// secret keeps the secret of a key or webhook from being stored with the answer, and the
// address of a webhook, which is sealed wherever it lies: it may hold a token.
func secret(h handler) handler {
	h.keep = func(answer any) any {
		switch v := answer.(type) {
		case lantern.Key:
			v.Secret = ""
			return v
		case lantern.Webhook:
			v.Secret, v.URL = "", ""
			return v
		}
		return struct{}{} // nothing that is not known may be kept
	}
	return h
}

// sealed keeps the value of a signal, which is sealed wherever it lies, from being stored
// with the answer: a repetition is answered with the signal as it is then.
func sealed(h handler) handler {
	h.keep = func(any) any { return struct{}{} }
	h.again = get((*x).Signal).perform
	return h
}

// noteless keeps what people wrote about a challenge, which is sealed and falls with its
// signal, from being stored with the answer: a repetition is answered without it.
func noteless(h handler) handler {
	h.keep = func(answer any) any {
		c := answer.(lantern.Challenge)
		c.Note, c.Answer = "", ""
		return c
	}
	return h
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
