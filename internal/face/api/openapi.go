package api

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lantern"
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
	s := newSchemas()
	paths := object{}
	for _, rt := range routes() {
		path := strings.Replace(rt.path, "...}", "}", 1)
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(rt.method)] = s.operation(rt)
	}
	s.component(typeOf[web.Problem]())
	return web.Encode(object{
		"openapi": "3.1.0",
		"info":    object{"title": "Lantern exchange", "version": "1", "description": about},
		"paths":   paths,
		"components": object{
			"schemas":         s.components,
			"securitySchemes": object{"key": object{"type": "http", "scheme": "bearer", "description": "a key lk_<id>_<secret> of a person or a service"}},
		},
		"security": []any{object{"key": []string{}}},
	})
}

func (s *schemas) operation(rt route) object {
	op := object{
		"operationId": rt.name,
		"summary":     rt.summary,
		"tags":        []string{tagOf(rt.path)},
		"responses":   s.responses(rt),
	}
	if params := s.parameters(rt); len(params) > 0 {
		op["parameters"] = params
	}
	if rt.handler.body != nil {
		name := web.JSONMedia
		if rt.handler.stream != nil {
			name = web.NDJSONMedia
		}
		op["requestBody"] = object{"required": true, "content": media(name, s.of(rt.handler.body))}
	}
	if rt.handler.open {
		op["security"] = []any{}
	}
	return op
}

// tagOf groups operations by the first word of their path.
func tagOf(path string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	if !strings.HasPrefix(path, "/v1/") {
		return "service"
	}
	return word
}

func (s *schemas) parameters(rt route) []any {
	var all []any
	for _, m := range regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`).FindAllStringSubmatch(rt.path, -1) {
		schema := s.of(typeOf[lantern.ID]())
		switch m[1] {
		case "leaf":
			schema = object{"type": "integer", "minimum": 0}
		case "path":
			schema = object{"type": "string"}
		}
		all = append(all, object{"name": m[1], "in": "path", "required": true, "schema": schema})
	}
	for _, p := range rt.handler.params {
		schema := object{"type": "string"}
		if p.number {
			schema = object{"type": "integer", "minimum": 0}
		}
		all = append(all, object{"name": p.name, "in": "query", "required": p.needed, "description": p.about, "schema": schema})
	}
	if rt.write() && rt.handler.stream == nil {
		all = append(all, object{
			"name": "Idempotency-Key", "in": "header", "description": "a random word; a repeated request with it is answered as the first, for 24 hours",
			"schema": object{"type": "string", "maxLength": web.MaxIdempotencyKey},
		})
	}
	return all
}

// responses lists the successes, and the problems by their statuses.
func (s *schemas) responses(rt route) object {
	all := object{}
	first := rt.handler.status
	if first == 0 {
		first = http.StatusOK
	}
	for _, status := range append([]int{first}, rt.handler.also...) {
		r := object{"description": http.StatusText(status)}
		if t := rt.handler.answer; t != nil {
			schema := s.of(t)
			if rt.handler.stream != nil && !rt.write() {
				schema = object{"oneOf": []any{schema, s.of(typeOf[lantern.FeedMark]())}}
			}
			content := media(answerMedia(rt), schema)
			if rt.name == "Follow" {
				content[sseMedia] = object{"schema": object{"type": "string"}}
			}
			r["content"] = content
		}
		all[strconv.Itoa(status)] = r
	}
	reasons := map[int][]string{}
	for _, k := range rt.kinds() {
		reasons[web.Status(k)] = append(reasons[web.Status(k)], string(k))
	}
	reasons[http.StatusInternalServerError] = []string{"internal error"}
	for status, words := range reasons {
		all[strconv.Itoa(status)] = object{
			"description": strings.Join(words, ", "),
			"content":     media(web.ProblemMedia, object{"$ref": "#/components/schemas/Problem"}),
		}
	}
	return all
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
	slices.Sort(all)
	return slices.Compact(all)
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

func media(name string, schema object) object {
	name, _, _ = strings.Cut(name, ";")
	return object{name: object{"schema": schema}}
}
