// Package openapi makes an OpenAPI 3.1 document of a face's table of operations: what each
// takes, gives and refuses. Schemas come from the Go types of the bodies, so the document
// cannot say anything else than what is decoded; closed sets of words are listed in full.
// Package openapitest holds real answers to it.
package openapi

import (
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/web"
)

// API is one face as its document describes it.
type API struct {
	Title, About string
	Credential   string // what a bearer sends
	Operations   []Operation
	Given        map[string][]string // by schema, the members that answers have and that are ignored in requests
}

// Operation is one call.
type Operation struct {
	Method, Path  string // the path as the standard mux takes it
	Name, Summary string
	Body          reflect.Type // of the request, or of each of its lines; nil: none
	Answer        reflect.Type // of the success, or of each of its lines; nil: no content
	Mark          reflect.Type // what else a line of the answer may be; nil: nothing
	Params        []Param
	Status        int            // of the success; 0: 200
	Also          []int          // other successes
	Kinds         []lantern.Kind // the refusals it can answer with
	Open          bool           // needs no credential
	BodyMedia     string         // "": JSON
	AnswerMedia   string         // "": JSON
	BodyLines     reflect.Type   // of each line, if the body may be lines too; nil: it may not
	AnswerLines   reflect.Type   // of each line of the answer to them
	Texts         []string       // media types in which the answer comes as text too
	Idempotent    bool           // takes an Idempotency-Key
}

// Param is a query parameter.
type Param struct {
	Name, About string
	Number      bool // a whole number, 0 or more
	Needed      bool
}

// Text is the type of a body or answer that is text or bytes.
type Text struct{}

// Document returns the document.
func Document(a API) ([]byte, error) {
	s := &schemas{components: object{}, closed: closedSets(), given: a.Given}
	paths := object{}
	for _, op := range a.Operations {
		path := strings.Replace(op.Path, "...}", "}", 1)
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(op.Method)] = s.operation(op)
	}
	s.component(reflect.TypeFor[web.Problem]())
	return web.Encode(object{
		"openapi": "3.1.0",
		"info":    object{"title": a.Title, "version": "1", "description": a.About},
		"paths":   paths,
		"components": object{
			"schemas":         s.components,
			"securitySchemes": object{"key": object{"type": "http", "scheme": "bearer", "description": a.Credential}},
		},
		"security": []any{object{"key": []string{}}},
	})
}

func (s *schemas) operation(o Operation) object {
	op := object{
		"operationId": o.Name,
		"summary":     o.Summary,
		"tags":        []string{tagOf(o.Path)},
		"responses":   s.responses(o),
	}
	if params := s.parameters(o); len(params) > 0 {
		op["parameters"] = params
	}
	if o.Body != nil {
		content := media(orJSON(o.BodyMedia), s.of(o.Body))
		if o.BodyLines != nil {
			maps.Copy(content, media(web.NDJSONMedia, s.of(o.BodyLines)))
		}
		op["requestBody"] = object{"required": true, "content": content}
	}
	if o.Open {
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

func (s *schemas) parameters(o Operation) []any {
	var all []any
	for _, m := range regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`).FindAllStringSubmatch(o.Path, -1) {
		schema := s.of(reflect.TypeFor[lantern.ID]())
		switch m[1] {
		case "leaf":
			schema = object{"type": "integer", "minimum": 0}
		case "path", "name":
			schema = object{"type": "string"}
		}
		all = append(all, object{"name": m[1], "in": "path", "required": true, "schema": schema})
	}
	for _, p := range o.Params {
		schema := object{"type": "string"}
		if p.Number {
			schema = object{"type": "integer", "minimum": 0}
		}
		all = append(all, object{"name": p.Name, "in": "query", "required": p.Needed, "description": p.About, "schema": schema})
	}
	if o.Idempotent {
		all = append(all, object{
			"name": "Idempotency-Key", "in": "header", "description": "a random word; a repeated request with it is answered as the first, for 24 hours",
			"schema": object{"type": "string", "maxLength": web.MaxIdempotencyKey},
		})
	}
	return all
}

// responses lists the successes, and the problems by their statuses.
func (s *schemas) responses(o Operation) object {
	all := object{}
	first := o.Status
	if first == 0 {
		first = http.StatusOK
	}
	for _, status := range append([]int{first}, o.Also...) {
		r := object{"description": http.StatusText(status)}
		if o.Answer != nil {
			schema := s.of(o.Answer)
			if o.Mark != nil {
				schema = object{"oneOf": []any{schema, s.of(o.Mark)}}
			}
			content := media(orJSON(o.AnswerMedia), schema)
			if o.AnswerLines != nil {
				maps.Copy(content, media(web.NDJSONMedia, s.of(o.AnswerLines)))
			}
			for _, name := range o.Texts {
				schema := object{"type": "string"}
				if strings.HasSuffix(name, "json") {
					schema = object{} // of somebody else's
				}
				maps.Copy(content, media(name, schema))
			}
			r["content"] = content
		}
		all[strconv.Itoa(status)] = r
	}
	reasons := map[int][]string{}
	kinds := slices.Clone(o.Kinds)
	slices.Sort(kinds)
	for _, k := range slices.Compact(kinds) {
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

func orJSON(name string) string {
	if name == "" {
		return web.JSONMedia
	}
	return name
}

func media(name string, schema object) object {
	name, _, _ = strings.Cut(name, ";")
	return object{name: object{"schema": schema}}
}
