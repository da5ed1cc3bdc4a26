// Package api is the native face of the exchange: JSON under /v1, described by the
// OpenAPI document at /openapi.json. It turns requests into calls of the one service and
// answers into JSON; it holds no rule, no SQL and no clock.
//
// Reading order: routes.go is the whole face on one page. An adapter
// (adapt.go) gives each call of the service the shape of its route; the few calls that
// need more have a file of their noun. serve.go authenticates and reads; once.go
// remembers answers by idempotency key; openapi.go and schema.go write the document from
// the same table that serves, so that they cannot differ.
//
// Promises: everything is bounded and decoded strictly (package web), no answer to a bad
// request repeats any of it, a write with an Idempotency-Key happens once, and a read of
// a feed that waits ends when the caller leaves or the server stops.
package api
