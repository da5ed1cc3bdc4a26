package api

import (
	"cmp"
	"strings"

	"lantern"
	"lantern/internal/openapi"
	"lantern/internal/web"
)

// about introduces the document to whoever reads it without anything else.
const about = `A member shares signals (clues that something broke its child-safety policy), follows the
feeds of its programs, answers with feedback, records outcomes attested by a person, and
challenges what is wrong. No answer says allow, deny or ban.

Requests are decoded strictly: unknown or repeated members, wrong types, invalid UTF-8 and
nesting above 8 levels are refused. Errors are application/problem+json and never repeat
what was sent. Clients must ignore members of answers they do not know. Ids are decimal
strings, times RFC 3339. docs/protocol/api.md tells how to write a client.`

// Document returns the OpenAPI 3.1 document of the face.
func Document() ([]byte, error) {
	a := openapi.API{Title: "Lantern exchange", About: about, Credential: "a key lk_<id>_<secret> of a person or a service", Given: givenByExchange()}
	for _, rt := range routes() {
		a.Operations = append(a.Operations, rt.operation())
	}
	return openapi.Document(a)
}

// operation describes a route.
func (r route) operation() openapi.Operation {
	h := r.handler
	op := openapi.Operation{
		Method: r.method, Path: r.path, Name: r.name, Summary: r.summary, Body: h.body, Answer: h.answer, Status: h.status, Also: h.also,
		Kinds: r.kinds(), Open: h.open, AnswerMedia: answerMedia(r), Idempotent: r.write() && h.stream == nil,
	}
	for _, p := range h.params {
		op.Params = append(op.Params, openapi.Param{Name: p.name, About: p.about, Number: p.number, Needed: p.needed})
	}
	if h.stream != nil {
		op.BodyMedia = cmp.Or(h.bodyMedia, web.NDJSONMedia)
		op.Mark, op.Texts = h.mark, h.texts
	}
	if h.answer == typeOf[plain]() {
		op.Answer = typeOf[openapi.Text]()
	}
	if h.body == typeOf[plain]() {
		op.Body = typeOf[openapi.Text]()
	}
	return op
}

// kinds lists the errors a route can answer with: what follows from its shape, and what
// the table adds.
func (r route) kinds() []lantern.Kind {
	all := kinds(lantern.Unavailable, lantern.RateLimited)
	if !strings.HasPrefix(r.path, "/v1/") {
		all = kinds(lantern.Unavailable)
	}
	all = append(all, lantern.Invalid) // unknown query parameters, at least
	if !r.handler.open {
		all = append(all, lantern.Unauthorized, lantern.Forbidden)
	}
	if strings.Contains(r.path, "{id}") {
		all = append(all, lantern.NotFound)
	}
	if r.write() {
		all = append(all, lantern.Conflict, lantern.TooLarge, lantern.Unsupported)
	}
	all = append(all, r.errors...)
	return all
}

func answerMedia(rt route) string {
	switch {
	case rt.handler.stream != nil:
		return web.NDJSONMedia
	case rt.name == "Tile":
		return bytesMedia
	case rt.name == "Document":
		return web.JSONMedia
	case rt.handler.answer == typeOf[plain]():
		return textMedia
	}
	return web.JSONMedia
}

// givenByExchange lists, by component, the members that answers have and that are
// ignored in requests.
func givenByExchange() map[string][]string {
	return map[string][]string{
		"Member":     {"id", "state", "created"},
		"Person":     {"id", "created", "trained_until"},
		"Service":    {"id", "member", "created"},
		"Key":        {"id", "created", "revoked", "secret"},
		"Program":    {"id", "created"},
		"Policy":     {"version"},
		"Membership": {"program", "joined"},
		"Feedback":   {"id", "member", "at"},
		"Outcome":    {"id", "member", "at", "counted"},
		"Challenge":  {"id", "member", "person", "state", "imminent", "opened", "deadline", "overdue", "decided"},
		"Ack":        {"correction"},
		"Webhook":    {"id", "member", "state", "created", "last_delivered", "failing_since", "last_failure", "both_secrets_until", "pending", "dead", "secret"},
	}
}
