package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern/internal/face/api"
)

// spec reads the document as an outsider would, and holds answers to it.
type spec struct {
	doc        map[string]any
	operations []operation
}

type operation struct {
	id, method, path string
	params           map[string]bool
	body             map[string]any            // schema of the request; nil: none
	answers          map[string]map[string]any // by status: the content by media type
}

func loadSpec(t *testing.T) *spec {
	t.Helper()
	b, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	s := &spec{}
	if err := json.Unmarshal(b, &s.doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range s.doc["paths"].(map[string]any) {
		for method, raw := range item.(map[string]any) {
			o := raw.(map[string]any)
			op := operation{id: o["operationId"].(string), method: strings.ToUpper(method), path: path, params: map[string]bool{}, answers: map[string]map[string]any{}}
			params, _ := o["parameters"].([]any)
			for _, p := range params {
				op.params[p.(map[string]any)["name"].(string)] = true
			}
			if body, ok := o["requestBody"].(map[string]any); ok {
				for _, content := range body["content"].(map[string]any) {
					op.body = content.(map[string]any)["schema"].(map[string]any)
				}
			}
			for status, r := range o["responses"].(map[string]any) {
				content, _ := r.(map[string]any)["content"].(map[string]any)
				op.answers[status] = content
			}
			s.operations = append(s.operations, op)
		}
	}
	return s
}

// find returns the operation that a request belongs to.
func (s *spec) find(method, path string) (operation, bool) {
	var found operation
	for _, op := range s.operations {
		// Of several, the one with the fewest parameters: /v1/signals/batch is no id.
		if op.method == method && pathMatches(op.path, path) && (found.id == "" || strings.Count(op.path, "{") < strings.Count(found.path, "{")) {
			found = op
		}
	}
	return found, found.id != ""
}

func pathMatches(pattern, path string) bool {
	if before, ok := strings.CutSuffix(pattern, "{path}"); ok {
		return strings.HasPrefix(path, before)
	}
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// resolve follows a reference; it returns nil if it leads nowhere.
func (s *spec) resolve(schema map[string]any) map[string]any {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return schema
	}
	components := s.doc["components"].(map[string]any)["schemas"].(map[string]any)
	found, _ := components[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	return found
}

// check holds a value to a schema. Answers may not have members the schema lacks: the
// document is complete.
func (s *spec) check(at string, schema map[string]any, v any) error {
	schema = s.resolve(schema)
	want, _ := schema["type"].(string)
	wrong := fmt.Errorf("%s: a %T is no %s", at, v, want)
	switch v := v.(type) {
	case map[string]any:
		if want == "" {
			return nil
		}
		if want != "object" {
			return wrong
		}
		return s.checkObject(at, schema, v)
	case []any:
		if want != "array" {
			return wrong
		}
		for i, e := range v {
			if err := s.check(fmt.Sprintf("%s/%d", at, i), schema["items"].(map[string]any), e); err != nil {
				return err
			}
		}
	case string:
		if want != "string" && want != "" {
			return wrong
		}
		if set, ok := schema["enum"].([]any); ok && !slices.Contains(set, any(v)) {
			return fmt.Errorf("%s: %q is not in the closed set", at, v)
		}
		if schema["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
				return fmt.Errorf("%s: not a time", at)
			}
		}
	case bool:
		if want != "boolean" {
			return wrong
		}
	case float64:
		if want != "integer" || v != float64(int64(v)) {
			return wrong
		}
	case nil:
		return fmt.Errorf("%s: null", at)
	}
	return nil
}

func (s *spec) checkObject(at string, schema, v map[string]any) error {
	if each, ok := schema["additionalProperties"].(map[string]any); ok {
		for _, e := range v {
			if err := s.check(at+"/*", each, e); err != nil {
				return err
			}
		}
		return nil
	}
	properties := schema["properties"].(map[string]any)
	for name, e := range v {
		p, ok := properties[name].(map[string]any)
		if !ok {
			return fmt.Errorf("%s: the member %q is not in the document", at, name)
		}
		if err := s.check(at+"/"+name, p, e); err != nil {
			return err
		}
	}
	for _, name := range schema["required"].([]any) {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s: the member %q is missing", at, name)
		}
	}
	return nil
}
